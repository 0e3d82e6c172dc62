import AssetCore
import Foundation
import Synchronization

/// Goes through the files of some folders piece by piece, so that a folder of any size takes little memory. All functions block;
/// for the lock, see `UploadFile`.
final class FolderWalk: Sendable {
    struct Entry: Sendable {
        /// The folder's number among `folders`.
        let folder: Int
        let name: String
        let modifiedOn: Timestamp
    }

    #if canImport(Darwin)
    private typealias Stream = UnsafeMutablePointer<DIR>
    #else
    private typealias Stream = OpaquePointer
    #endif

    private struct State: ~Copyable {
        var folder = 0
        var stream: Stream?
    }

    private let folders: [String]
    private let state = Mutex(State())

    init(_ folders: [String]) { self.folders = folders }

    /// The next files, at most `limit`; none when all have been seen. A file that disappears meanwhile is left out.
    @available(*, noasync)
    func next(_ limit: Int) throws(AssetError) -> [Entry] {
        try state.withLock { state throws(AssetError) in
            var entries: [Entry] = []
            while entries.count < limit, state.folder < folders.count {
                let path = folders[state.folder]
                guard let stream = state.stream ?? opendir(path) else {
                    throw SystemCalls.failure("opendir", path, code: errno)
                }
                state.stream = stream
                errno = 0
                if let entry = readdir(stream) {
                    let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                    }
                    var status = stat()
                    guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                        status.st_mode & S_IFMT == S_IFREG
                    else { continue }
                    entries.append(
                        Entry(folder: state.folder, name: name, modifiedOn: Timestamp(modificationOf: status)))
                } else {
                    let code = errno
                    if code != 0 { throw SystemCalls.failure("readdir", path, code: code) }
                    closedir(stream)
                    state.stream = nil
                    state.folder += 1
                }
            }
            return entries
        }
    }

    @available(*, noasync)
    func close() {
        state.withLock { state in
            if let stream = state.stream { closedir(stream) }
            state.stream = nil
            state.folder = folders.count
        }
    }
}
