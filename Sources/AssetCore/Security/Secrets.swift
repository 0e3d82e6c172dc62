import Crypto
import Foundation
package import NIOCore

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
        func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
        let bytes = Array(bytes)
        return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            for (index, byte) in bytes.enumerated() {
                text[2 * index] = digit(byte >> 4)
                text[2 * index + 1] = digit(byte & 15)
            }
            return 2 * bytes.count
        }
    }

    /// What a secret is looked up by. Secrets are random and long, so that one round is enough.
    package static func hash(_ bytes: ByteBuffer) -> [UInt8] {
        var hash = SHA256()
        bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }

    package static func hash(_ secret: String) -> [UInt8] { Array(SHA256.hash(data: Data(secret.utf8))) }

    /// What a signature is for: one that was made for something else is never accepted.
    enum Purpose: String {
        case url = "stockroom signed url"
        case check = "stockroom secret check"
    }

    static let signatureSize = 16

    /// HMAC-SHA256, cut to 128 bits, under a key of its own for each purpose.
    func signature(of bytes: [UInt8], for purpose: Purpose) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: signingKey(purpose)).prefix(Self.signatureSize))
    }

    /// Takes as long for a wrong signature as for a right one.
    func isValid(_ signature: [UInt8], of bytes: [UInt8], for purpose: Purpose) -> Bool {
        let right = self.signature(of: bytes, for: purpose)
        return signature.count == right.count && zip(signature, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func signingKey(_ purpose: Purpose) -> SymmetricKey {
        SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data(purpose.rawValue.utf8), using: key))
    }

    /// Tells whether two servers have the same secret, and nothing of it.
    var fingerprint: String { Self.hex(signature(of: [], for: .check)) }

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
