import Crypto
import CryptoExtras
import Dispatch
import Foundation

/// Stores passwords with scrypt (r 8, p 3, N as configured), in the form `scrypt$15$8$3$<salt>$<hash>` with base64 parts.
///
/// One check takes a large part of a second and 32 MiB: they run one at a time on a thread of their own, so that guessing
/// passwords cannot take the server down.
package enum Passwords {
    private static let queue = DispatchQueue(label: "stockroom.passwords")
    /// N is two to this power.
    package static let standardLogRounds = 15
    private static let blockSize = 8
    private static let parallelism = 3

    package static let minimumLength = 8
    package static let maximumBytes = 1024

    package static func hash(_ password: String, logRounds: Int = standardLogRounds) async throws -> String {
        let salt = Secrets.randomBytes(16)
        let hash = try await derive(
            password, salt: salt, logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
        let parts = [Data(salt), hash].map { $0.base64EncodedString() }
        return "scrypt$\(logRounds)$\(blockSize)$\(parallelism)$\(parts[0])$\(parts[1])"
    }

    /// Whether this is the password that `stored` was made from. Without a stored form it takes as long, and is false: the
    /// time of an answer does not tell whether a user exists.
    package static func verify(
        _ password: String, against stored: String?, logRounds standard: Int = standardLogRounds
    ) async throws -> Bool {
        let parts = (stored ?? "").split(separator: "$")
        guard parts.count == 6, parts[0] == "scrypt", let logRounds = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), let salt = Data(base64Encoded: String(parts[4])),
            let expected = Data(base64Encoded: String(parts[5]))
        else {
            _ = try await derive(
                password, salt: [UInt8](repeating: 0, count: 16), logRounds: standard, blockSize: Self.blockSize,
                parallelism: Self.parallelism)
            return false
        }
        let actual = try await derive(
            password, salt: Array(salt), logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
        return HMAC<SHA256>.isValidAuthenticationCode(
            HMAC<SHA256>.authenticationCode(for: expected, using: comparisonKey), authenticating: actual,
            using: comparisonKey)
    }

    /// Comparing codes instead of bytes takes the same time wherever they differ.
    private static let comparisonKey = SymmetricKey(size: .bits256)

    private static func derive(
        _ password: String, salt: [UInt8], logRounds: Int, blockSize: Int, parallelism: Int
    ) async throws -> Data {
        guard password.utf8.count <= maximumBytes else {
            throw AssetError.badParameter("password", "Use at most \(maximumBytes) bytes")
        }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async {
                continuation.resume(
                    with: Result {
                        try KDF.Scrypt.deriveKey(
                            from: Data(password.utf8), salt: salt, outputByteCount: 32, rounds: 1 << logRounds,
                            blockSize: blockSize, parallelism: parallelism, maxMemory: 256 << 20
                        ).withUnsafeBytes { Data($0) }
                    })
            }
        }
    }
}
