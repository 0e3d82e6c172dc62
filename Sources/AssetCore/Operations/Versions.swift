/// Bytes of a file: the present ones, or earlier ones that are kept.
package struct FileVersion: Sendable {
    package let version: Int64
    package let content: Asset.Content
    /// When other bytes took their place; nil for the present ones.
    package let replacedOn: Timestamp?

    package init(version: Int64, content: Asset.Content, replacedOn: Timestamp?) {
        self.version = version
        self.content = content
        self.replacedOn = replacedOn
    }
}

extension AssetService {
    /// The versions of a file that are kept, the newest first. Our own call: see docs/project-dialect.md.
    /// - Throws: `unprocessable` when the asset does not exist or is a folder.
    package func versions(_ caller: Caller, of reference: AssetReference) async throws -> (LocatedAsset, [FileVersion])
    {
        try caller.require(.read)
        return try await catalog.read { tx in
            let asset = try tx.require(reference, in: caller.project)
            guard let content = asset.content else { throw AssetError.unprocessable("The asset is a folder") }
            let present = FileVersion(version: asset.version, content: content, replacedOn: nil)
            return (try tx.located(asset), [present] + (try tx.oldVersions(of: asset.id)))
        }
    }

    /// Makes the bytes of an old version the newest version; the present ones are kept as an old version.
    /// - Throws: `unprocessable` when the asset does not exist, is a folder or deleted, or the version is not kept.
    package func revert(_ caller: Caller, _ reference: AssetReference, to version: Int64) async throws -> LocatedAsset {
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { [clock, settings] tx in
            let asset = try tx.require(reference, in: caller.project)
            guard asset.isFile else { throw AssetError.unprocessable("The asset is a folder") }
            guard asset.status == .published else { throw AssetError.unprocessable("The asset is deleted") }
            guard let old = try tx.oldVersions(of: asset.id).first(where: { $0.version == version }) else {
                throw AssetError.unprocessable("Version \(version) is not kept, or is the newest")
            }
            let reverted = try tx.replaceContent(
                of: asset, with: old.content, keeping: settings.keptVersions, now: clock.now())
            try tx.append(.update, .assets, [asset.gid], in: asset.project)
            return try tx.located(reverted)
        }
    }
}
