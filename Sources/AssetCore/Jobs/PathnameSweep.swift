/// Tells the feed that everything below a folder has another pathname (project reference 10.5): the folder was moved or renamed, which
/// is one row, and all of its descendants are to be fetched again.
///
/// Small subtrees are told in the transaction of the move. Larger ones are left to a silent job, so that a move holds nobody up. No row
/// changes meanwhile but by its own line, so that a follower ends with what there is.
struct PathnameSweep {
    let tx: any CatalogTransaction

    /// How many lines a move writes itself.
    static let inlineLimit: Int64 = 2000

    /// - Returns: how many lines were written; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        if job.folder == nil {
            guard let next = try tx.nextFolders(of: job.id, limit: 1).first else { return nil }
            try tx.dropFolders(1, of: job.id)
            job.folder = next
        }
        guard let folder = job.folder else { return nil }
        let limit = min(limit, 1000)
        let children = try tx.children(of: folder, files: job.isInFiles, after: job.afterName, limit: limit)
        let states = try tx.states(of: children.map(\.id))
        try tx.append(.update, .assets, states.map(\.gid), in: job.project)
        job.succeeded += Int64(states.count)
        if !job.isInFiles { try tx.pushFolders(children.map(\.id), of: job.id) }
        if children.count == limit {
            job.afterName = children.last?.name
        } else {
            job.afterName = nil
            if job.isInFiles { job.folder = nil }
            job.isInFiles.toggle()
        }
        return states.count
    }
}

extension AssetTables where Self: ChangeTables & JobTables {
    /// Tells of everything below an asset that has another pathname, now or soon; answers how many lines were written.
    func tellPathnames(below asset: Asset, by user: UserID, now: Timestamp) throws -> Int {
        if asset.isFile { return 0 }
        let limit = PathnameSweep.inlineLimit
        if try countDescendants(of: asset.id, limit: limit) < limit {
            return try appendUpdates(below: asset.id, in: asset.project)
        }
        try save(try insertSilentJob(.tellPathnames, asset, user: user, now: now))
        return 1
    }
}
