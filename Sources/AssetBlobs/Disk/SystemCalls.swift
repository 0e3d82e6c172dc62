import AssetCore
import Foundation

/// The calls of the operating system that this store makes, with failures as `AssetError`.
///
/// All of them block, so they are only for a thread of the store's pool.
enum SystemCalls {
    /// What a failed call becomes: the caller of the server learns that there is no space, everything else is for the log.
    static func failure(_ call: String, _ path: String, code: Int32) -> AssetError {
        let detail = "\(call) \(path): \(String(cString: strerror(code)))"
        switch code {
        case ENOSPC, EDQUOT: return AssetError(.unavailable, "The server has no space left for files", detail: detail)
        default: return AssetError(.internalError, AssetError.internalMessage, detail: detail)
        }
    }

    /// Calls again after a signal; throws when the result is negative.
    @available(*, noasync)
    @discardableResult
    static func check<Result: SignedInteger>(_ call: String, _ path: String, _ body: () -> Result) throws(AssetError)
        -> Result
    {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw failure(call, path, code: code) }
        }
    }

    @available(*, noasync)
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(AssetError) -> Int32 {
        try check("open", path) { Foundation.open(path, flags | O_CLOEXEC | O_NOFOLLOW, mode) }
    }

    /// Writes all bytes: a single call may take only some of them when a signal arrives or the disk fills up.
    @available(*, noasync)
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws(AssetError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try check("write", path) {
                Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// As `write`, at a place of its own.
    @available(*, noasync)
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int, _ path: String
    ) throws(AssetError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let position = off_t(offset + rest.startIndex)
            let count = try check("pwrite", path) {
                pwrite(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, position)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads until `bytes` is full or the file ends; answers how many bytes there are.
    @available(*, noasync)
    static func read(
        into bytes: UnsafeMutableRawBufferPointer, at offset: Int64, of descriptor: Int32, _ path: String
    ) throws(AssetError) -> Int {
        var filled = 0
        while filled < bytes.count {
            let count = try check("pread", path) {
                pread(
                    descriptor, bytes.baseAddress?.advanced(by: filled), bytes.count - filled,
                    off_t(offset) + off_t(filled))
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Never repeated: on Linux a descriptor is free again even when `close` reports a signal.
    @available(*, noasync)
    static func close(_ descriptor: Int32, _ path: String) throws(AssetError) {
        if Foundation.close(descriptor) != 0, errno != EINTR { throw failure("close", path, code: errno) }
    }

    /// Waits until bytes and size are on the disk. Times of access do not matter.
    @available(*, noasync)
    static func synchronize(_ descriptor: Int32, _ path: String) throws(AssetError) {
        #if os(Linux)
        try check("fdatasync", path) { fdatasync(descriptor) }
        #else
        try check("fcntl", path) { fcntl(descriptor, F_FULLFSYNC) }
        #endif
    }

    /// Opens a folder, or the one that a link leads to.
    @available(*, noasync)
    static func openFolder(_ path: String) throws(AssetError) -> Int32 { try open(path + "/.", O_RDONLY | O_DIRECTORY) }

    /// Makes a rename inside a folder durable.
    @available(*, noasync)
    static func synchronizeFolder(_ path: String) throws(AssetError) {
        let descriptor = try openFolder(path)
        defer { _ = Foundation.close(descriptor) }
        try check("fsync", path) { fsync(descriptor) }
    }

    /// Asks the kernel to begin writing a part of a file to the disk. Only a hint, so failures do not matter.
    @available(*, noasync)
    static func beginWriteBack(_ range: Range<Int64>, of descriptor: Int32) {
        #if os(Linux)
        let write: UInt32 = 2  // SYNC_FILE_RANGE_WRITE
        _ = syncFileRange?(descriptor, range.lowerBound, Int64(range.count), write)
        #endif
    }

    /// Lets the kernel use the memory of a part of a file for other things, as far as it is on the disk. Only a hint.
    @available(*, noasync)
    static func forget(_ range: Range<Int64>, of descriptor: Int32) {
        #if os(Linux)
        _ = posix_fadvise(descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
        #endif
    }

    /// Whether `syncfs` waits for the disk and tells of failures: since Linux 5.8, on the file systems that are known to do that. Some that
    /// are programs (FUSE) answer at once.
    static func canSynchronizeFileSystem(of folder: String) -> Bool {
        #if os(Linux)
        let known = [0xEF53, 0x5846_5342, 0x9123_683E]  // ext4, XFS, Btrfs
        // The type is the first member of what the call fills, which has 120 bytes.
        let type = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 16) { buffer -> Int? in
            guard let address = buffer.baseAddress, statFileSystem?(folder, address) == 0 else { return nil }
            return buffer.load(as: Int.self)
        }
        guard syncFileSystem != nil, let type, known.contains(type) else { return false }
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return (version.majorVersion, version.minorVersion) >= (5, 8)
        #else
        false
        #endif
    }

    /// Waits until all that was written to a file system is on the disk. Fails when that failed since the folder was opened.
    @available(*, noasync)
    static func synchronizeFileSystem(of folder: Int32, _ path: String) throws(AssetError) {
        #if os(Linux)
        try check("syncfs", path) { syncFileSystem?(folder) ?? -1 }
        #else
        sync()
        #endif
    }

    #if os(Linux)
    private typealias SyncFileSystem = @convention(c) (Int32) -> Int32
    private static let syncFileSystem = dlsym(nil, "syncfs").map { unsafeBitCast($0, to: SyncFileSystem.self) }

    /// Not declared by the C library's module for Swift either.
    private typealias StatFileSystem = @convention(c) (UnsafePointer<CChar>, UnsafeMutableRawPointer) -> Int32
    private static let statFileSystem = dlsym(nil, "statfs").map { unsafeBitCast($0, to: StatFileSystem.self) }

    private typealias SyncFileRange = @convention(c) (Int32, Int64, Int64, UInt32) -> Int32

    /// Looked up by name, because the C library declares it only for programs that ask for GNU extensions, which Swift's module of
    /// it does not. nil where there is none.
    private static let syncFileRange = dlsym(nil, "sync_file_range").map { unsafeBitCast($0, to: SyncFileRange.self) }
    #endif

    /// Asks the kernel to read further ahead than usual.
    @available(*, noasync)
    static func expectSequentialReading(_ descriptor: Int32) {
        #if os(Linux)
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        #endif
    }

    /// Whether there was something to move.
    @available(*, noasync)
    static func rename(_ path: String, _ destination: String) throws(AssetError) -> Bool {
        if Foundation.rename(path, destination) == 0 { return true }
        if errno == ENOENT { return false }
        throw failure("rename", path, code: errno)
    }

    /// The size of a file; nil when there is none.
    @available(*, noasync)
    static func size(_ path: String) throws(AssetError) -> Int64? {
        var status = stat()
        if lstat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw failure("lstat", path, code: errno)
    }

    /// Whether there was something to remove.
    @available(*, noasync)
    @discardableResult
    static func unlink(_ path: String) throws(AssetError) -> Bool {
        if Foundation.unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw failure("unlink", path, code: errno)
    }
}

extension Timestamp {
    /// When the bytes of a file were last written.
    init(modificationOf status: stat) {
        #if os(Linux)
        let time = status.st_mtim
        #else
        let time = status.st_mtimespec
        #endif
        self.init(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}
