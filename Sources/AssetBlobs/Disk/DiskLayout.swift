import AssetCore
import Foundation

/// Where things lie in the data folder, and how locations look.
///
/// A location is `ab/<SHA-256 in hex>-<16 random hex digits>`, relative to `blobs/`; `ab` repeats the first two digits of the hash,
/// so that no folder grows large. The random part makes every location new: the same bytes stored twice lie in two files, and the
/// removal of one that is no longer needed can never hit the other.
struct DiskLayout: Sendable {
    /// The data folder, without a slash at its end.
    let directory: String

    var blobs: String { directory + "/blobs" }
    var temporary: String { directory + "/tmp" }
    /// What was put aside: made when it is needed.
    var quarantine: String { directory + "/quarantine" }

    /// What makes small blobs durable (`BlobJournal`): made when it is needed.
    var journal: String { directory + "/journal" }

    func journalPath(_ number: Int) -> String { journal + "/\(number)" }

    func quarantinePath(of location: String) -> String { quarantine + "/" + location.dropFirst(3) }

    static let shardCount = 256

    static func shard(_ number: Int) -> String { Secrets.hex([UInt8(number)]) }

    func shardPath(_ number: Int) -> String { blobs + "/" + Self.shard(number) }

    /// The folder of a blob.
    func shardPath(of location: String) -> String { blobs + "/" + location.prefix(2) }

    func newTemporaryPath() -> String { temporary + "/" + Secrets.hex(Self.random() + Self.random()) }

    static func newLocation(hash: [UInt8]) -> String {
        let name = Secrets.hex(hash)
        return "\(name.prefix(2))/\(name)-\(Secrets.hex(random()))"
    }

    /// The path of a blob. Locations come from the database: whatever else than a location of this store may stand there, it must
    /// not lead to another file.
    func path(of location: String) throws(AssetError) -> String {
        guard Self.isLocation(location) else {
            throw AssetError(
                .internalError, AssetError.internalMessage,
                detail: "not a location of this store: \(location.debugDescription)")
        }
        return blobs + "/" + location
    }

    static func isLocation(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 84 else { return false }
        for (index, byte) in bytes.enumerated() {
            switch index {
            case 2: if byte != UInt8(ascii: "/") { return false }
            case 67: if byte != UInt8(ascii: "-") { return false }
            default: if !isHexDigit(byte) { return false }
            }
        }
        return bytes[0..<2] == bytes[3..<5]
    }

    /// The hash of a blob's bytes, in hex.
    static func hash(of location: String) -> Substring { location.dropFirst(3).prefix(64) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }

    private static func random() -> [UInt8] {
        withUnsafeBytes(of: UInt64.random(in: .min ... .max), Array.init)
    }

    /// Makes the folders that are missing, and proves that all of them can be used.
    func prepare() throws(AssetError) {
        try makeFolder(directory, withParents: true)
        let shards = (0..<Self.shardCount).map(shardPath)
        var isNew = false
        for folder in [temporary, blobs] + shards where try makeFolder(folder) { isNew = true }
        // Without this, a machine that crashes soon after could forget a folder together with the blobs in it.
        if isNew {
            for folder in [directory, blobs] { try SystemCalls.synchronizeFolder(folder) }
        }
    }

    /// Whether the folder is new.
    @discardableResult
    func makeFolder(_ path: String, withParents: Bool = false) throws(AssetError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        let code = errno
        if code == ENOENT, withParents, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]), withParents: true)
            return try makeFolder(path)
        }
        guard code == EEXIST else { throw Self.unusable(path, code: code) }
        // EISDIR and the like only show on use; `access` also knows of file systems that are mounted for reading only.
        if access(path + "/.", R_OK | W_OK | X_OK) != 0 { throw Self.unusable(path, code: errno) }
        return false
    }

    private static func unusable(_ path: String, code: Int32) -> AssetError {
        AssetError(
            .unavailable, "The data folder cannot be used: \(path): \(String(cString: strerror(code)))",
            detail: "the server needs the right to read, write and enter this folder")
    }
}
