/// A snapshot of a project's tree, with its settings and saved queries (project reference 4.6).
package struct Backup: Sendable, Equatable {
    package enum Status: String, Sendable {
        case making, ready
        /// Its rows are being removed; nobody sees it any more.
        case deleting
    }

    package let id: BackupID
    package let project: ProjectID
    /// Counts up within the project; negative for the snapshot that an export reads.
    package let version: Int64
    package let name: String
    package let createdBy: String
    package let createdOn: Timestamp
    package let status: Status

    package init(
        id: BackupID, project: ProjectID, version: Int64, name: String, createdBy: String, createdOn: Timestamp,
        status: Status
    ) {
        self.id = id
        self.project = project
        self.version = version
        self.name = name
        self.createdBy = createdBy
        self.createdOn = createdOn
        self.status = status
    }
}

/// Backups. The rows of a snapshot are copies of the assets' rows; the blobs that they name are kept as long as they do.
package protocol BackupTables {
    /// A new backup under the project's next version, or a negative one when `isExport`; empty, and in the making.
    /// - Parameter name: nil takes `Backup <version>`.
    func insertBackup(of project: ProjectID, name: String?, createdBy: String, isExport: Bool, now: Timestamp) throws
        -> Backup
    func backup(_ id: BackupID) throws -> Backup?
    /// The backups that clients see, by version.
    func backups(of project: ProjectID) throws -> [Backup]
    /// The version that the next backup will have.
    func nextBackup(of project: ProjectID) throws -> Int64
    func setName(of backup: BackupID, to name: String) throws
    func setStatus(of backup: BackupID, to status: Backup.Status) throws
    /// Marks snapshots of exports that were begun before `moment` and never cleared away as deleted; answers how many.
    func expireExports(before moment: Timestamp) throws -> Int

    /// Copies the rows of the project's assets whose numbers lie in the next `window` after `id`. Answers how many there were, and
    /// the last number of the window; nil when there are no assets behind `id`.
    func copyAssets(to backup: Backup, after id: AssetID, window: Int) throws -> (copied: Int, last: AssetID)?
    /// Copies these again as they are now; what is gone goes from the snapshot too.
    func copyAgain(_ assets: [GID], to backup: Backup) throws
    /// Copies the project's settings and saved queries.
    func copySettings(to backup: Backup) throws
    /// Makes the project what the snapshot says, in this transaction: assets, counts, search index, settings and queries. Bytes
    /// that a file has now and the snapshot does not name become an old version. Appends nothing to the feed.
    func restore(_ backup: Backup, now: Timestamp) throws
    /// How often the project has been restored: a restore changes rows that the feed does not name.
    func restores(of project: ProjectID) throws -> Int64
    /// Removes rows of deleted backups, at most `limit`; answers how many.
    func purgeBackups(limit: Int, now: Timestamp) throws -> Int

    /// How many assets a snapshot holds.
    func snapshotSize(of backup: Backup) throws -> Int64
    /// The settings of a snapshot.
    func settings(of backup: BackupID) throws -> ProjectSettings
    /// Assets of a snapshot: the root first, then level by level the children of `parent`, by number after `id`.
    func snapshotAssets(of backup: Backup, in parent: AssetID?, after id: AssetID, limit: Int) throws -> [Asset]
}
