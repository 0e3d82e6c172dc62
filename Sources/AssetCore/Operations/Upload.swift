/// An asset together with its folder, as most answers show it.
package struct AssetWithParent: Sendable {
    package let asset: LocatedAsset
    package let parent: LocatedAsset

    package init(asset: LocatedAsset, parent: LocatedAsset) {
        self.asset = asset
        self.parent = parent
    }
}

extension AssetService {
    /// Makes a folder; a taken name gets a number (project reference 5.7).
    /// - Throws: `unprocessable` when the parent is missing, no folder, or deleted.
    package func createFolder(
        _ caller: Caller, in parent: AssetReference, named name: AssetName
    ) async throws -> AssetWithParent {
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { [clock] tx in
            try tx.addChild(named: name, content: nil, in: parent, of: caller.project, now: clock.now())
        }
    }

    /// Adds a file from bytes that were ingested; a taken name gets a number (project reference 5.9).
    /// - Throws: `unprocessable` when the parent is missing, no folder, or deleted; the bytes are discarded then.
    package func addFile(
        _ caller: Caller, _ file: IngestedFile, named name: AssetName, in parent: AssetReference
    ) async throws -> AssetWithParent {
        do {
            try caller.require(.write)
        } catch {
            await discard(file)
            throw error
        }
        return try await commit(.project(caller.project.id), file) { tx, content, now in
            try tx.recheck(caller, .write)
            return try tx.addChild(named: name, content: content, in: parent, of: caller.project, now: now)
        }
    }

    /// Replaces the bytes of a file; name, title and the like stay (project reference 5.10).
    /// - Throws: `unprocessable` when the asset is missing, a folder, or deleted; the bytes are discarded then.
    package func replaceFile(
        _ caller: Caller, _ file: IngestedFile, of reference: AssetReference
    ) async throws -> AssetWithParent {
        let named: IngestedFile
        do {
            try caller.require(.write)
            // The file keeps its name, and its type does not follow that of the upload.
            let name = try await catalog.read { try $0.require(reference, in: caller.project).name }
            named = try await inspectedAgain(file, as: name)
        } catch {
            await discard(file)
            throw error
        }
        return try await commit(.project(caller.project.id), named) { [settings] tx, content, now in
            try tx.recheck(caller, .write)
            let asset = try tx.require(reference, in: caller.project)
            guard asset.isFile else { throw AssetError.unprocessable("The asset is a folder") }
            guard asset.status == .published else { throw AssetError.unprocessable("The asset is deleted") }
            let replaced = try tx.replaceContent(of: asset, with: content, keeping: settings.keptVersions, now: now)
            try tx.append(.update, .assets, [asset.gid], in: caller.project.id)
            return try tx.withParent(replaced)
        }
    }
}

extension AssetTables where Self: ChangeTables {
    fileprivate func addChild(
        named name: AssetName, content: Asset.Content?, in reference: AssetReference, of project: Project,
        now: Timestamp
    ) throws -> AssetWithParent {
        let parent = try requireParent(reference, in: project)
        let name = try freeName(name, in: parent.id)
        let above = try names(to: parent.id)
        let names = above + [name]
        try AssetPath.checkDepth(names)
        if content != nil, SegmentFolder.protects(names) {
            throw AssetError.unprocessable("This place is kept for a folder with the files of segments")
        }
        let asset = try add(
            AssetDraft(project: project.id, parent: parent.id, name: name, content: content, createdOn: now))
        return try withParent(asset, above)
    }
}

extension AssetTables {
    /// The asset as it is now in the catalog, with its folder.
    /// - Parameter names: those down to the folder, when they are known.
    func withParent(_ asset: Asset, _ names: [String]? = nil) throws -> AssetWithParent {
        guard let parentID = asset.parent, let parent = try self.asset(parentID) else {
            throw AssetError.unprocessable("The root has no parent")
        }
        let names = try names ?? self.names(to: parentID)
        return AssetWithParent(
            asset: LocatedAsset(asset: asset, path: "/" + names.joined(separator: "/")),
            parent: LocatedAsset(asset: parent, path: "/" + names.dropLast().joined(separator: "/")))
    }
}
