import AssetCore
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Makes small blobs durable together, so that not each of them costs two syncs of the disk.
///
/// A blob is written to its place without waiting for the disk, and once more to a file that all share, which is synchronised once for
/// all that came meanwhile (group commit). When the machine stops, what had not reached its place is brought there from that file by the
/// next program that opens the store.
///
/// **What it writes.** `journal/0` and `journal/1`, of at most `segmentSize` each, one of which is written to. When it is full, the other
/// is taken, and the file system is asked to synchronise all that it has (`syncfs`); until that is done, what does not fit is made durable
/// blob by blob. A file keeps its length and is written over: then a sync has no change of the file's own to write.
///
/// **Format.** A file begins with `magic` and an epoch, 8 random bytes; then follow records, each with the same epoch, the length of the
/// bytes (8 bytes, big-endian), the location (84 bytes) and the bytes. What follows the last record is of an earlier epoch, or was not
/// complete: then its bytes do not have the hash that stands in its location.
///
/// **Who uses it.** One program at a time: the lock on `journal/lock` is held by the server that has it, and for as long as it takes by
/// whoever finds that no server does and looks whether there is something to bring to its place.
final class BlobJournal: Sendable {
    /// Waits for its turn.
    private struct Item {
        let location: String
        let bytes: ByteBuffer
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var waiting: [Item] = []
        var isRunning = false
    }

    /// Used by whoever runs only.
    private struct Segments {
        var current = 0
        /// Where the next record goes; 0 when nothing has been written in this epoch.
        var offset = 0
        var epoch: [UInt8] = []
    }

    /// Larger ones take longer to be written twice than to be synchronised alone.
    static let maximumBlob = 64 << 10
    private static let magic = Array("STKJRNL1".utf8)
    private static let headerLength = 16
    private static let recordHeaderLength = 8 + 8 + 84
    /// So many bytes, and those of one blob more, are written in one piece.
    private static let groupSize = 2 << 20

    private let layout: DiskLayout
    private let pool: NIOThreadPool
    private let segmentSize: Int
    private let descriptors: [CInt]
    /// Of the folder with the blobs: errors of the file system since it was opened are told to `syncfs`.
    private let folder: CInt
    private let lock: CInt
    private let state = Mutex(State())
    private let segments = Mutex(Segments())
    /// How many segments hold what may not have reached its place, beside the current one: 0, 1; 2 when that will stay so, because the disk
    /// has failed.
    private let unsettled = Atomic(0)

    /// Takes what is in the journal of a program that ended, and the journal.
    /// - Returns: nil when another program has it, or the system has no `syncfs`.
    @available(*, noasync)
    init?(_ layout: DiskLayout, pool: NIOThreadPool, segmentSize: Int) throws(AssetError) {
        guard SystemCalls.canSynchronizeFileSystem, let lock = try Self.takeLock(layout) else { return nil }
        try Self.settle(layout)
        folder = try SystemCalls.open(layout.blobs, O_RDONLY | O_DIRECTORY)
        var descriptors: [CInt] = []
        for number in 0..<2 {
            descriptors.append(try SystemCalls.open(layout.journalPath(number), O_RDWR | O_CREAT, mode: 0o600))
        }
        self.descriptors = descriptors
        self.layout = layout
        self.pool = pool
        self.segmentSize = segmentSize
        self.lock = lock
        try SystemCalls.synchronizeFolder(layout.journal)
        try SystemCalls.synchronizeFolder(layout.directory)
    }

    deinit {
        for descriptor in descriptors + [folder, lock] { _ = close(descriptor) }
    }

    /// Brings to their places what a program that ended has left. Does nothing when there is no journal, or a program that uses it.
    @available(*, noasync)
    static func recover(_ layout: DiskLayout) throws(AssetError) {
        guard access(layout.journal, F_OK) == 0, let lock = try takeLock(layout) else { return }
        defer { _ = close(lock) }
        try settle(layout)
    }

    private static func takeLock(_ layout: DiskLayout) throws(AssetError) -> CInt? {
        try layout.makeFolder(layout.journal)
        let descriptor = try SystemCalls.open(layout.journal + "/lock", O_RDWR | O_CREAT, mode: 0o600)
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        _ = close(descriptor)
        return nil
    }

