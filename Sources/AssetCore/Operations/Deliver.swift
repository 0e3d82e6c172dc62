/// Bytes to send, with what a web server says about them.
package struct DeliveredFile: Sendable {
    package let blob: Blob
    /// What a browser saves it as.
    package let name: String
    /// By the content; nil when that does not tell.
    package let type: String?
    package let modifiedOn: Timestamp
    /// Whether the URL names these very bytes, so that they can be kept for ever.
    package let isImmutable: Bool

    package init(blob: Blob, name: String, type: String?, modifiedOn: Timestamp, isImmutable: Bool) {
        self.blob = blob
        self.name = name
        self.type = type
        self.modifiedOn = modifiedOn
        self.isImmutable = isImmutable
    }
}

/// What is read without a token (project reference 11.5). Private, deleted and unknown files are all told the same.
extension AssetService {
    /// The bytes of a public file.
    /// - Parameters:
    ///   - storage: the gid, and the version when the URL names one.
    /// - Throws: `fileNotFound`.
    package func publicFile(in project: GID, _ gid: GID, version: Int64?) async throws -> DeliveredFile {
        try await catalog.lookUp { tx in
            guard let project = try tx.project(project), let asset = try tx.asset(gid, in: project.id),
                asset.isFile, asset.status == .published,
                try version == nil || version == asset.version
                    ? tx.isPublic(asset.id) : tx.isPublic(asset.id, version: version ?? 0)
            else { throw AssetError.noFile }
            return try tx.delivered(asset, version)
        }
    }

    /// The bytes of a public rendition.
    /// - Parameters:
    ///   - asset: its source, when the URL names it.
    ///   - revision: the first digits of the hash of its bytes, when the URL names them.
    /// - Throws: `fileNotFound`.
    package func publicRendition(
        in project: GID, _ file: String, of asset: GID?, revision: String?
    ) async throws -> DeliveredFile {
        try await catalog.lookUp { tx in
            guard let project = try tx.project(project) else { throw AssetError.noFile }
            let rendition: Rendition?
            let source: Asset?
            if let asset {
                source = try tx.asset(asset, in: project.id)
                rendition = try source.flatMap { try tx.rendition(of: $0.id, file: file) }
            } else {
                rendition = try tx.shortRendition(in: project.id, file: file)
                source = try rendition.flatMap { try tx.asset($0.asset) }
            }
            guard let rendition, rendition.isPublic, source?.status == .published,
                revision == nil || revision == rendition.revision
            else { throw AssetError.noFile }
            return DeliveredFile(
                blob: rendition.blob, name: rendition.file, type: rendition.format.rawValue,
                modifiedOn: rendition.createdOn, isImmutable: revision != nil)
        }
    }
}

extension Rendition {
    /// Names its bytes in a URL.
    package var revision: String { Secrets.hex(blob.hash.prefix(6)) }
}

extension AssetError {
    static let noFile = AssetError(.fileNotFound, "The requested file does not exist.")
}

extension AssetTables where Self: BlobTables {
    /// - Parameter version: the present one, or one that is kept; nil is the present one.
    /// - Throws: `fileNotFound`.
    func delivered(_ asset: Asset, _ version: Int64?) throws -> DeliveredFile {
        var content = asset.content
        var modifiedOn = asset.updatedOn
        if let version, version != asset.version {
            let old = try oldVersions(of: asset.id).first { $0.version == version }
            content = old?.content
            // When its bytes came is not known; until then they were the present ones.
            modifiedOn = old?.replacedOn ?? modifiedOn
        }
        guard let content, let blob = try blob(content.blob) else { throw AssetError.noFile }
        return DeliveredFile(
            blob: blob, name: asset.name, type: content.type, modifiedOn: modifiedOn, isImmutable: version != nil)
    }
}
