import OrderedCollections

/// Makes a backup; a restore begins with one, see `RestoreSweep`.
///
/// A snapshot is made in short transactions beside other writers: first all rows by number, then again those that the feed says
/// have changed meanwhile, until a transaction finds nothing more. At that moment the snapshot is what the project is.
struct SnapshotSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    /// How many row numbers a statement goes through; a project's rows may be few among them.
    private static let window = 2000

    /// - Returns: about how many rows were looked at; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        if let phase = job.restorePhase {
            return try RestoreSweep(job, tx: tx, now: now).step(&job, phase, limit: limit)
        }
        guard let project = try tx.project(job.project), let backup = try Self.backup(of: job, tx) else {
            throw AssetError.unprocessable("The backup does not exist any more")
        }
        var progress = Progress(job)
        let step = try copy(to: backup, &progress, limit: limit)
        progress.save(to: &job)
        if let step { return step }
        try tx.copySettings(to: backup)
        try tx.setStatus(of: backup.id, to: .ready)
        try tx.appendUpdate(of: project)
        guard job.kind == .restore else { return nil }
        try RestoreSweep(job, tx: tx, now: now).begin(&job, in: project)
        return 1
    }

    /// How far a snapshot is.
    struct Progress: Sendable {
        /// Where the feed was when the copying began; nil when it has not.
        var cursor: Int64?
        /// Whether all rows have been copied once, and the feed is followed.
        var isFollowing = false
        /// The last row number that was copied; then a cursor.
        var position: Int64 = 0
        var copied: Int64 = 0
    }

    /// - Returns: about how many rows were looked at; nil when the snapshot is what the project is in this transaction.
    func copy(to backup: Backup, _ progress: inout Progress, limit: Int) throws -> Int? {
        if !progress.isFollowing {
            let cursor = try progress.cursor ?? tx.projectCursor(backup.project)
            progress.cursor = cursor
            let window = min(max(limit, 1), Self.window)
            let after = AssetID(rawValue: progress.position)
            guard let copied = try tx.copyAssets(to: backup, after: after, window: window) else {
                progress.isFollowing = true
                progress.position = cursor
                return 1
            }
            progress.position = copied.last.rawValue
            progress.copied += Int64(copied.copied)
            return window
        }
        let changes = try tx.changes(
            in: backup.project, after: progress.position, limit: min(max(limit, 1), 1000))
        guard let last = changes.last else { return nil }
        try tx.copyAgain(Array(Set(changes.filter { $0.dataType == .assets }.map(\.key))), to: backup)
        progress.position = last.cursor
        return changes.count
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

extension SnapshotSweep.Progress {
    init(_ job: Job) {
        self.init(
            cursor: job.parameter("cursor"), isFollowing: job.isInFiles, position: job.position, copied: job.succeeded)
    }

    func save(to job: inout Job) {
        var members = job.parameters.objectValue ?? [:]
        members["cursor"] = cursor.map(JSON.int)
        job.parameters = .object(members)
        job.isInFiles = isFollowing
        job.position = position
        job.succeeded = copied
    }
}
