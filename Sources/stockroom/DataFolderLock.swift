import Foundation

/// Keeps a second process of one kind away from the same data folder, for as long as this one lives.
struct DataFolderLock {
    enum Kind: String {
        case server, imports
    }

    private let descriptor: Int32

    /// nil when another process has the lock, or the folder cannot be written to.
    init?(folder: String, _ kind: Kind) {
        descriptor = open("\(folder)/\(kind.rawValue).lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            if descriptor >= 0 { close(descriptor) }
            return nil
        }
    }

    func release() { close(descriptor) }
}
