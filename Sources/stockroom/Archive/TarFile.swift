import AssetCore
import Foundation
import NIOCore

/// Writes a tar file from its beginning to its end: to a file, or to standard output.
final class TarWriter {
    private let file: FileHandle

    init(_ file: FileHandle) { self.file = file }

    func begin(_ entry: TarEntry) throws { try file.write(contentsOf: Data(TarFormat.header(entry))) }

    func write(_ buffer: ByteBuffer) throws { try file.write(contentsOf: Data(buffer.readableBytesView)) }

    func end(_ entry: TarEntry) throws {
        try file.write(contentsOf: Data(count: TarFormat.padding(entry.size)))
    }

    func add(_ name: String, _ bytes: Data) throws {
        let entry = TarEntry(name: name, size: Int64(bytes.count))
        try begin(entry)
        try file.write(contentsOf: bytes)
        try end(entry)
    }

    /// Two blocks of zeros.
    func finish() throws { try file.write(contentsOf: Data(count: 2 * TarFormat.block)) }
}

/// Reads a tar file from its beginning to its end: from a file, or from standard input. Each body must be read, or skipped, before
/// the next entry is asked for.
final class TarReader {
    private let file: FileHandle
    private var left: Int64 = 0
    private var padding = 0
    /// The largest extended header that is read.
    private static let maximumExtended: Int64 = 1 << 20

    init(_ file: FileHandle) { self.file = file }

    /// nil at the end.
    func next() throws -> TarEntry? {
        try skip()
        var records: [String: String] = [:]
        while true {
            guard let block = try exactly(TarFormat.block), let (found, type) = try TarFormat.parse(block) else {
                return nil
            }
            var entry = found
            left = entry.size
            padding = TarFormat.padding(entry.size)
            if type == TarFormat.extended {
                guard entry.size <= Self.maximumExtended else {
                    throw CommandFailure(description: "An extended header is too large")
                }
                records = TarFormat.records(try body())
                try skip()
                continue
            }
            if let path = records["path"] { entry.name = path }
            if let path = records["linkpath"] { entry.linkName = path }
            if let size = records["size"].flatMap({ Int64($0) }) {
                entry.size = size
                left = size
                padding = TarFormat.padding(size)
            }
            records = [:]
            guard TarEntry.Kind(rawValue: type) != nil else {
                try skip()
                continue
            }
            if entry.kind != .file {
                left = 0
                padding = 0
            }
            return entry
        }
    }

    /// The next piece of the body, at most 1 MiB; nil at its end.
    /// - Throws: `CommandFailure` when the file ends before.
    func piece() throws -> ByteBuffer? {
        if left == 0 { return nil }
        guard let data = try file.read(upToCount: Int(min(left, 1 << 20))), !data.isEmpty else {
            throw CommandFailure(description: "The tar file ends too early")
        }
        left -= Int64(data.count)
        return ByteBuffer(bytes: data)
    }

    /// All of a small body.
    func body() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try piece() { bytes += piece.readableBytesView }
        return bytes
    }

    private func skip() throws {
        while try piece() != nil {}
        if padding > 0 { _ = try exactly(padding) }
        padding = 0
    }

    private func exactly(_ count: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let data = try file.read(upToCount: count - bytes.count), !data.isEmpty else { return nil }
            bytes += data
        }
        return bytes
    }
}

/// The body of an entry, for the blob store.
// The reader is handed to one iterator, which one task uses, one piece after the other: nothing is shared.
struct TarBody: AsyncSequence, @unchecked Sendable {
    let reader: TarReader

    struct AsyncIterator: AsyncIteratorProtocol {
        let reader: TarReader
        func next() async throws -> ByteBuffer? { try reader.piece() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }
}
