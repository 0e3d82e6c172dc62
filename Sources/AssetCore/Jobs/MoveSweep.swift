/// Moves selected assets into a folder, one by one.
struct MoveSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    /// - Returns: about how many rows were changed; nil when there is nothing left.
    /// - Throws: `unprocessable` when the folder is gone or deleted: the whole job ends then.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        let items = try job.items(tx, limit: min(limit, 25))
        if items.isEmpty { return nil }
        guard let project = try tx.project(job.project),
            let parent = job.parameters[key: "parent"]?.stringValue.flatMap({ GID($0) })
        else { throw AssetError.unprocessable("The parent does not exist") }
        let target = try tx.requireParent(.gid(parent), in: project)
        var folders = FolderNotices()
        var spent = 0
        for item in items where spent < limit {
            job.position += 1
            spent += 1
            guard let asset = try tx.asset(item) else { continue }
            do {
                spent += try move(asset, into: target, job, &folders)
                job.succeeded += 1
            } catch let error as AssetError where error.code == .unprocessable {
                try tx.append([JobFailure(asset: asset.gid, reason: error.message)], to: job.id)
                job.failed += 1
            }
        }
        try folders.append(to: tx, in: job.project)
        return spent
    }

    private func move(_ asset: Asset, into target: Asset, _ job: Job, _ folders: inout FolderNotices) throws -> Int {
        guard let parent = asset.parent else { throw AssetError.unprocessable("The root cannot be moved") }
        if parent == target.id { return 0 }
        let notices = try tx.relocateQuietly(
            asset, into: target, named: AssetName(stored: asset.name), by: job.user, now: now)
        folders.add(parent, target.id)
        guard let moved = try tx.asset(asset.id) else { return notices }
        try tx.append(
            JobMove(
                asset: asset.id, fromParent: parent, fromName: asset.name, toParent: target.id, toName: moved.name),
            to: job.id)
        return notices
    }
}

/// The folders that a step has changed: each is told to the feed once.
struct FolderNotices {
    private var folders: [AssetID] = []

    mutating func add(_ changed: AssetID...) {
        for folder in changed where !folders.contains(folder) { folders.append(folder) }
    }

    func append(to tx: any CatalogTransaction, in project: ProjectID) throws {
        for folder in folders { try tx.appendUpdate(of: folder, in: project) }
    }
}
