import AssetCore

extension SQLTransaction: BackupTables {
    private static let backupColumns = "id, project_id, version, name, created_by, created_on, status"

    private static func backup(_ row: any SQLRow) throws -> Backup {
        Backup(
            id: row.id(0), project: row.id(1), version: row.int(2), name: row.text(3), createdBy: row.text(4),
            createdOn: row.time(5), status: try row.raw(6))
    }

    func insertBackup(
        of project: ProjectID, name: String?, createdBy: String, isExport: Bool, now: Timestamp
    ) throws -> Backup {
        let version =
            isExport
            ? try db.first("SELECT COALESCE(MIN(version), 0) FROM backups WHERE project_id = ?", [.id(project)]) {
                min($0.int(0), 0) - 1
            }
            : try db.first(
                "UPDATE projects SET next_backup = next_backup + 1 WHERE id = ? RETURNING next_backup - 1",
                [.id(project)]
            ) { $0.int(0) }
        let number = version ?? 1
        let name = name ?? "Backup \(number)"
        let id = try db.insert(
            """
            INSERT INTO backups (project_id, version, name, created_by, created_on, status)
            VALUES (?, ?, ?, ?, ?, 'making')
            """, [.id(project), .int(number), .text(name), .text(createdBy), .time(now)])
        return Backup(
            id: BackupID(rawValue: id), project: project, version: number, name: name, createdBy: createdBy,
            createdOn: now, status: .making)
    }

    func backup(_ id: BackupID) throws -> Backup? {
        try db.first("SELECT \(Self.backupColumns) FROM backups WHERE id = ?", [.id(id)], Self.backup)
    }

    func backups(of project: ProjectID) throws -> [Backup] {
        try db.all(
            """
            SELECT \(Self.backupColumns) FROM backups
            WHERE project_id = ? AND version > 0 AND status <> 'deleting' ORDER BY version
            """, [.id(project)], Self.backup)
    }

    func nextBackup(of project: ProjectID) throws -> Int64 {
        try db.first("SELECT next_backup FROM projects WHERE id = ?", [.id(project)]) { $0.int(0) } ?? 1
    }

    func setName(of backup: BackupID, to name: String) throws {
        try db.execute("UPDATE backups SET name = ? WHERE id = ?", [.text(name), .id(backup)])
    }

    func setStatus(of backup: BackupID, to status: Backup.Status) throws {
        try db.execute("UPDATE backups SET status = ? WHERE id = ?", [.text(status.rawValue), .id(backup)])
    }

    func expireExports(before moment: Timestamp) throws -> Int {
        try db.execute(
            "UPDATE backups SET status = 'deleting' WHERE version < 0 AND status <> 'deleting' AND created_on < ?",
            [.time(moment)])
    }

    // MARK: Making

    private static let copiedColumns = """
        gid, parent_id, name, is_file, status, version, blob_id, size, type, info, file_count, folder_count, title,
        description, metadata, transforms, created_on, updated_on
        """

    func copyAssets(to backup: Backup, after id: AssetID, window: Int) throws -> (copied: Int, last: AssetID)? {
        // The project's next row may lie far away: the window begins there.
        let first = try db.first(
            "SELECT id FROM assets WHERE id > ? AND project_id = ? ORDER BY id LIMIT 1", [.id(id), .id(backup.project)]
        ) { $0.int(0) }
        guard let first else { return nil }
        let last = first + Int64(window) - 1
        let copied = try copy(to: backup, where: "id BETWEEN ? AND ?", [.int(first), .int(last)], isCached: true)
        return (copied, AssetID(rawValue: last))
    }

    func copyAgain(_ assets: [GID], to backup: Backup) throws {
        if assets.isEmpty { return }
        let places = Array(repeating: "?", count: assets.count).joined(separator: ",")
        let gids = assets.map(SQLValue.gid)
        try db.execute(
            "DELETE FROM backup_assets WHERE backup_id = ? AND gid IN (\(places))", [.id(backup.id)] + gids,
            isCached: false)
        _ = try copy(to: backup, where: "gid IN (\(places))", gids, isCached: false)
    }

