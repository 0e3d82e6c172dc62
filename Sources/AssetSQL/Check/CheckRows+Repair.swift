import AssetCore

/// Putting right what can be proved. Each repair is one short transaction that looks again.
extension SQLTransaction {
    func repairCounts(of folders: [AssetID]) throws -> Int {
        try repair(
            folders,
            """
            UPDATE assets SET
                file_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 1),
                folder_count = (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 0)
            WHERE id IN (\(list(folders))) AND is_file = 0 AND (
                file_count <> (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 1)
                OR folder_count <> (SELECT COUNT(*) FROM assets c WHERE c.parent_id = assets.id AND c.is_file = 0)
            )
            RETURNING project_id, gid
            """)
    }

    func repairSizes(of files: [AssetID]) throws -> Int {
        try repair(
            files,
            """
            UPDATE assets SET size = (SELECT blobs.size FROM blobs WHERE blobs.id = assets.blob_id)
            WHERE id IN (\(list(files))) AND size <> (SELECT blobs.size FROM blobs WHERE blobs.id = assets.blob_id)
            RETURNING project_id, gid
            """)
    }

    /// Clients keep what they have seen until the feed names it.
    private func repair(_ ids: [AssetID], _ statement: String) throws -> Int {
        if ids.isEmpty { return 0 }
        let changed = try db.all(statement, [], isCached: false) { ($0.id(0, ProjectID.self), try $0.gid(1)) }
        for (project, assets) in Dictionary(grouping: changed, by: \.0) {
            try append(.update, .assets, assets.map(\.1), in: project)
        }
        return changed.count
    }

    func repairWords(of files: [AssetID]) throws -> Int {
        if files.isEmpty { return 0 }
        try unindex(files)
        for asset in try assets(files) { try index(asset) }
        return files.count
    }

    func repairCursor(of feed: Int64) throws -> Int {
        if feed == 0 {
            return try db.execute(
                """
                UPDATE counters SET value = (SELECT MAX(cursor) FROM global_changes)
                WHERE name = 'global_cursor' AND value < (SELECT MAX(cursor) FROM global_changes)
                """, [])
        }
        let last = "(SELECT MAX(c.cursor) FROM project_changes c WHERE c.project_id = projects.id)"
        return try db.execute(
            "UPDATE projects SET cursor = \(last) WHERE id = ? AND cursor < \(last)", [.int(feed)])
    }

    func repairLease(of job: JobID, latest: Timestamp) throws -> Int {
        try db.execute(
            "UPDATE jobs SET lease_owner = NULL, lease_until = 0 WHERE id = ? AND lease_until > ?",
            [.id(job), .time(latest)])
    }

    func repairUnreferenced(_ blobs: [BlobID], now: Timestamp) throws -> Int {
        for blob in blobs { try addCandidate(blob, since: now) }
        return blobs.count
    }

    func repairLocation(of blob: Blob, to location: String) throws -> Int {
        try db.execute(
            "UPDATE blobs SET location = ? WHERE id = ? AND location = ?",
            [.text(location), .id(blob.id), .text(blob.location)])
    }
}
