import OrderedCollections

/// Makes a backup, and restores one.
///
/// A snapshot is made in short transactions beside other writers: first all rows by number, then again those that the feed says
/// have changed meanwhile, until a transaction finds nothing more. At that moment the snapshot is what the project is. A restore
/// first makes a backup in the same way, and replaces the project in the transaction that completes it: nothing lies between.
struct SnapshotSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    /// How many row numbers a statement goes through; a project's rows may be few among them.
    private static let window = 2000

    /// - Returns: about how many rows were looked at; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        guard let project = try tx.project(job.project), let backup = try Self.backup(of: job, tx) else {
            throw AssetError.unprocessable("The backup does not exist any more")
        }
        // `isInFiles` says that all rows have been copied; the position is then one in the feed.
        if !job.isInFiles {
            if job.position == 0, job.parameter("cursor") == nil {
                job.set("cursor", .int(try tx.projectCursor(project.id)))
            }
            let window = min(max(limit, 1), Self.window)
            guard let copied = try tx.copyAssets(to: backup, after: AssetID(rawValue: job.position), window: window)
            else {
                job.isInFiles = true
                job.position = job.parameter("cursor") ?? 0
                return 1
            }
            job.position = copied.last.rawValue
            job.succeeded += Int64(copied.copied)
            return window
        }
        let changes = try tx.changes(in: project.id, after: job.position, limit: min(max(limit, 1), 1000))
        if let last = changes.last {
            try tx.copyAgain(Array(Set(changes.filter { $0.dataType == .assets }.map(\.key))), to: backup)
            job.position = last.cursor
            return changes.count
        }
        try tx.copySettings(to: backup)
        try tx.setStatus(of: backup.id, to: .ready)
        try tx.appendUpdate(of: project)
        if job.kind == .restore { try restore(job, in: project) }
        return nil
    }

    private func restore(_ job: Job, in project: Project) throws {
        guard let id = job.parameter("restore"), let backup = try tx.backup(BackupID(rawValue: id)),
            backup.status == .ready
        else { throw AssetError(.processFailed, "The backup does not exist any more", parameter: "restore") }
        try tx.restore(backup, now: now)
        // What works on the old tree must not go on in the restored one.
        try tx.cancelJobs(in: project.id, except: job.id)
        try tx.appendUpdate(of: project.root, in: project.id)
    }

    private static func backup(of job: Job, _ tx: any CatalogTransaction) throws -> Backup? {
        guard let id = job.parameter("backup") else { return nil }
        return try tx.backup(BackupID(rawValue: id))
    }

    /// Half a backup is none.
    static func abandon(_ job: Job, _ tx: any CatalogTransaction, in project: Project) throws {
        guard let backup = try backup(of: job, tx), backup.status == .making else { return }
        try tx.setStatus(of: backup.id, to: .deleting)
        try tx.appendUpdate(of: project)
    }
}

extension Job {
    /// Keeps something beside the call's parameters.
    fileprivate mutating func set(_ name: String, _ value: JSON) {
        var members = parameters.objectValue ?? [:]
        members[name] = value
        parameters = .object(members)
    }
}