    private func copy(to backup: Backup, where place: String, _ values: [SQLValue], isCached: Bool) throws -> Int {
        try db.execute(
            """
            INSERT INTO backup_assets (backup_id, asset_id, \(Self.copiedColumns))
            SELECT ?, id, \(Self.copiedColumns) FROM assets WHERE \(place) AND +project_id = ?
            """, [.id(backup.id)] + values + [.id(backup.project)], isCached: isCached)
    }

    func copySettings(to backup: Backup) throws {
        guard let project = try project(backup.project) else { return }
        let settings = ProjectSettings(
            timezone: project.timezone, languages: project.languages, queries: try queries(of: project.id),
            options: try recordOptions(of: project.id))
        try db.execute("UPDATE backups SET settings = ? WHERE id = ?", [.json(settings.json), .id(backup.id)])
    }

    func snapshotSize(of backup: Backup) throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM backup_assets WHERE backup_id = ?", [.id(backup.id)]) { $0.int(0) } ?? 0
    }

    func settings(of backup: BackupID) throws -> ProjectSettings {
        let text = try db.first("SELECT settings FROM backups WHERE id = ?", [.id(backup)]) { $0.text(0) }
        return try ProjectSettings(JSON(parsing: text ?? "{}"))
    }

    /// As `assetColumns`, behind the project.
    static let snapshotColumns = """
        parent_id, name, status, version, blob_id, size, type, info, file_count, folder_count, title, description,
        metadata, transforms, created_on, updated_on
        """

    func snapshotAssets(of backup: Backup, in parent: AssetID?, after id: AssetID, limit: Int) throws -> [Asset] {
        try db.all(
            """
            SELECT asset_id, gid, CAST(? AS BIGINT), \(Self.snapshotColumns) FROM backup_assets
            WHERE backup_id = ? AND parent_id \(parent == nil ? "IS NULL" : "= ?") AND asset_id > ?
            ORDER BY asset_id LIMIT ?
            """,
            [.id(backup.project), .id(backup.id)] + (parent.map { [.id($0)] } ?? []) + [.id(id), .count(limit)],
            Self.asset)
    }

    /// Before these assets are removed for good: a version number that was given once does not come again with other bytes.
    func notePurgedVersions(ofAssetsWhere place: String, _ values: [SQLValue], in project: ProjectID) throws {
        try db.execute(
            """
            UPDATE backup_assets SET purged_version = assets.version FROM assets
            WHERE backup_assets.backup_id IN (SELECT id FROM backups WHERE project_id = ?)
                AND backup_assets.asset_id = assets.id AND assets.is_file = 1 AND \(place)
            """, [.id(project)] + values, isCached: false)
    }

    // MARK: Removing

    func purgeBackups(limit: Int, now: Timestamp) throws -> Int {
        // A restore that has begun needs its rows to the end.
        let backup = try db.first(
            """
            SELECT id FROM backups WHERE status = 'deleting' AND project_id NOT IN (\(Self.projectsInRestore)) LIMIT 1
            """, []
        ) { $0.int(0) }
        guard let backup else { return 0 }
        let ids = try db.all(
            "SELECT asset_id FROM backup_assets WHERE backup_id = ? LIMIT ?", [.int(backup), .count(limit)]
        ) { $0.id(0, AssetID.self) }
        guard !ids.isEmpty else { return try db.execute("DELETE FROM backups WHERE id = ?", [.int(backup)]) }
        let place = "FROM backup_assets WHERE backup_id = ? AND asset_id IN (\(list(ids)))"
        try addCandidates(
            "SELECT DISTINCT blob_id \(place) AND blob_id IS NOT NULL", [.int(backup)], since: now)
        return try db.execute("DELETE \(place)", [.int(backup)], isCached: false)
    }
}
