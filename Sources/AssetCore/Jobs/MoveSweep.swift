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
            if let parent = asset.parent, parent != target.id, let moved = try tx.asset(item) {
                try tx.append(
                    JobMove(
                        asset: item, fromParent: parent, fromName: asset.name, toParent: target.id, toName: moved.name),
                    to: job.id)
            }
            return 1 + notices
        } catch let error as AssetError where error.code == .unprocessable {
            try tx.append([JobFailure(asset: asset.gid, reason: error.message)], to: job.id)
            job.failed += 1
            return 1
        }
    }
}