    // MARK: Writing

    /// Stores a blob at a new location; when this returns, it is durable. When it throws, there is nothing at the location.
    func put(_ bytes: ByteBuffer, at location: String) async throws {
        try await withCheckedThrowingContinuation { continuation in
            let item = Item(location: location, bytes: bytes, continuation: continuation)
            let starts = state.withLock { state in
                state.waiting.append(item)
                if state.isRunning { return false }
                state.isRunning = true
                return true
            }
            if starts { start() }
        }
    }

    private func start() {
        pool.submit { [self] poolState in
            guard case .active = poolState else {
                let items = state.withLock { state in
                    state.isRunning = false
                    defer { state.waiting = [] }
                    return state.waiting
                }
                for item in items {
                    item.continuation.resume(throwing: AssetError(.unavailable, "The server is stopping"))
                }
                return
            }
            while case let group = next(), !group.isEmpty { store(group) }
        }
    }

    private func next() -> [Item] {
        state.withLock { state in
            var size = 0
            let group = Array(
                state.waiting.prefix { item in
                    defer { size += item.bytes.readableBytes }
                    return size < Self.groupSize
                })
            state.waiting.removeFirst(group.count)
            if group.isEmpty { state.isRunning = false }
            return group
        }
    }

    private func store(_ group: [Item]) {
        var written: [Item] = []
        for item in group {
            do throws(AssetError) {
                try Self.place(item.bytes, at: try layout.path(of: item.location))
                written.append(item)
            } catch {
                item.continuation.resume(throwing: error)
            }
        }
        if (try? append(written)) == true {
            for item in written { item.continuation.resume() }
            return
        }
        for item in written {
            do throws(AssetError) {
                let path = try layout.path(of: item.location)
                try Self.synchronize(path, in: layout.shardPath(of: item.location))
                item.continuation.resume()
            } catch {
                _ = try? SystemCalls.unlink(layout.path(of: item.location))
                item.continuation.resume(throwing: error)
            }
        }
    }

    private static func place(_ bytes: ByteBuffer, at path: String) throws(AssetError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        do throws(AssetError) {
            let result = bytes.withUnsafeReadableBytes { bytes in
                Result { () throws(AssetError) in try SystemCalls.write(bytes, to: descriptor, path) }
            }
            try result.get()
        } catch {
            _ = close(descriptor)
            _ = unlink(path)
            throw error
        }
        try SystemCalls.close(descriptor, path)
    }

    private static func synchronize(_ path: String, in folder: String) throws(AssetError) {
        let descriptor = try SystemCalls.open(path, O_WRONLY)
        defer { _ = close(descriptor) }
        try SystemCalls.synchronize(descriptor, path)
        try SystemCalls.synchronizeFolder(folder)
    }

    /// Writes the records and waits for the disk. Answers false when there is no room.
    private func append(_ items: [Item]) throws(AssetError) -> Bool {
        if items.isEmpty { return true }
        return try segments.withLock { segments throws(AssetError) in
            let length = items.reduce(Self.headerLength) { $0 + Self.recordHeaderLength + $1.bytes.readableBytes }
            if segments.offset + length > segmentSize {
                guard length <= segmentSize,
                    unsettled.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged
                else { return false }
                segments.current = 1 - segments.current
                segments.offset = 0
                settleOther()
            }
            var buffer = ByteBuffer()
            buffer.reserveCapacity(length)
            if segments.offset == 0 {
                segments.epoch = Secrets.randomBytes(8)
                buffer.writeBytes(Self.magic)
                buffer.writeBytes(segments.epoch)
            }
            for item in items {
                buffer.writeBytes(segments.epoch)
                buffer.writeInteger(Int64(item.bytes.readableBytes))
                buffer.writeString(item.location)
                buffer.writeImmutableBuffer(item.bytes)
            }
            let descriptor = descriptors[segments.current]
            let path = layout.journalPath(segments.current)
            let result = buffer.withUnsafeReadableBytes { bytes in
                Result { () throws(AssetError) in
                    try SystemCalls.write(bytes, to: descriptor, at: segments.offset, path)
                }
            }
            try result.get()
            try SystemCalls.synchronize(descriptor, path)
            segments.offset += buffer.readableBytes
            return true
        }
    }

