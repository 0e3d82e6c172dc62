/// Moves selected assets into a folder, one by one.
struct MoveSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    /// - Returns: how many assets were looked at; nil when there is nothing left.
    /// - Throws: `unprocessable` when the folder is gone or deleted: the whole job ends then.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        guard let item = try job.items(tx, limit: 1).first else { return nil }
        guard let project = try tx.project(job.project),
            let parent = job.parameters[key: "parent"]?.stringValue.flatMap({ GID($0) })
        else { throw AssetError.unprocessable("The parent does not exist") }
        let target = try tx.requireParent(.gid(parent), in: project)
        job.position += 1
        guard let asset = try tx.asset(item) else { return 1 }
        do {
            let notices = try tx.move(asset, into: target, now: now)
            job.succeeded += 1
            return 1 + notices
        } catch let error as AssetError where error.code == .unprocessable {
            job.failed += 1
            return 1
        }
    }
}

extension AssetTables where Self: ChangeTables {
    /// Moves one asset with all that lies below it; a taken name gets a number (project reference 5.12, 10.5). Answers how many
    /// lines of the feed that took: the whole subtree gets new pathnames.
    /// - Throws: `unprocessable` for the root, for a folder that segment files are found by, when the target lies inside, and
    ///   when the tree would become too deep.
    func move(_ asset: Asset, into target: Asset, now: Timestamp) throws -> Int {
        guard let oldParent = asset.parent else { throw AssetError.unprocessable("The root cannot be moved") }
        if oldParent == target.id { return 0 }
        if !asset.isFile {
            guard asset.id != target.id, try !ancestors(of: target.id).contains(asset.id) else {
                throw AssetError.unprocessable("A folder cannot be moved into itself")
            }
            if SegmentFolder.protects(try names(to: asset.id)) {
                throw AssetError.unprocessable("This folder holds the files of segments and cannot be moved")
            }
        }
        let name = try freeName(AssetName(stored: asset.name), in: target.id)
        let newNames = try names(to: target.id) + [name]
        try AssetPath.checkDepth(newNames)
        if SegmentFolder.protects(newNames) {
            throw AssetError.unprocessable("This place is kept for a folder with the files of segments")
        }
        if !asset.isFile {
            let height = try height(of: asset.id)
            guard newNames.count - 1 + height <= AssetPath.maximumDepth else {
                throw AssetError.unprocessable("The tree would be deeper than \(AssetPath.maximumDepth) levels")
            }
        }
        try move(asset, to: target.id, name: name, now: now)
        try append(.update, .assets, [asset.gid], in: asset.project)
        let notices = asset.isFile ? 0 : try appendUpdates(below: asset.id, in: asset.project)
        try appendUpdate(of: oldParent, in: asset.project)
        try appendUpdate(of: target.id, in: asset.project)
        return notices
    }
}
