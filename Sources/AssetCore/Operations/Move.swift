extension AssetService {
    /// Moves an asset with all that lies below it; a taken name gets a number (project reference 5.12).
    /// - Throws: `unprocessable`, see `AssetTables.move`.
    package func move(
        _ caller: Caller, _ reference: AssetReference, to parent: AssetReference
    ) async throws -> AssetWithParent {
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { [clock] tx in
            let asset = try tx.require(reference, in: caller.project)
            let target = try tx.requireParent(parent, in: caller.project)
            _ = try tx.move(asset, into: target, by: caller.user.id, now: clock.now())
            guard let moved = try tx.asset(asset.id) else { throw AssetError.unprocessable("The asset does not exist") }
            return try tx.withParent(moved)
        }
    }
}

extension AssetTables where Self: ChangeTables & JobTables {
    /// Moves one asset with all that lies below it; a taken name gets a number (project reference 5.12). Answers how many lines of
    /// the feed that took.
    /// - Throws: `unprocessable`, as `relocate`.
    func move(_ asset: Asset, into target: Asset, by user: UserID, now: Timestamp) throws -> Int {
        if asset.parent == target.id { return 0 }
        return try relocate(asset, into: target, named: AssetName(stored: asset.name), by: user, now: now)
    }

    /// As `relocate`, and tells the feed that the folders have changed.
    func relocate(
        _ asset: Asset, into target: Asset, named name: AssetName, by user: UserID, now: Timestamp
    ) throws -> Int {
        let notices = try relocateQuietly(asset, into: target, named: name, by: user, now: now)
        if let oldParent = asset.parent, oldParent != target.id { try appendUpdate(of: oldParent, in: asset.project) }
        try appendUpdate(of: target.id, in: asset.project)
        return notices
    }

    /// Gives one asset, with all that lies below it, another folder or name, or both; a taken name gets a number. Answers how many
    /// lines of the feed that took: the whole subtree gets new pathnames, which the feed tells now or soon. The lines of the folders
    /// are left to the caller.
    /// - Throws: `unprocessable` for the root, for a folder that segment files are found by, when the target lies inside, and
    ///   when the tree would become too deep.
    func relocateQuietly(
        _ asset: Asset, into target: Asset, named name: AssetName, by user: UserID, now: Timestamp
    ) throws -> Int {
        let name = try checkRelocation(of: asset, into: target, named: name)
        try move(asset, to: target.id, name: name, now: now)
        try append(.update, .assets, [asset.gid], in: asset.project)
        return try tellPathnames(below: asset, by: user, now: now)
    }

    /// The name that the asset would get there.
    /// - Throws: as `relocate`.
    func checkRelocation(of asset: Asset, into target: Asset, named name: AssetName) throws -> String {
        guard !asset.isRoot else { throw AssetError.unprocessable("The root cannot be moved") }
        if !asset.isFile {
            guard asset.id != target.id, try !ancestors(of: target.id).contains(asset.id) else {
                throw AssetError.unprocessable("A folder cannot be moved into itself")
            }
            if SegmentFolder.protects(try names(to: asset.id)) {
                throw AssetError.unprocessable(
                    "This folder holds the files of segments and cannot be moved or renamed")
            }
        }
        let name = try freeName(name, in: target.id, for: asset.id)
        let newNames = try names(to: target.id) + [name]
        try AssetPath.checkDepth(newNames)
        if SegmentFolder.protects(newNames) {
            throw AssetError.unprocessable("This place is kept for a folder with the files of segments")
        }
        // All folders below have to be looked at for that, which may be very many: not when nothing gets deeper.
        if !asset.isFile, try newNames.count > names(to: asset.id).count {
            let height = try height(of: asset.id)
            guard newNames.count - 1 + height <= AssetPath.maximumDepth else {
                throw AssetError.unprocessable("The tree would be deeper than \(AssetPath.maximumDepth) levels")
            }
        }
        return name
    }
}
