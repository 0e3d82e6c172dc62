package import AssetCore
package import NIOCore
package import NIOPosix

/// Blobs as files in a folder.
///
/// **What it writes.** Below the data folder: `blobs/00` … `blobs/ff`, where each blob is a file of its own, never written to again;
/// and `tmp/`, where uploads are written until they are complete; `quarantine/` when something was put aside; `journal/` where one program
/// alone stores many (`BlobJournal`). Folders get mode 700 and files 600, less what the umask takes: only the account that runs the server
/// can read them. It touches nothing else in the data folder. Several servers may share it.
///
/// **What it needs.** The right to read, write and enter these folders. `blobs` and `tmp` must be on one file system, because a
/// finished upload is renamed from one to the other, and that must be one that has `fsync` for folders and POSIX `rename`: any
/// local one on Linux; over NFS, removing a blob that another machine is reading disturbs that reader. An upload needs one
/// descriptor and up to three pieces of memory (`chunkSize`), a download the same.
///
/// **What it promises.** A blob is on the disk (bytes, size and name synchronised) before `put` returns. The order is: write,
/// rename, synchronise the file, synchronise the folder; in this order one commit of the file system's journal does for both. A small
/// blob may be in `journal/` instead, from where it comes to its place when the folder is opened the next time after a crash. A
/// crash at any point leaves at most a file in `tmp/`, which `removeUnfinished` removes, or a blob that no row names, perhaps
/// incomplete, which the sweeper removes.
///
/// **What it cannot promise.** A disk that acknowledges what it has not written. Bytes that rot: nothing is hashed when it is read.
/// An upload that receives nothing for so long that `removeUnfinished` takes it for dead fails when it goes on.
/// `storedOn` is the file's time of modification, so a copy of the folder must keep the times (`cp -a`, `rsync -a`).
package struct DiskBlobStore: LocalBlobStore, MeasuringBlobStore, QuarantiningBlobStore {
    /// Threads for the calls that block, shared by all stores of the process and never stopped.
    ///
    /// NIO's own singleton has about as many threads as the machine has processors. Some uploads that wait for a slow disk would
    /// occupy all of them, and keep downloads waiting that only need what is in memory.
    package static let sharedThreadPool: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 16)
        pool.start()
        return pool
    }()

    /// Reading 1 GiB from memory on two cores, to a consumer that does nothing: 2.4 GB/s with 64 KiB, 3.9 with 128 KiB, 4.8 with
    /// 256 KiB, 5.2 with 512 KiB, 6 with 1 MiB. Uploads gain nothing beyond 512 KiB, and memory for each stream grows in proportion.
    package static let defaultChunkSize = 512 * 1024

    /// Of each file of a journal: some 3,000 files of 10 KB, which a start after a crash looks at.
    package static let standardJournalSize = 32 << 20

    /// Of a larger file, this much stays in the kernel's memory when it is stored, for whoever looks at it next: as much as most images
    /// have, which are decoded. The rest would push out what is read more often, such as the database. In a virtual machine, memory that
    /// was not used before also costs much more than memory that is used again: 1 GB by `curl` took up to 3.2 s instead of 1.0.
    package static let standardKeptInMemory: Int64 = 32 << 20

    private let layout: DiskLayout
    private let keptInMemory: Int64
    private let pool: NIOThreadPool
    private let chunkSize: Int
    private let cache = BlobCache()
    private let journal: BlobJournal?

    /// Makes the folders that are missing; blocks for as long as that takes (some milliseconds, at the start of the server).
    /// - Parameters:
    ///   - directory: the data folder.
    ///   - threadPool: a pool that has been started.
    ///   - chunkSize: how many bytes are written or read at once, at most 1 MiB.
    ///   - journalSize: of each of the two files of the journal that small blobs share; nil = each blob is synchronised by itself. Only for
    ///     who stores many, and is alone in doing so.
    ///   - keptInMemory: how many bytes of a file the kernel is not told to forget once they are on the disk.
    /// - Throws: `unavailable` that names the folder which cannot be used, and why; when there is to be a journal, also when another
    ///   program uses that of the folder.
    package init(
        directory: String, threadPool: NIOThreadPool = Self.sharedThreadPool, chunkSize: Int = Self.defaultChunkSize,
        journalSize: Int? = nil, keptInMemory: Int64 = Self.standardKeptInMemory
    ) throws {
        precondition((1...1024 * 1024).contains(chunkSize))
        var directory = directory[...]
        while directory.count > 1, directory.last == "/" { directory.removeLast() }
        layout = DiskLayout(directory: String(directory))
        pool = threadPool
        self.chunkSize = chunkSize
        self.keptInMemory = keptInMemory
        try layout.prepare()
        if let journalSize {
            journal = try BlobJournal(layout, pool: threadPool, segmentSize: journalSize)
        } else {
            journal = nil
            try BlobJournal.recover(layout)
        }
    }

    package func put<Body: AsyncSequence & Sendable>(_ body: Body, limit: Int64) async throws -> StoredBlob
    where Body.Element == ByteBuffer {
        let upload = UploadFile(layout, keptInMemory: keptInMemory)
        do {
            var chunks = ChunkCollector(body.makeAsyncIterator(), chunkSize: chunkSize, limit: limit)
            var chunk = try await chunks.next()
            if let journal, chunk.readableBytes <= min(BlobJournal.maximumBlob, chunkSize - 1) {
                try Task.checkCancellation()
                let hash = Secrets.hash(chunk)
                let location = DiskLayout.newLocation(hash: hash)
                try await journal.put(chunk, at: location)
                return StoredBlob(hash: hash, size: Int64(chunk.readableBytes), location: location)
            }
            while chunk.readableBytes == chunkSize {
                let full = chunk
                async let written: Void = pool.perform { try upload.append(full) }
                async let hashed: Void = pool.perform { upload.addToHash(full) }
                chunk = try await chunks.next()
                try await hashed
                try await written
            }
            // Some sequences, AsyncStream among them, simply end when the task is cancelled: those bytes are not the whole file.
            try Task.checkCancellation()
            let last = chunk
            return try await pool.perform { try upload.commit(last) }
        } catch {
            await pool.cleanUp { upload.discard() }
            throw error
        }
    }

    package func read(
        _ location: String, range: Range<Int64>, _ send: (ByteBuffer) async throws -> Void
    ) async throws {
        let path = try layout.path(of: location)
        guard range.lowerBound >= 0 else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "a negative range: \(range)")
        }
        if range.count <= chunkSize {
            let bytes = try await small(location, path, range)
            try Task.checkCancellation()
            if bytes.readableBytes > 0 { try await send(bytes) }
            return
        }
        let blob = try await pool.perform { try OpenBlob(path, holding: range) }
        do {
            try await stream(blob, range, send)
        } catch {
            await pool.cleanUp { blob.close() }
            throw error
        }
        await pool.cleanUp { blob.close() }
    }

    package func cachedBytes(of location: String) -> ByteBuffer? { cache.bytes(of: location) }

    private func small(_ location: String, _ path: String, _ range: Range<Int64>) async throws -> ByteBuffer {
        if let bytes = cache.bytes(of: location), let slice = bytes.slice(range) { return slice }
        // Opened, read and closed in one go: the way to another thread costs more than all three.
        return try await pool.perform { [cache] in
            try OpenBlob.reading(path) { blob in
                guard blob.size <= BlobCache.maximumBlob else { return try blob.read(range) }
                let whole = try blob.read(0..<blob.size)
                cache.keep(whole, of: location)
                // Of a blob that is too short, this says so.
                return try whole.slice(range) ?? blob.read(range)
            }
        }
    }

    private func stream(
        _ blob: OpenBlob, _ range: Range<Int64>, _ send: (ByteBuffer) async throws -> Void
    ) async throws {
        func piece(from offset: Int64) -> Range<Int64> {
            offset..<offset + min(Int64(chunkSize), range.upperBound - offset)
        }
        let first = piece(from: range.lowerBound)
        var bytes = try await pool.perform { try blob.read(first) }
        var offset = first.upperBound
        while offset < range.upperBound {
            try Task.checkCancellation()
            let next = piece(from: offset)
            async let ahead = pool.perform { try blob.read(next) }
            try await send(bytes)
            bytes = try await ahead
            offset = next.upperBound
        }
        try Task.checkCancellation()
        try await send(bytes)
    }

    package func head(_ location: String, length: Int) async throws -> ByteBuffer {
        let path = try layout.path(of: location)
        return try await pool.perform {
            try OpenBlob.reading(path) { try $0.read(0..<min(Int64(max(length, 0)), $0.size)) }
        }
    }

    @available(*, noasync)
    package func openFile(_ location: String) throws -> CInt {
        try SystemCalls.open(try layout.path(of: location), O_RDONLY)
    }

    package func remove(_ location: String) async throws {
        let path = try layout.path(of: location)
        _ = try await pool.perform { try SystemCalls.unlink(path) }
        cache.forget(location)
    }

    package func size(of location: String) async throws -> Int64? {
        let path = try layout.path(of: location)
        return try await pool.perform { try SystemCalls.size(path) }
    }

    package func quarantine(_ location: String) async throws {
        let path = try layout.path(of: location)
        let destination = layout.quarantinePath(of: location)
        try await pool.perform { [layout] in
            if try layout.makeFolder(layout.quarantine) { try SystemCalls.synchronizeFolder(layout.directory) }
            guard try SystemCalls.rename(path, destination) else { return }
            try SystemCalls.synchronizeFolder(layout.quarantine)
            try SystemCalls.synchronizeFolder(layout.blobs + "/" + location.prefix(2))
        }
        cache.forget(location)
    }

    package func forEachBatch(_ body: ([(location: String, storedOn: Timestamp)]) async throws -> Void) async throws {
        let folders = (0..<DiskLayout.shardCount).map(layout.shardPath)
        try await walk(folders) { entries in
            let batch = entries.compactMap { entry -> (location: String, storedOn: Timestamp)? in
                let location = DiskLayout.shard(entry.folder) + "/" + entry.name
                // Whatever else an administrator left there is none of ours.
                return DiskLayout.isLocation(location) ? (location, entry.modifiedOn) : nil
            }
            if !batch.isEmpty { try await body(batch) }
        }
    }

    package func removeUnfinished(before moment: Timestamp) async throws -> Int {
        var count = 0
        try await walk([layout.temporary]) { entries in
            let paths = entries.filter { $0.modifiedOn < moment }.map { layout.temporary + "/" + $0.name }
            count += try await pool.perform { try paths.filter { try SystemCalls.unlink($0) }.count }
        }
        return count
    }

    private func walk(_ folders: [String], _ body: ([FolderWalk.Entry]) async throws -> Void) async throws {
        let walk = FolderWalk(folders)
        do {
            while true {
                try Task.checkCancellation()
                let entries = try await pool.perform { try walk.next(1000) }
                if entries.isEmpty { break }
                try await body(entries)
            }
        } catch {
            await pool.cleanUp { walk.close() }
            throw error
        }
        await pool.cleanUp { walk.close() }
    }
}

extension ByteBuffer {
    /// nil when it does not reach so far.
    fileprivate func slice(_ range: Range<Int64>) -> ByteBuffer? {
        getSlice(at: readerIndex + Int(range.lowerBound), length: range.count)
    }
}
