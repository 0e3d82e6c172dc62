import AssetCore

/// What a restore asks of a project and its snapshots, and the changes that only a restore makes.
extension SQLTransaction {
    /// Where a row of the project, `a`, is not what a snapshot says, `b`, apart from its place and its status.
    private static let contentDiffers = """
        a.blob_id IS DISTINCT FROM b.blob_id OR a.title <> b.title OR a.description <> b.description
            OR a.metadata <> b.metadata OR a.transforms <> b.transforms
        """

    func restoreEntries(
        of backup: Backup, since base: Backup, in parent: AssetID?, now folder: AssetID?, after id: AssetID, limit: Int
    ) throws -> [RestoreEntry] {
        try db.all(
            """
            SELECT b.asset_id, b.gid, b.is_file, b.status, a.status, u.status,
                CASE WHEN a.parent_id IS NOT DISTINCT FROM CAST(? AS BIGINT) AND a.name = b.name THEN 1 ELSE 0 END,
                CASE WHEN \(Self.contentDiffers) THEN 1 ELSE 0 END
            FROM backup_assets b LEFT JOIN assets a ON a.id = b.asset_id
                LEFT JOIN backup_assets u ON u.backup_id = ? AND u.asset_id = b.asset_id
            WHERE b.backup_id = ? AND b.parent_id \(parent == nil ? "IS NULL" : "= ?") AND b.asset_id > ?
            ORDER BY b.asset_id LIMIT ?
            """,
            [.id(folder), .id(base.id), .id(backup.id)] + (parent.map { [.id($0)] } ?? []) + [.id(id), .count(limit)]
        ) { row in
            RestoreEntry(
                id: row.id(0), gid: try row.gid(1), isFile: row.int(2) == 1, wanted: try row.raw(3),
                now: row.isNull(4) ? nil : try row.raw(4, Asset.Status.self),
                before: row.isNull(5) ? nil : try row.raw(5, Asset.Status.self), isInPlace: row.int(6) == 1,
                hasOtherContent: row.int(7) == 1)
        }
    }

    func snapshotAssets(_ ids: [AssetID], of backup: Backup) throws -> [AssetID: Asset] {
        if ids.isEmpty { return [:] }
        let assets = try db.all(
            """
            SELECT asset_id, gid, CAST(? AS BIGINT), \(Self.snapshotColumns) FROM backup_assets
            WHERE backup_id = ? AND asset_id IN (\(list(ids)))
            """, [.id(backup.project), .id(backup.id)], isCached: false, Self.asset)
        return Dictionary(assets.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func takenNames(among ids: [AssetID], of backup: Backup, in folder: AssetID) throws -> Set<AssetID> {
        if ids.isEmpty { return [] }
        return Set(
            try db.all(
                """
                SELECT b.asset_id FROM backup_assets b JOIN assets a ON a.parent_id = ? AND a.name = b.name
                WHERE b.backup_id = ? AND b.asset_id IN (\(list(ids)))
                """, [.id(folder), .id(backup.id)], isCached: false
            ) { $0.id(0) })
    }

    func reviveAssets(
        _ ids: [AssetID], of backup: Backup, in folder: AssetID, named name: String?, status: Asset.Status?,
        now: Timestamp
    ) throws {
        if ids.isEmpty { return }
        try db.execute(
            """
            INSERT INTO assets (id, gid, project_id, parent_id, name, is_file, status, version, blob_id, size, type, info,
                title, description, metadata, transforms, created_on, updated_on)
            SELECT asset_id, gid, CAST(? AS BIGINT), CAST(? AS BIGINT), COALESCE(CAST(? AS TEXT), name), is_file,
                COALESCE(CAST(? AS TEXT), status),
                CASE WHEN purged_version > version THEN purged_version + 1 ELSE version END,
                blob_id, size, type, info, title, description, metadata, transforms, created_on, CAST(? AS BIGINT)
            FROM backup_assets WHERE backup_id = ? AND asset_id IN (\(list(ids)))
            """,
            [
                .id(backup.project), .id(folder), .text(ifAny: name), .text(ifAny: status?.rawValue), .time(now),
                .id(backup.id),
            ], isCached: false)
        for start in stride(from: 0, to: ids.count, by: 500) {
            let assets = try assets(Array(ids[start..<min(start + 500, ids.count)]))
            try addToCount(of: folder, files: true, Int64(assets.count(where: \.isFile)))
            try addToCount(of: folder, files: false, Int64(assets.count { !$0.isFile }))
            for asset in assets {
                try index(asset)
                try noteImages(of: asset)
            }
        }
    }

    func restoreContent(of asset: Asset, to content: Asset.Content, now: Timestamp) throws {
        try keepVersion(of: asset, now: now)
        try db.execute(
            """
            UPDATE assets SET blob_id = ?, size = ?, type = ?, info = ?, version = version + 1, updated_on = ? WHERE id = ?
            """,
            [
                .id(content.blob), .int(content.size), .text(ifAny: content.type), .json(content.info), .time(now),
                .id(asset.id),
            ])
    }

    func snapshotWindow(of backup: Backup, after id: AssetID, window: Int) throws -> AssetID? {
        let last = try db.first(
            """
            SELECT MAX(asset_id) FROM (
                SELECT asset_id FROM backup_assets WHERE backup_id = ? AND asset_id > ? ORDER BY asset_id LIMIT ?
            ) AS page
            """, [.id(backup.id), .id(id), .count(window)]
        ) { $0.id(ifAny: 0, AssetID.self) }
        return last ?? nil
    }

    func extraAssets(
        to backup: Backup, since base: Backup, after first: AssetID, upTo last: AssetID
    ) throws -> [AssetID] {
        try db.all(
            """
            SELECT b.asset_id FROM backup_assets b
            WHERE b.backup_id = ? AND b.asset_id > ? AND b.asset_id <= ? AND b.parent_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM backup_assets w WHERE w.backup_id = ? AND w.asset_id = b.asset_id
            )
            ORDER BY b.asset_id
            """, [.id(base.id), .id(first), .id(last), .id(backup.id)]
        ) { $0.id(0) }
    }

    func foldersToTrash(among folders: [AssetID], of backup: Backup, since base: Backup) throws -> Set<AssetID> {
        if folders.isEmpty { return [] }
        return Set(
            try db.all(
                """
                SELECT b.asset_id FROM backup_assets b JOIN assets a ON a.id = b.asset_id
                    JOIN backup_assets u ON u.backup_id = ? AND u.asset_id = b.asset_id
                WHERE b.backup_id = ? AND b.asset_id IN (\(list(folders)))
                    AND b.status = 'deleted' AND a.status = 'published' AND u.status = 'published'
                """, [.id(base.id), .id(backup.id)], isCached: false
            ) { $0.id(0) })
    }

    func assets(
        since base: Backup, after first: AssetID, upTo last: AssetID, withNamePrefix prefix: String
    ) throws -> [Asset] {
        try assets(
            try db.all(
                """
                SELECT a.id FROM backup_assets u JOIN assets a ON a.id = u.asset_id
                WHERE u.backup_id = ? AND u.asset_id > ? AND u.asset_id <= ? AND a.name LIKE ?
                ORDER BY a.id
                """, [.id(base.id), .id(first), .id(last), .text(prefix + "%")]
            ) { $0.id(0) })
    }

    func restoreSettings(of backup: Backup) throws {
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
