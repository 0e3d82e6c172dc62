import AssetCore

/// The counts of folders whose content came by other ways than `insert` and `move`.
extension SQLTransaction {
    func countChildren(in project: ProjectID) throws {
        try db.execute(
            """
            UPDATE assets SET
                file_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 1),
                folder_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 0)
            WHERE project_id = ? AND is_file = 0
            """, [.id(project)])
    }
}
