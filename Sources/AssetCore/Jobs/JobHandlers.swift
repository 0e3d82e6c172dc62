/// The table from a job's kind to the work that it does.
enum JobHandlers {
    /// The right that the job's user must still have in every step.
    static func right(for job: Job) -> Rights { right(for: job.kind == .undo ? job.undoneKind : job.kind) }

    static func right(for kind: Job.Kind) -> Rights {
        switch kind {
        case .bulkDelete, .bulkUndelete: .delete
        case .bulkPermanentDelete, .purgeProject: .purge
        case .bulkMove, .undo, .backup, .addLanguage, .tellPathnames: .write
        case .removeLanguage: [.write, .delete]
        case .restore: [.write, .delete, .purge]
        }
    }

    /// How much there is to do for a job that works through no selection; 0 when that is not known.
    static func size(of job: Job, _ tx: any CatalogTransaction, in project: Project) throws -> Int64 {
        switch job.kind {
        case .backup, .addLanguage, .removeLanguage: try tx.countDescendants(of: project.root, limit: .max) + 1
        case .restore:
            // What there is, which is backed up, and what comes back.
            try tx.countDescendants(of: project.root, limit: .max) + 1 + RestoreSweep.size(of: job, tx)
        case .undo: try UndoSweep.size(of: job, tx)
        case .purgeProject, .bulkDelete, .bulkUndelete, .bulkPermanentDelete, .bulkMove, .tellPathnames: 0
        }
    }

    /// How many rows are changed before the time is looked at, for about 5 ms: few where the search index changes with each.
    private static func maximumPart(of job: Job) -> Int {
        switch job.kind {
        case .bulkPermanentDelete, .addLanguage, .removeLanguage, .purgeProject: 100
        case .bulkDelete, .bulkUndelete, .bulkMove, .undo, .backup, .restore, .tellPathnames: 1500
        }
    }

    /// Works until about `limit` rows have been changed, or until `end`: what a row costs differs from part to part. The job's
    /// position and counts move along. Answers whether the job is finished.
    static func work(
        on job: inout Job, _ tx: any CatalogTransaction, limit: Int, until end: ContinuousClock.Instant, now: Timestamp
    ) throws -> Bool {
        var budget = limit
        repeat {
            let part = min(budget, maximumPart(of: job))
            let step: Int?
            switch job.kind {
            case .bulkDelete:
                step = try StatusSweep(from: .published, to: .deleted, tx: tx, now: now).step(&job, limit: part)
            case .bulkUndelete:
                step = try StatusSweep(from: .deleted, to: .published, tx: tx, now: now).step(&job, limit: part)
            case .bulkPermanentDelete:
                step = try PurgeSweep(tx: tx, now: now).step(&job, limit: part)
            case .bulkMove:
                step = try MoveSweep(tx: tx, now: now).step(&job, limit: part)
            case .undo:
                step = try UndoSweep(tx: tx, now: now).step(&job, limit: part)
            case .addLanguage, .removeLanguage:
                step = try LanguageSweep(tx: tx, now: now).step(&job, limit: part)
            case .backup, .restore:
                step = try SnapshotSweep(tx: tx, now: now).step(&job, limit: part)
            case .tellPathnames:
                step = try PathnameSweep(tx: tx).step(&job, limit: part)
            case .purgeProject:
                step = try tx.purge(job.project, limit: part, now: now)
            }
            guard let step else { return true }
            budget -= max(step, 1)
        } while budget > 0 && ContinuousClock.now < end
        return false
    }

    /// Clears up behind a job that ends before its time.
    static func abandon(_ job: Job, _ tx: any CatalogTransaction, in project: Project) throws {
        switch job.kind {
        case .backup, .restore: try SnapshotSweep.abandon(job, tx, in: project)
        case .bulkDelete, .bulkUndelete, .bulkPermanentDelete, .bulkMove, .undo, .addLanguage, .removeLanguage,
            .purgeProject, .tellPathnames:
            break
        }
    }
}

extension Job {
    /// The selected assets that come next; empty at the end.
    func items(_ tx: any CatalogTransaction, limit: Int) throws -> [AssetID] {
        guard let selection else { return [] }
        return Array(try tx.selectionItems(selection, from: position).prefix(limit))
    }

    /// Moves on behind the first `count` of `states`, and behind items that do not exist any more before the next one; answers by
    /// how many items.
    mutating func pass(_ count: Int, of states: [AssetState], in items: [AssetID]) -> Int {
        let next = states.dropFirst(count).first
        let passed = next.flatMap { next in items.firstIndex(of: next.id) } ?? items.count
        position += Int64(passed)
        return passed
    }
}

extension ChangeTables {
    /// Puts the job's present state into the feed, always as an UPDATE (project reference 9).
    func report(_ job: Job, in project: Project) throws {
        if job.isSilent { return }
        let data: JSON = [
            "project_gid": JSON(project.gid), "job": .string(job.kind.rawValue), "status": .string(job.status.rawValue),
            "info": job.info, "created_on": .double(job.createdOn.seconds),
            "updated_on": .double(job.updatedOn.seconds),
        ]
        try append(.update, .jobs, key: job.token.description, data: data, for: .project(project.id))
    }
}
