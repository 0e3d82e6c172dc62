import AssetCore
import Crypto
import Foundation
import NIOCore

/// What the store checks the bytes of an upload by, so that what was damaged on the way is refused.
enum S3Checksum: String, CaseIterable, Sendable {
    /// As part of the signature: every store that knows Signature Version 4 checks it.
    case sha256
    /// `Content-MD5`, for stores that want the payload unsigned.
    case md5
    /// `x-amz-checksum-crc32`: the cheapest one, which AWS also keeps with the object; not every other store knows it.
    case crc32
    /// Nothing: where TLS is enough, or the processor is the limit.
    case none

    /// Computes it while the bytes come in.
    struct Digest {
        private enum State {
            case sha256(SHA256)
            case md5(Insecure.MD5)
            case crc32(CRC32)
            case none
        }

        private var state: State

        init(_ checksum: S3Checksum) {
            switch checksum {
            case .sha256: state = .sha256(SHA256())
            case .md5: state = .md5(Insecure.MD5())
            case .crc32: state = .crc32(CRC32())
            case .none: state = .none
            }
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            // Taken out of the state, so that it is not copied with each piece.
            switch state {
            case .sha256(var digest):
                state = .none
                digest.update(bufferPointer: bytes)
                state = .sha256(digest)
            case .md5(var digest):
                state = .none
                digest.update(bufferPointer: bytes)
                state = .md5(digest)
            case .crc32(var digest):
                digest.update(bytes)
                state = .crc32(digest)
            case .none: break
            }
        }

        func value() -> Value {
            switch state {
            case .sha256(let digest): .payloadHash(Secrets.hex(digest.finalize()))
            case .md5(let digest): .header("Content-MD5", Data(digest.finalize()).base64EncodedString())
            case .crc32(let digest):
                .header(
                    S3Checksum.crc32Header,
                    withUnsafeBytes(of: digest.value.bigEndian) { Data($0) }.base64EncodedString())
            case .none: .nothing
            }
        }
    }

    /// How a request tells it.
    enum Value: Sendable {
        case payloadHash(String)
        case header(String, String)
        case nothing

        var payloadHash: String {
            if case .payloadHash(let hash) = self { hash } else { S3Signer.unsignedPayload }
        }

        var headers: [(name: String, value: String)] {
            if case .header(let name, let value) = self { [(name, value)] } else { [] }
        }
    }

    /// What an object is begun with whose parts are checked like this.
    var objectHeaders: [(name: String, value: String)] {
        self == .crc32 ? [("x-amz-checksum-algorithm", "CRC32")] : []
    }

    static let crc32Header = "x-amz-checksum-crc32"

    func value(of bytes: ByteBuffer) -> Value {
        var digest = Digest(self)
        bytes.withUnsafeReadableBytes { digest.update($0) }
        return digest.value()
    }
}
