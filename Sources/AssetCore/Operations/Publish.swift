/// Bytes of a file as a call below `/dam` names them.
package struct StoredFile: Sendable {
    package let asset: Asset
    /// The version that was asked for: the present one, or one that is kept.
    package let version: Int64
    package let content: Asset.Content

    package var isNewest: Bool { version == asset.version }

    package init(asset: Asset, version: Int64, content: Asset.Content) {
        self.asset = asset
        self.version = version
        self.content = content
    }
}

/// Files that everybody may read (project reference 11.2).
extension AssetService {
    /// Makes a file public: the present version with those that will follow, or just an old one. What is public already stays so,
    /// and then reading is enough of a right.
    /// - Throws: `unprocessable` when the file or the version does not exist, or the file is deleted.
    package func publish(_ caller: Caller, _ storage: StorageName) async throws -> StoredFile {
        try caller.require(.read)
        let (known, isPublic) = try await catalog.read { tx in
            let file = try tx.storedFile(storage, in: caller.project)
            let isPublic = try tx.isPublic(file.asset.id, version: file.version)
            return (file, try isPublic && (!file.isNewest || tx.isPublic(file.asset.id)))
        }
        if isPublic { return known }
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { [clock] tx in
            let file = try tx.storedFile(storage, in: caller.project)
            try tx.makePublic(file.asset.id, version: file.version, isNewest: file.isNewest, now: clock.now())
            return file
        }
    }

    /// Makes a file, its old versions and all its renditions private again; those too that are being made.
    package func unpublish(_ caller: Caller, _ storage: StorageName) async throws {
        try caller.require(.write)
        try await catalog.write(.project(caller.project.id)) { [clock] tx in
            let file = try tx.storedFile(storage, in: caller.project)
            try tx.makePrivate(file.asset.id, now: clock.now())
        }
    }
}

extension AssetTables {
    /// - Throws: `unprocessable`.
    func storedFile(_ name: StorageName, in project: Project) throws -> StoredFile {
        let asset = try require(.gid(name.gid), in: project)
        guard let content = asset.content else { throw AssetError.unprocessable("The asset is a folder") }
        guard asset.status == .published else { throw AssetError.unprocessable("The asset is deleted") }
        if name.version == asset.version { return StoredFile(asset: asset, version: name.version, content: content) }
        guard let old = try oldVersions(of: asset.id).first(where: { $0.version == name.version }) else {
            throw AssetError.unprocessable("Version \(name.version) is not kept")
        }
        return StoredFile(asset: asset, version: old.version, content: old.content)
    }
}

extension AssetTables where Self: BlobTables {
    /// - Throws: `internalError` when the row is not there, which the schema rules out.
    func requireBlob(_ id: BlobID) throws -> Blob {
        guard let blob = try blob(id) else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "a blob without a row: \(id.rawValue)")
        }
        return blob
    }
}
