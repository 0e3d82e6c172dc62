import Crypto
import Foundation

/// What a signed URL gives access to: one file, or its preview, for a while. Our own extension: see docs/project-dialect.md.
package struct SignedAccess: Sendable, Equatable {
    package let project: GID
    package let asset: GID
    package let expiresOn: Timestamp
    /// The edge of a preview in pixels; nil for the file itself.
    package let previewSize: Int?

    package init(project: GID, asset: GID, expiresOn: Timestamp, previewSize: Int?) {
        self.project = project
        self.asset = asset
        self.expiresOn = expiresOn
        self.previewSize = previewSize
    }

    /// The longest time for which a URL can be signed, in seconds.
    package static let maximumLifetime = 30 * 24 * 3600
    /// The longest for who may only read.
    static let maximumLifetimeForReaders = 3600

    private static let size = 16 + 16 + 8 + 2

    /// 42 bytes that say what it is, and a signature of 16; in the alphabet of URLs.
    func token(_ secrets: Secrets) -> String {
        let expiry = UInt64(bitPattern: expiresOn.microseconds)
        let edge = UInt16(previewSize ?? 0)
        let payload =
            project.bytes + asset.bytes + (0..<8).map { UInt8(truncatingIfNeeded: expiry >> (56 - 8 * $0)) }
            + [UInt8(edge >> 8), UInt8(edge & 255)]
        return Data(payload + secrets.signature(of: payload, for: .url)).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// nil when the token is not one of this installation; whether it has expired is not looked at.
    init?(token: String, _ secrets: Secrets) {
        var base64 = token.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard token.utf8.count < 200, let bytes = Data(base64Encoded: base64).map(Array.init),
            bytes.count == Self.size + Secrets.signatureSize
        else { return nil }
        let payload = Array(bytes[..<Self.size])
        guard secrets.isValid(Array(bytes[Self.size...]), of: payload, for: .url),
            let project = GID(bytes: Array(payload[0..<16])), let asset = GID(bytes: Array(payload[16..<32]))
        else { return nil }
        let expiry = payload[32..<40].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let edge = Int(payload[40]) << 8 | Int(payload[41])
        self.init(
            project: project, asset: asset, expiresOn: Timestamp(microseconds: Int64(bitPattern: expiry)),
            previewSize: edge == 0 ? nil : edge)
    }
}

extension AssetService {
    /// Lets everybody who has the answer read a private file until it expires. Nothing is stored: it cannot be taken back, except
    /// by deleting the file.
    /// - Parameter seconds: 1 to `SignedAccess.maximumLifetime`.
    /// - Throws: `unprocessable` when the asset does not exist, is a folder, or deleted.
    package func sign(
        _ caller: Caller, _ reference: AssetReference, seconds: Int, previewSize: Int?
    ) async throws -> (asset: Asset, token: String, expiresOn: Timestamp) {
        try caller.require(.read)
        // It outlives the membership of whoever asks for it.
        let seconds = caller.rights.contains(.write) ? seconds : min(seconds, SignedAccess.maximumLifetimeForReaders)
        let asset = try await catalog.read { try $0.require(reference, in: caller.project) }
        guard asset.isFile else { throw AssetError.unprocessable("The asset is a folder") }
        guard asset.status == .published else { throw AssetError.unprocessable("The asset is deleted") }
        let access = SignedAccess(
            project: caller.project.gid, asset: asset.gid, expiresOn: clock.now().adding(seconds: Double(seconds)),
            previewSize: previewSize)
        return (asset, access.token(secrets), access.expiresOn)
    }

    /// The file behind a signed URL, and for how many seconds it can still be read.
    /// - Throws: `fileNotFound` when the signature is wrong or has expired, or the file is not there any more.
    package func signedFile(_ token: String) async throws -> (access: SignedAccess, file: StoredFile, blob: Blob) {
        // Base 64 has several forms of the same bytes: only the one that was handed out counts.
        guard let access = SignedAccess(token: token, secrets), access.token(secrets) == token,
            access.expiresOn > clock.now()
        else {
            throw AssetError.noFile
        }
        return try await catalog.lookUp { tx in
            guard let project = try tx.project(access.project), let asset = try tx.asset(access.asset, in: project.id),
                let content = asset.content, asset.status == .published
            else { throw AssetError.noFile }
            return (
                access, StoredFile(asset: asset, version: asset.version, content: content),
                try tx.requireBlob(content.blob)
            )
        }
    }
}
