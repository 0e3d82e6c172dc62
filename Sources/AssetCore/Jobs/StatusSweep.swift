/// Moves selected assets and all that lies below them to the trash, or out of it.
///
/// From the top down: a folder is changed before its content, so that nothing new can be put into a folder that is being deleted
/// once its content has been read. A folder that somebody else has changed meanwhile is left alone from then on.
struct StatusSweep {
    let from: Asset.Status
    let to: Asset.Status
    let tx: any CatalogTransaction
    let now: Timestamp

    /// - Returns: about how many rows were looked at; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        if let folder = job.folder { return try sweep(folder, &job, limit: limit) }
        let folders = try tx.nextFolders(of: job.id, limit: 100)
        if folders.isEmpty { return try takeItems(&job, limit: min(limit, 1000)) }
        return try sweep(folders, &job, limit: limit)
    }

    private func change(_ job: Job) -> StatusChange {
        StatusChange(project: job.project, from: from, to: to, job: job.id, now: now)
    }

    /// Changes selected files up to the next folder, or one selected folder, whose content is then worked through.
    private func takeItems(_ job: inout Job, limit: Int) throws -> Int? {
        guard let first = try job.items(tx, limit: 1).first else { return nil }
        guard let state = try tx.states(of: [first]).first else {
            job.position += 1
            return 1
        }
        if !state.isFile {
            if try take([state], &job) > 0 { try tx.pushFolders([state.id], of: job.id) }
            job.position += 1
            return 1
        }
        let items = try job.items(tx, limit: limit)
        let states = try tx.states(of: items)
        let files = states.prefix(while: \.isFile)
        _ = try take(Array(files), &job)
        return job.pass(files.count, of: states, in: items)
    }

    private func take(_ states: [AssetState], _ job: inout Job) throws -> Int {
        var ready: [AssetID] = []
        var failures: [JobFailure] = []
        for state in states {
            if let reason = Self.objection(to: state, from: from) {
                // What this job has changed already, below another selected folder, has been counted there.
                if state.status != to || state.statusJob != job.id {
                    failures.append(JobFailure(asset: state.gid, reason: reason))
                }
            } else {
                ready.append(state.id)
            }
        }
        try tx.append(failures, to: job.id)
        job.failed += Int64(failures.count)
        let changed = try tx.apply(change(job), to: ready)
        job.succeeded += Int64(changed)
        return changed
    }

    /// Why an asset cannot change from this status to the other; nil when it can.
    static func objection(to state: AssetState, from: Asset.Status) -> String? {
        if state.parent == nil { return "The root cannot be deleted" }
        if state.status != from { return from == .published ? "Deleted already" : "Not deleted" }
        if from == .deleted, state.parentStatus != .published { return "Its folder is deleted" }
        return nil
    }

    /// Changes what lies in the first of the folders, as many as fit into the limit together. A folder that does not fit alone is
    /// worked through in parts.
    private func sweep(_ folders: [AssetID], _ job: inout Job, limit: Int) throws -> Int {
        // A folder can stand there twice: for itself, and below another selected one.
        let states = Dictionary(try tx.states(of: folders).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var together: [AssetState] = []
        var passed = 0
        var spent = 0
        for folder in folders {
            if let state = states[folder], isOurs(state, job) {
                if passed > 0, spent + state.childCount > limit { break }
                if state.childCount > limit {
                    job.folder = folder
                    job.afterName = nil
                    job.isInFiles = false
                    passed = 1
                    break
                }
                if state.childCount > 0 { together.append(state) }
                spent += state.childCount
            }
            passed += 1
            spent += 1
        }
        try tx.dropFolders(passed, of: job.id)
        job.succeeded += Int64(try tx.apply(change(job), toChildrenOf: together.map(\.id)))
        try tx.pushFolders(in: together.filter { $0.folderCount > 0 }.map(\.id), with: to, of: job.id)
        return spent
    }

    private func sweep(_ folder: AssetID, _ job: inout Job, limit: Int) throws -> Int {
        guard try tx.states(of: [folder]).first.map({ isOurs($0, job) }) ?? false else {
            job.folder = nil
            return 1
        }
        if job.isInFiles {
            let swept = try tx.apply(change(job), toFilesOf: folder, after: job.afterName, limit: limit)
            job.succeeded += Int64(swept.changed)
            job.afterName = swept.last
            if swept.last != nil { return limit }
            job.folder = nil
            job.isInFiles = false
            return max(swept.changed, 1)
        }
        let children = try tx.children(of: folder, files: false, after: job.afterName, limit: min(limit, 1000))
        guard let last = children.last else {
            job.isInFiles = true
            job.afterName = nil
            return 1
        }
        job.succeeded += Int64(try tx.apply(change(job), to: children.map(\.id)))
        let ours = try tx.states(of: children.map(\.id)).filter { isOurs($0, job) }
        try tx.pushFolders(ours.map(\.id), of: job.id)
        job.afterName = last.name
        return children.count
    }

    private func isOurs(_ state: AssetState, _ job: Job) -> Bool { state.status == to && state.statusJob == job.id }
}
