import ArgumentParser
import Foundation

/// The key that seals stored keys must be the same at both ends of a copy: with another one, API keys could not be shown again and
/// everybody would have to log in anew.
enum CopySecret: String {
    /// It was written into the target's data folder.
    case copied
    /// It stands there already.
    case same
    /// It comes from the environment or a configuration file, at both ends.
    case configured
    /// There is no data folder to write it to: an administrator has to.
    case elsewhere

    /// What is left to do for whoever starts servers on the target.
    var advice: String? {
        switch self {
        case .copied, .same, .configured: nil
        case .elsewhere:
            "Give its servers the same secret: put the source's secret.key into their data folders, or set STOCKROOM_SECRET"
        }
    }

    /// Before anything is written to the target.
    /// - Throws: `ValidationError` when both ends have keys and these differ, or the source has none.
    static func settle(from source: CopyEnd, to target: CopyEnd) throws -> CopySecret {
        let configured = [source, target].map { $0.configuration.secret?.lowercased() }
        let file = source.data.flatMap { FileManager.default.contents(atPath: $0 + "/secret.key") }
        if configured[0] != nil || configured[1] != nil {
            let digits = file.map { $0.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
            // In a data folder, a key that is configured for another server may come by way of the environment.
            guard let old = digits ?? configured[0], old == configured[1] else {
                throw ValidationError(
                    """
                    Source and target do not have the same secret: configure the source's for the target; of a secret.key it is \
                    what \"od -An -v -tx1 secret.key | tr -d ' \\n'\" prints
                    """)
            }
            return .configured
        }
        guard let folder = source.data else { return .elsewhere }
        guard let secret = file, secret.count == 32 else {
            throw ValidationError(
                "There is no secret key at \(folder)/secret.key: set STOCKROOM_SECRET if the source has one elsewhere")
        }
        guard let folder = target.data else { return .elsewhere }
        let place = folder + "/secret.key"
        if let there = FileManager.default.contents(atPath: place) {
            guard there == secret else {
                throw ValidationError(
                    """
                    The target has another secret key than the source: stored keys could not be read there. Move \(place) away if \
                    nothing needs it
                    """)
            }
            return .same
        }
        try write(secret, to: place)
        return .copied
    }

    /// Whole, or not at all.
    private static func write(_ secret: Data, to place: String) throws {
        let draft = place + ".part"
        unlink(draft)
        guard
            FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: draft)
        else { throw ValidationError("The secret key cannot be written to \(place)") }
        try file.write(contentsOf: secret)
        try file.synchronize()
        try file.close()
        guard rename(draft, place) == 0 else { throw ValidationError("The secret key cannot be written to \(place)") }
    }
}