    /// Waits, on another thread, until all that the other segment holds has reached its place: then that can be written over.
    private func settleOther() {
        pool.submit { [self] poolState in
            guard case .active = poolState else { return }
            do throws(AssetError) {
                try SystemCalls.synchronizeFileSystem(of: folder, layout.blobs)
                unsettled.store(0, ordering: .relaxed)
            } catch {
                // Nobody can know what has reached the disk: the segment stays as it is, for the next start.
                unsettled.store(2, ordering: .relaxed)
            }
        }
    }

    // MARK: After a crash

    /// Brings everything to its place that is in the journal, makes that durable, and empties the journal.
    private static func settle(_ layout: DiskLayout) throws(AssetError) {
        for number in 0..<2 {
            let path = layout.journalPath(number)
            guard try SystemCalls.size(path) != nil else { continue }
            let descriptor = try SystemCalls.open(path, O_RDWR)
            defer { _ = close(descriptor) }
            guard let epoch = try epoch(of: descriptor, path) else { continue }
            try forEachRecord(of: epoch, descriptor, path) { location, bytes throws(AssetError) in
                if try isInPlace(bytes, location, layout) { return }
                let destination = try layout.path(of: location)
                try SystemCalls.unlink(destination)
                try place(bytes, at: destination)
            }
            let folder = try SystemCalls.open(layout.blobs, O_RDONLY | O_DIRECTORY)
            defer { _ = close(folder) }
            // Also of what was in its place already: the crash may have been the program's alone.
            try SystemCalls.synchronizeFileSystem(of: folder, layout.blobs)
            let nothing = [UInt8](repeating: 0, count: headerLength)
            let result = nothing.withUnsafeBytes { bytes in
                Result { () throws(AssetError) in try SystemCalls.write(bytes, to: descriptor, at: 0, path) }
            }
            try result.get()
            try SystemCalls.synchronize(descriptor, path)
        }
    }

    private static func isInPlace(_ bytes: ByteBuffer, _ location: String, _ layout: DiskLayout) throws(AssetError)
        -> Bool
    {
        let path = try layout.path(of: location)
        guard try SystemCalls.size(path) == Int64(bytes.readableBytes) else { return false }
        let descriptor = try SystemCalls.open(path, O_RDONLY)
        defer { _ = close(descriptor) }
        return try read(bytes.readableBytes, at: 0, of: descriptor, path) == bytes
    }

    private static func read(_ count: Int, at offset: Int, of descriptor: CInt, _ path: String) throws(AssetError)
        -> ByteBuffer
    {
        var buffer = ByteBufferAllocator().buffer(capacity: max(count, 1))
        var failure: AssetError?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            do throws(AssetError) {
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(count))
                return try SystemCalls.read(into: room, at: Int64(offset), of: descriptor, path)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return buffer
    }

    /// nil when nothing is in the file.
    private static func epoch(of descriptor: CInt, _ path: String) throws(AssetError) -> [UInt8]? {
        var header = try read(headerLength, at: 0, of: descriptor, path)
        return header.readBytes(length: magic.count) == magic ? header.readBytes(length: 8) : nil
    }

    /// The complete records.
    private static func forEachRecord(
        of epoch: [UInt8], _ descriptor: CInt, _ path: String, _ body: (String, ByteBuffer) throws(AssetError) -> Void
    ) throws(AssetError) {
        var offset = headerLength
        while true {
            var head = try read(recordHeaderLength, at: offset, of: descriptor, path)
            guard head.readBytes(length: 8) == epoch, let length = head.readInteger(as: Int64.self),
                (0...Int64(maximumBlob)).contains(length), let location = head.readString(length: 84),
                DiskLayout.isLocation(location)
            else { return }
            offset += recordHeaderLength
            let bytes = try read(Int(length), at: offset, of: descriptor, path)
            guard bytes.readableBytes == Int(length), DiskLayout.hash(of: location) == Secrets.hex(Secrets.hash(bytes))
            else { return }
            try body(location, bytes)
            offset += Int(length)
        }
    }
}
