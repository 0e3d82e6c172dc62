import AssetCore

/// The counts of folders whose content came by other ways than `insert` and `move`.
extension SQLTransaction {
    func countChildren(in project: ProjectID, after id: AssetID, limit: Int) throws -> AssetID? {
        let folders = try db.all(
            "SELECT id FROM assets WHERE id > ? AND project_id = ? AND is_file = 0 ORDER BY id LIMIT ?",
            [.id(id), .id(project), .count(limit)]
        ) { $0.id(0, AssetID.self) }
        try db.execute(
            """
            UPDATE assets SET
                file_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 1),
                folder_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 0)
            WHERE id IN (\(list(folders)))
            """, [], isCached: false)
        return folders.last
    }
}
