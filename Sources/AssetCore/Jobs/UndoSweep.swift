/// Takes back what a bulk delete, undelete or move did, as far as it still stands.
///
/// Each row that a job deletes or revives carries the job's number until something else changes its status, so that just what that
/// job changed is found again, wherever it lies now. A move is taken back where the asset is still where the job put it.
struct UndoSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    static func size(of job: Job, _ tx: any CatalogTransaction) throws -> Int64 {
        try undone(by: job, tx).succeeded
    }

    private static func undone(by job: Job, _ tx: any CatalogTransaction) throws -> Job {
        guard let id = job.parameter("of"), let undone = try tx.job(JobID(rawValue: id)) else {
            throw AssetError.unprocessable("What the job did is not known any more")
        }
        return undone
    }

    /// - Returns: about how many rows were looked at; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        let undone = try Self.undone(by: job, tx)
        return switch undone.kind {
        case .bulkDelete: try changeBack(undone, from: .deleted, to: .published, &job, limit: min(limit, 1000))
        case .bulkUndelete: try changeBack(undone, from: .published, to: .deleted, &job, limit: min(limit, 1000))
        case .bulkMove: try moveBack(undone, &job, limit: min(limit, 25))
        default: nil
        }
    }

    /// Goes through the rows again and again, because a folder must be revived before what lies in it, and deleted after it. When
    /// a pass has changed nothing, the next one is the last: what is left cannot be changed back.
    private func changeBack(
        _ undone: Job, from: Asset.Status, to: Asset.Status, _ job: inout Job, limit: Int
    ) throws -> Int? {
        let states = try tx.assets(
            changedBy: undone.id, with: from, after: AssetID(rawValue: job.position), limit: limit)
        guard let last = states.last else {
            if job.isLastPass { return nil }
            // `isInFiles` says that this pass has changed something.
            if job.isInFiles { job.isInFiles = false } else { job.isLastPass = true }
            job.position = 0
            return 1
        }
        job.position = last.id.rawValue
        var ready: [AssetID] = []
        var failures: [JobFailure] = []
        for state in states {
            if let reason = try objection(to: state, from: from) {
                failures.append(JobFailure(asset: state.gid, reason: reason))
            } else {
                ready.append(state.id)
            }
        }
        let change = StatusChange(project: job.project, from: from, to: to, job: job.id, now: now)
        let changed = try tx.apply(change, to: ready)
        job.succeeded += Int64(changed)
        if changed > 0 { job.isInFiles = true }
        if job.isLastPass {
            try tx.append(failures, to: job.id)
            job.failed += Int64(failures.count)
        }
        return states.count
    }

    private func objection(to state: AssetState, from: Asset.Status) throws -> String? {
        if let reason = StatusSweep.objection(to: state, from: from) { return reason }
        if from == .published, !state.isFile, try tx.hasChildren(state.id, with: .published) {
            return "It holds something that the job did not bring back"
        }
        return nil
    }

    /// From the last move to the first: what was moved twice ends where it began.
    private func moveBack(_ undone: Job, _ job: inout Job, limit: Int) throws -> Int? {
        var folders = FolderNotices()
        var spent = 0
        while spent < limit {
            let before = job.position == 0 ? Int64.max : job.position
            guard let (number, move) = try tx.lastMove(of: undone.id, before: before) else { break }
            // The numbers begin at 1, so that nothing lies before the first.
            job.position = number
            spent += 1
            guard let asset = try tx.asset(move.asset) else { continue }
            spent += try moveBack(asset, move, &job, &folders)
        }
        try folders.append(to: tx, in: job.project)
        return spent == 0 ? nil : spent
    }

    private func moveBack(
        _ asset: Asset, _ move: JobMove, _ job: inout Job, _ folders: inout FolderNotices
    ) throws -> Int {
        do {
            guard asset.parent == move.toParent, asset.name == move.toName else {
                throw AssetError.unprocessable("It has been moved or renamed since")
            }
            guard let parent = try tx.asset(move.fromParent) else {
                throw AssetError.unprocessable("The folder that it came from does not exist any more")
            }
            guard parent.status == .published else {
                throw AssetError.unprocessable("The folder that it came from is deleted")
            }
            let notices = try tx.relocateQuietly(
                asset, into: parent, named: AssetName(stored: move.fromName), by: job.user, now: now)
            folders.add(move.toParent, parent.id)
            job.succeeded += 1
            return notices
        } catch let error as AssetError where error.code == .unprocessable {
            try tx.append([JobFailure(asset: asset.gid, reason: error.message)], to: job.id)
            job.failed += 1
            return 0
        }
    }
}

extension Job {
    /// The kind of the job that an undo takes back.
    var undoneKind: Kind { parameters[key: "kind"]?.stringValue.flatMap(Kind.init) ?? .undo }

    fileprivate var isLastPass: Bool {
        get { afterName != nil }
        set { afterName = newValue ? "" : nil }
    }
}
