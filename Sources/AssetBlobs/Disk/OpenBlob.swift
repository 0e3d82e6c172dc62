import AssetCore
import Foundation
import NIOCore

/// A blob that is open for reading. Removing the file does not disturb it. All functions block.
struct OpenBlob: Sendable {
    let size: Int64
    private let descriptor: Int32
    private let path: String

    @available(*, noasync)
    init(_ path: String) throws(AssetError) {
        descriptor = try SystemCalls.open(path, O_RDONLY)
        self.path = path
        var status = stat()
        if fstat(descriptor, &status) != 0 {
            let code = errno
            _ = Foundation.close(descriptor)
            throw SystemCalls.failure("fstat", path, code: code)
        }
        size = Int64(status.st_size)
    }

    /// Opens for reading `range` piece by piece; a file that is too short for it is an error now, not in the middle.
    @available(*, noasync)
    init(_ path: String, holding range: Range<Int64>) throws(AssetError) {
        try self.init(path)
        guard range.upperBound <= size else {
            close()
            throw tooShort(for: range)
        }
        SystemCalls.expectSequentialReading(descriptor)
    }

    @available(*, noasync)
    static func reading(_ path: String, _ body: (OpenBlob) throws -> ByteBuffer) throws -> ByteBuffer {
        let blob = try OpenBlob(path)
        defer { blob.close() }
        return try body(blob)
    }

    /// All bytes of `range`; a file that is too short for it is an error.
    @available(*, noasync)
    func read(_ range: Range<Int64>) throws(AssetError) -> ByteBuffer {
        guard range.lowerBound >= 0, range.upperBound <= size else { throw tooShort(for: range) }
        var buffer = ByteBufferAllocator().buffer(capacity: range.count)
        var result: Result<Int, AssetError> = .success(0)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: range.count) { bytes in
            let bytes = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(range.count))
            result = Result { () throws(AssetError) in
                try SystemCalls.read(into: bytes, at: range.lowerBound, of: descriptor, path)
            }
            return (try? result.get()) ?? 0
        }
        guard try result.get() == range.count else { throw tooShort(for: range) }
        return buffer
    }

    /// The last reference to a large file that has been removed: the file system may take long for this.
    @available(*, noasync)
    func close() { _ = Foundation.close(descriptor) }

    private func tooShort(for range: Range<Int64>) -> AssetError {
        AssetError(.internalError, AssetError.internalMessage, detail: "\(path) has no bytes \(range)")
    }
}
