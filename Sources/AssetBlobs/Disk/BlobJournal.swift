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
/// is taken, and the file system is asked to synchronise all that it has (`syncfs`); then the full one counts as empty. Until that is
/// done, what does not fit is made durable blob by blob. A file keeps its length and is written over: then a sync has no change of the
/// file's own to write. The bytes of a blob stay in it until then, also when the blob is removed.
///
/// **Format.** A file begins with `magic` and an epoch, 8 random bytes; then follow records, each with the same epoch, the length of the
/// bytes (8 bytes, big-endian), the location (84 bytes) and the bytes. Records that were written together end with zeros up to a
/// multiple of `alignment`, so that nothing is written over that was acknowledged. What follows the last record is of an earlier epoch,
/// or was not complete: then its bytes do not have the hash that stands in its location.
///
/// **Who uses it.** One program at a time, which holds the lock on `journal/lock`. Whoever opens the store holds the one on
/// `journal/recovery` while it looks whether there is something to bring to its place.
///
/// **What it needs.** A file system whose `syncfs` does what it says, and tells of what could not be written.
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
    static let magic = Array("STKJRNL1".utf8)
    static let headerLength = 16
    static let recordHeaderLength = 8 + 8 + 84
    static let alignment = 4096
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

    /// Takes the journal, after what a program that ended has left in it has been brought to its place.
    /// - Returns: nil when the file system is none of those that a journal is good for.
    /// - Throws: `unavailable` when another program has it.
    @available(*, noasync)
    init?(_ layout: DiskLayout, pool: NIOThreadPool, segmentSize: Int) throws(AssetError) {
        guard SystemCalls.canSynchronizeFileSystem(of: layout.blobs) else {
            try Self.recover(layout)
            return nil
        }
        lock = try Self.settling(layout) { lock throws(AssetError) in
            guard let lock else {
                throw AssetError(.unavailable, "Another server stores its files in \(layout.directory)")
            }
            return lock
        }
        folder = try SystemCalls.openFolder(layout.blobs)
        var descriptors: [CInt] = []
        for number in 0..<2 {
            descriptors.append(try SystemCalls.open(layout.journalPath(number), O_RDWR | O_CREAT, mode: 0o600))
        }
        self.descriptors = descriptors
        self.layout = layout
        self.pool = pool
        self.segmentSize = segmentSize
        try SystemCalls.synchronizeFolder(layout.journal)
        try SystemCalls.synchronizeFolder(layout.directory)
    }

    deinit {
        for descriptor in descriptors + [folder, lock] { _ = close(descriptor) }
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
            let length = Self.aligned(
                items.reduce(segments.offset == 0 ? Self.headerLength : 0) {
                    $0 + Self.recordHeaderLength + $1.bytes.readableBytes
                })
            if segments.offset + length > segmentSize {
                // With a header, it may be longer there.
                guard length + Self.alignment <= segmentSize,
                    unsettled.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged
                else { return false }
                settle(segments.current)
                segments.current = 1 - segments.current
                segments.offset = 0
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
            buffer.writeRepeatingByte(0, count: Self.aligned(buffer.readableBytes) - buffer.readableBytes)
            let descriptor = descriptors[segments.current]
            let path = layout.journalPath(segments.current)
            try Self.write(buffer, to: descriptor, at: segments.offset, path)
            segments.offset += buffer.readableBytes
            return true
        }
    }

    static func aligned(_ length: Int) -> Int { (length + alignment - 1) / alignment * alignment }

    /// Waits for the disk.
    static func write(_ buffer: ByteBuffer, to descriptor: CInt, at offset: Int, _ path: String) throws(AssetError) {
        let result = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(AssetError) in try SystemCalls.write(bytes, to: descriptor, at: offset, path) }
        }
        try result.get()
        try SystemCalls.synchronize(descriptor, path)
    }

    /// Waits, on another thread, until all that a full segment holds has reached its place: then it can be written over.
    private func settle(_ number: Int) {
        pool.submit { [self] poolState in
            guard case .active = poolState else { return }
            do throws(AssetError) {
                try SystemCalls.synchronizeFileSystem(of: folder, layout.blobs)
                try Self.empty(descriptors[number], layout.journalPath(number))
                unsettled.store(0, ordering: .relaxed)
            } catch {
                // Nobody can know what has reached the disk: the segment stays as it is, for the next start.
                unsettled.store(2, ordering: .relaxed)
            }
        }
    }
}
