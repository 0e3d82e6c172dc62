import Crypto
import Foundation

/// Makes, hashes and seals the secrets that the server keeps.
package struct Secrets: Sendable, CustomStringConvertible {
    private let key: SymmetricKey

    /// - Parameter key: 32 bytes that never change for an installation.
    package init(key: [UInt8]) throws(AssetError) {
        guard key.count == 32 else { throw AssetError(.unavailable, "The server's secret must be 32 bytes") }
        self.key = SymmetricKey(data: key)
    }

    package var description: String { "<redacted>" }

    /// 256 random bits in lower-case hexadecimal.
    package static func randomKey() -> String { hex(randomBytes(32)) }

    package static func randomBytes(_ count: Int) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    package static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// What a secret is looked up by. Secrets are random and long, so that one round is enough.
    package static func hash(_ secret: String) -> [UInt8] { Array(SHA256.hash(data: Data(secret.utf8))) }

    package func seal(_ secret: String) throws -> [UInt8] {
        guard let sealed = try AES.GCM.seal(Data(secret.utf8), using: key).combined else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "AES-GCM gave no combined form")
        }
        return Array(sealed)
    }

    /// - Throws: `internalError` when the installation's secret is not the one that sealed this.
    package func unseal(_ sealed: [UInt8]) throws -> String {
        do {
            return String(decoding: try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key), as: UTF8.self)
        } catch {
            throw AssetError(
                .internalError, AssetError.internalMessage,
                detail: "A stored secret cannot be read: is this the secret key of this installation?")
        }
    }
}
