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

/// An asset of a snapshot, and how it compares with what it is now and was in the base of a restore.
package struct RestoreEntry: Sendable {
    package let id: AssetID
    package let gid: GID
    package let isFile: Bool
    /// The status in the snapshot.
    package let wanted: Asset.Status
    /// nil when the asset does not exist.
    package let now: Asset.Status?
    /// nil when the base does not have it.
    package let before: Asset.Status?
    /// Whether it has its name and lies where it shall.
    package let isInPlace: Bool
    /// Whether its bytes or texts differ.
    package let hasOtherContent: Bool

    package init(
        id: AssetID, gid: GID, isFile: Bool, wanted: Asset.Status, now: Asset.Status?, before: Asset.Status?,
        isInPlace: Bool, hasOtherContent: Bool
    ) {
        self.id = id
        self.gid = gid
        self.isFile = isFile
        self.wanted = wanted
        self.now = now
        self.before = before
        self.isInPlace = isInPlace
        self.hasOtherContent = hasOtherContent
    }

    /// It was gone before the restore began.
    var isMissing: Bool { now == nil && before == nil }
    /// Somebody has removed it for good since.
    var isPurged: Bool { now == nil && before != nil }
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
    /// Removes rows of deleted backups, at most `limit`; answers how many. Those of a project with an open restore stay.
    func purgeBackups(limit: Int, now: Timestamp) throws -> Int

    /// How many assets a snapshot holds.
    func snapshotSize(of backup: Backup) throws -> Int64
    /// The settings of a snapshot.
    func settings(of backup: BackupID) throws -> ProjectSettings
    /// Gives the project the settings, saved queries and record options of a snapshot.
    func restoreSettings(of backup: Backup) throws
    /// Assets of a snapshot: the root first, then level by level the children of `parent`, by number after `id`.
    func snapshotAssets(of backup: Backup, in parent: AssetID?, after id: AssetID, limit: Int) throws -> [Asset]
    /// These assets as a snapshot has them; those that it does not have are left out. At most 1000.
    func snapshotAssets(_ ids: [AssetID], of backup: Backup) throws -> [AssetID: Asset]
    /// The last number of the next `window` assets of a snapshot behind `id`; nil when there are none.
    func snapshotWindow(of backup: Backup, after id: AssetID, window: Int) throws -> AssetID?

    // A restore compares an asset as it is now with two snapshots: what it shall be, and the base, which says what it was when the
    // restore began.

    /// What lies in a folder of the snapshot, by number after `id`, with what it is now; nil stands above the root.
    /// - Parameter folder: where it shall lie.
    func restoreEntries(
        of backup: Backup, since base: Backup, in parent: AssetID?, now folder: AssetID?, after id: AssetID, limit: Int
    ) throws -> [RestoreEntry]
    /// Of these assets of a snapshot, those whose name another one has in the folder. At most 1000.
    func takenNames(among ids: [AssetID], of backup: Backup, in folder: AssetID) throws -> Set<AssetID>
    /// Brings assets back that do not exist, as the snapshot has them, folders without what lies in them. The folder's counts and the
    /// search index follow. A file's version is higher than any that it had. Appends nothing to the feed.
    /// - Parameters:
    ///   - name: for one asset, another name; nil takes the snapshot's. It must be free.
    ///   - status: for all of them, another status; nil takes the snapshot's.
    func reviveAssets(
        _ ids: [AssetID], of backup: Backup, in folder: AssetID, named name: String?, status: Asset.Status?,
        now: Timestamp
    ) throws
    /// Gives a file bytes that it had; those of now become an old version. Neither its status nor the feed changes.
    func restoreContent(of asset: Asset, to content: Asset.Content, now: Timestamp) throws
    /// The assets of the base, in a range of numbers, that the snapshot does not have.
    func extraAssets(
        to backup: Backup, since base: Backup, after first: AssetID, upTo last: AssetID
    ) throws -> [AssetID]
    /// Of these folders, those that lie in the trash in the snapshot, and neither now nor in the base.
    func foldersToTrash(among folders: [AssetID], of backup: Backup, since base: Backup) throws -> Set<AssetID>
    /// The assets of the base, in a range of numbers, whose names now begin with `prefix`.
    func assets(
        since base: Backup, after first: AssetID, upTo last: AssetID, withNamePrefix prefix: String
    ) throws -> [Asset]
}
