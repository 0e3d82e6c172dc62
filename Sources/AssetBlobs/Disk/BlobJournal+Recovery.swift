import AssetCore
import Foundation
import NIOCore

/// What happens when a store is opened: what a program that ended has left in the journal is brought to its place.
extension BlobJournal {
    /// Does nothing when there is no journal, or a program that uses it.
    @available(*, noasync)
    static func recover(_ layout: DiskLayout) throws(AssetError) {
        guard access(layout.journal, F_OK) == 0 else { return }
        try settling(layout) { lock throws(AssetError) in
            if let lock { _ = close(lock) }
        }
    }

    /// Empties the journal, unless a program uses it, and hands its lock to `body`; nil when a program does. Waits for others who do the same.
    @available(*, noasync)
    static func settling<Value>(
        _ layout: DiskLayout, _ body: (CInt?) throws(AssetError) -> Value
    ) throws(AssetError) -> Value {
        try layout.makeFolder(layout.journal)
        let path = layout.journal + "/recovery"
        let gate = try SystemCalls.open(path, O_RDWR | O_CREAT, mode: 0o600)
        defer { _ = close(gate) }
        try SystemCalls.check("flock", path) { flock(gate, LOCK_EX) }

        let lock = try SystemCalls.open(layout.journal + "/lock", O_RDWR | O_CREAT, mode: 0o600)
        if flock(lock, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            _ = close(lock)
            guard code == EWOULDBLOCK else { throw SystemCalls.failure("flock", layout.journal, code: code) }
            return try body(nil)
        }
        do throws(AssetError) {
            for number in 0..<2 { try settle(layout.journalPath(number), layout) }
        } catch {
            _ = close(lock)
            throw error
        }
        return try body(lock)
    }

    /// What counts is what is on the disk. Of a file whose pages could not be written the kernel goes on showing them as they should be,
    /// and says so to whoever synchronises it.
    private static func settle(_ path: String, _ layout: DiskLayout) throws(AssetError) {
        guard try SystemCalls.size(path) != nil else { return }
        let descriptor = try SystemCalls.open(path, O_RDWR)
        defer { _ = close(descriptor) }
        guard let epoch = try epoch(of: descriptor, path) else { return }
        var folders: Set<String> = []
        try forEachRecord(of: epoch, descriptor, path) { location, bytes throws(AssetError) in
            folders.insert(layout.shardPath(of: location))
            let destination = try layout.path(of: location)
            if (try? isOnDisk(bytes, destination)) != true { try bring(bytes, to: destination, layout) }
        }
        for folder in folders { try SystemCalls.synchronizeFolder(folder) }
        try empty(descriptor, path)
    }

    static func empty(_ descriptor: CInt, _ path: String) throws(AssetError) {
        try write(ByteBuffer(repeating: 0, count: headerLength), to: descriptor, at: 0, path)
    }

    private static func isOnDisk(_ bytes: ByteBuffer, _ path: String) throws(AssetError) -> Bool {
        guard try SystemCalls.size(path) == Int64(bytes.readableBytes) else { return false }
        let descriptor = try SystemCalls.open(path, O_RDWR)
        defer { _ = close(descriptor) }
        guard try read(bytes.readableBytes, at: 0, of: descriptor, path) == bytes else { return false }
        try SystemCalls.synchronize(descriptor, path)
        return true
    }

    /// As a new file, whatever is there.
    private static func bring(_ bytes: ByteBuffer, to destination: String, _ layout: DiskLayout) throws(AssetError) {
        let draft = layout.newTemporaryPath()
        let descriptor = try SystemCalls.open(draft, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        defer { _ = close(descriptor) }
        do throws(AssetError) {
            // Root may have opened the store, for a server that is not.
            var owner = stat()
            if geteuid() == 0, stat(layout.blobs, &owner) == 0 { _ = fchown(descriptor, owner.st_uid, owner.st_gid) }
            try write(bytes, to: descriptor, at: 0, draft)
            _ = try SystemCalls.rename(draft, destination)
        } catch {
            _ = unlink(draft)
            throw error
        }
    }

    // MARK: Reading

    /// nil when nothing is in the file.
    private static func epoch(of descriptor: CInt, _ path: String) throws(AssetError) -> [UInt8]? {
        var header = try readJournal(headerLength, at: 0, of: descriptor, path)
        return header.readBytes(length: magic.count) == magic ? header.readBytes(length: 8) : nil
    }

    /// The complete records.
    private static func forEachRecord(
        of epoch: [UInt8], _ descriptor: CInt, _ path: String, _ body: (String, ByteBuffer) throws(AssetError) -> Void
    ) throws(AssetError) {
        var offset = headerLength
        while true {
            if let (location, bytes) = try record(of: epoch, at: offset, descriptor, path) {
                try body(location, bytes)
                offset += recordHeaderLength + bytes.readableBytes
            } else if offset == aligned(offset) {
                return
            } else {
                offset = aligned(offset)
            }
        }
    }

    private static func record(
        of epoch: [UInt8], at offset: Int, _ descriptor: CInt, _ path: String
    ) throws(AssetError) -> (location: String, bytes: ByteBuffer)? {
        var head = try readJournal(recordHeaderLength, at: offset, of: descriptor, path)
        guard head.readBytes(length: 8) == epoch, let length = head.readInteger(as: Int64.self),
            (0...Int64(maximumBlob)).contains(length), let location = head.readString(length: 84),
            DiskLayout.isLocation(location)
        else { return nil }
        let bytes = try readJournal(Int(length), at: offset + recordHeaderLength, of: descriptor, path)
        guard bytes.readableBytes == Int(length),
            DiskLayout.hash(of: location) == Secrets.hex(Secrets.hash(bytes))
        else { return nil }
        return (location, bytes)
    }

    private static func readJournal(
        _ count: Int, at offset: Int, of descriptor: CInt, _ path: String
    ) throws(AssetError) -> ByteBuffer {
        do throws(AssetError) {
            return try read(count, at: offset, of: descriptor, path)
        } catch {
            throw AssetError(
                .unavailable,
                "The journal \(path) cannot be read: files that were stored last may be missing without it. Put it aside to go on",
                detail: error.detail ?? error.message)
        }
    }

    /// Fewer bytes when the file ends before.
    private static func read(
        _ count: Int, at offset: Int, of descriptor: CInt, _ path: String
    ) throws(AssetError) -> ByteBuffer {
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
}
