import AssetCore

/// Making a project what a snapshot says: by sets of rows, and only where they differ. Row numbers are never used twice, so that
/// assets that are gone come back under their own.
extension SQLTransaction {
    func restore(_ backup: Backup, now: Timestamp) throws {
        let restore = Restore(db: db, backup: backup, now: now)
        let stale = try restore.filesToIndexAgain()
        for start in stride(from: 0, to: stale.gone.count, by: 500) {
            try unindex(Array(stale.gone[start..<min(start + 500, stale.gone.count)]))
        }
        try restore.keepReplacedBytes()
        try restore.makeRoomForNames()
        try restore.insertMissing()
        try restore.updateChanged()
        try addCandidates(
            restore.blobsOfExtra, restore.extraValues + restore.extraValues + restore.extraValues, since: now)
        try notePurgedVersions(ofAssetsWhere: Restore.extra, restore.extraValues, in: backup.project)
        try restore.deleteExtra()
        try countChildren(in: backup.project)
        for start in stride(from: 0, to: stale.found.count, by: 500) {
            for asset in try assets(Array(stale.found[start..<min(start + 500, stale.found.count)])) {
                try index(asset)
            }
        }
        try noteImages(in: backup.project)
        try db.execute("UPDATE projects SET restores = restores + 1 WHERE id = ?", [.id(backup.project)])
        try restoreSettings(of: backup)
    }

    func countChildren(in project: ProjectID) throws {
        try db.execute(
            """
            UPDATE assets SET
                file_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 1),
                folder_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 0)
            WHERE project_id = ? AND is_file = 0
            """, [.id(project)])
    }

    private func restoreSettings(of backup: Backup) throws {
        guard var project = try project(backup.project) else { return }
        let settings = try settings(of: backup.id)
        project.timezone = settings.timezone
        project.languages = settings.languages
        try update(project)
        try db.execute("DELETE FROM queries WHERE project_id = ?", [.id(project.id)])
        for query in settings.queries { try save(query, in: project.id) }
        try db.execute("DELETE FROM record_options WHERE project_id = ?", [.id(project.id)])
        for option in settings.options { try insert(option, in: project.id) }
    }
}

private struct Restore {
    let db: any SQLConnection
    let backup: Backup
    let now: Timestamp

    private static let restoredColumns = [
        "parent_id", "name", "status", "blob_id", "size", "type", "info", "title", "description", "metadata",
        "transforms",
    ]

    /// The rows of the project that the snapshot does not have.
    static let extra = """
        project_id = ? AND NOT EXISTS (
            SELECT 1 FROM backup_assets b WHERE b.backup_id = ? AND b.asset_id = assets.id
        )
        """
    var extraValues: [SQLValue] { [.id(backup.project), .id(backup.id)] }

    /// The rows of the snapshot that the project does not have.
    private static let missing =
        "b.backup_id = ? AND NOT EXISTS (SELECT 1 FROM assets WHERE assets.id = b.asset_id)"

    private static let textsDiffer =
        "a.name <> b.name OR a.title <> b.title OR a.description <> b.description OR a.metadata <> b.metadata"

    /// Files whose words change: those whose words go, and those that get some.
    func filesToIndexAgain() throws -> (gone: [AssetID], found: [AssetID]) {
        let changed = try ids(
            """
            SELECT a.id FROM assets a JOIN backup_assets b ON b.backup_id = ? AND b.asset_id = a.id
            WHERE a.project_id = ? AND a.is_file = 1 AND (\(Self.textsDiffer))
            """, [.id(backup.id), .id(backup.project)])
        let extra = try ids("SELECT id FROM assets WHERE is_file = 1 AND \(Self.extra)", extraValues)
        let missing = try ids(
            "SELECT b.asset_id FROM backup_assets b WHERE b.is_file = 1 AND \(Self.missing)", [.id(backup.id)])
        return (changed + extra, changed + missing)
    }

    private func ids(_ sql: String, _ values: [SQLValue]) throws -> [AssetID] {
        try db.all(sql, values) { $0.id(0) }
    }

    func keepReplacedBytes() throws {
        try db.execute(
            """
            INSERT INTO asset_versions (asset_id, version, blob_id, size, type, info, replaced_on)
            SELECT a.id, a.version, a.blob_id, a.size, a.type, a.info, CAST(? AS BIGINT)
            FROM assets a JOIN backup_assets b ON b.backup_id = ? AND b.asset_id = a.id
            WHERE a.project_id = ? AND a.is_file = 1 AND a.blob_id <> b.blob_id
            """, [.time(now), .id(backup.id), .id(backup.project)])
    }

    /// Rows that go elsewhere, or go, must not stand in the way of others. No name that a client gives has a control character.
    func makeRoomForNames() throws {
        try db.execute(
            """
            UPDATE assets SET name = '\u{1}' || id WHERE project_id = ? AND parent_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM backup_assets b WHERE b.backup_id = ? AND b.asset_id = assets.id
                    AND b.parent_id = assets.parent_id AND b.name = assets.name
            )
            """, extraValues)
    }

    func insertMissing() throws {
        let columns = Self.restoredColumns + ["gid", "is_file", "created_on"]
        try db.execute(
            """
            INSERT INTO assets (id, project_id, updated_on, version, \(columns.joined(separator: ", ")))
            SELECT b.asset_id, CAST(? AS BIGINT), CAST(? AS BIGINT),
                CASE WHEN b.purged_version > b.version THEN b.purged_version + 1 ELSE b.version END,
                \(columns.map { "b." + $0 }.joined(separator: ", "))
            FROM backup_assets b WHERE \(Self.missing)
            """, [.id(backup.project), .time(now), .id(backup.id)])
    }

    func updateChanged() throws {
        let differs = Self.restoredColumns.map { "assets.\($0) IS DISTINCT FROM b.\($0)" }.joined(separator: " OR ")
        let columns = Self.restoredColumns.map { "\($0) = b.\($0)" }.joined(separator: ", ")
        try db.execute(
            """
            UPDATE assets SET \(columns), status_job = NULL, updated_on = ?,
                version = CASE WHEN assets.blob_id IS DISTINCT FROM b.blob_id THEN assets.version + 1
                    ELSE assets.version END
            FROM backup_assets b
            WHERE b.backup_id = ? AND b.asset_id = assets.id AND assets.project_id = ? AND (\(differs))
            """, [.time(now), .id(backup.id), .id(backup.project)])
    }

    var blobsOfExtra: String {
        """
        SELECT blob_id FROM assets WHERE blob_id IS NOT NULL AND \(Self.extra)
        UNION SELECT blob_id FROM asset_versions WHERE asset_id IN (SELECT id FROM assets WHERE \(Self.extra))
        UNION SELECT blob_id FROM renditions WHERE asset_id IN (SELECT id FROM assets WHERE \(Self.extra))
        """
    }

    func deleteExtra() throws { try db.execute("DELETE FROM assets WHERE \(Self.extra)", extraValues) }
}
