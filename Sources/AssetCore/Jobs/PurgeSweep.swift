/// Removes selected assets that are deleted, and all that lies below them, for good.
///
/// From the bottom up, so that every row has its folder at any moment: the tree itself is the position.
struct PurgeSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    /// - Returns: about how many rows were looked at; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        if let folder = job.folder { return try sweep(folder, &job, limit: limit) }
        let items = try job.items(tx, limit: limit)
        guard let first = items.first else { return nil }
        let states = try tx.states(of: items)
        guard let state = states.first, state.id == first else {
            job.position += 1
            return 1
        }
        if !state.isFile {
            job.position += 1
            guard state.status == .deleted, let parent = state.parent, let folder = try tx.asset(state.id) else {
                try fail([state], &job)
                return 1
            }
            try tx.detach(folder, from: parent, now: now)
            job.folder = state.id
            return 1
        }
        // Files that stand together and lie in one folder go together.
        let files = states.prefix { $0.isFile && $0.parent == state.parent }
        let deleted = files.filter { $0.status == .deleted }
        try fail(files.filter { $0.status != .deleted }, &job)
        if let parent = state.parent, !deleted.isEmpty {
            try tx.purge(deleted.map(\.id), childrenOf: parent, project: job.project, files: true, now: now)
            try tx.appendUpdate(of: parent, in: job.project)
            job.succeeded += Int64(deleted.count)
        }
        return job.pass(files.count, of: states, in: items)
    }

    static let notDeleted = "Not deleted"

    private func fail(_ states: [AssetState], _ job: inout Job) throws {
        try tx.append(states.map { JobFailure(asset: $0.gid, reason: Self.notDeleted) }, to: job.id)
        job.failed += Int64(states.count)
    }

    private func sweep(_ top: AssetID, _ job: inout Job, limit: Int) throws -> Int {
        guard let state = try tx.states(of: [top]).first, state.status == .deleted, let parent = state.parent else {
            // Somebody has taken it out of the trash meanwhile: what is left of it stays.
            job.folder = nil
            job.failed += 1
            return 1
        }
        // The way from the folder above down to where the work goes on; each step of it is looked for once.
        var way = [parent, top]
        var spent = 0
        while spent < limit, let folder = way.last, way.count > 1 {
            if let child = try tx.children(of: folder, files: false, after: nil, limit: 1).first {
                // Going down counts for nothing: a limit that is less than the depth would never be used up for a row.
                way.append(child.id)
                continue
            }
            let files = try tx.children(of: folder, files: true, after: nil, limit: limit)
            if !files.isEmpty {
                try tx.purge(files.map(\.id), childrenOf: folder, project: job.project, files: true, now: now)
                job.succeeded += Int64(files.count)
                spent += files.count
                continue
            }
            way.removeLast()
            try tx.purge([folder], childrenOf: way[way.count - 1], project: job.project, files: false, now: now)
            job.succeeded += 1
            spent += 1
        }
        if way.count == 1 {
            job.folder = nil
            try tx.appendUpdate(of: parent, in: job.project)
        }
        return spent
    }
}
