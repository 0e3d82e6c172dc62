import AssetCore

/// Old versions of files.
extension SQLTransaction {
    func oldVersions(of file: AssetID) throws -> [FileVersion] {
        try db.all(
            """
            SELECT version, blob_id, size, type, info, replaced_on FROM asset_versions WHERE asset_id = ?
            ORDER BY version DESC
            """, [.id(file)]
        ) { row in
            FileVersion(
                version: row.int(0),
                content: Asset.Content(
                    blob: row.id(1), size: row.int(2), type: row.text(ifAny: 3), info: .raw(row.text(4))),
                replacedOn: row.time(5))
        }
    }

    /// Writes the present bytes down as an old version.
    func keepVersion(of asset: Asset, now: Timestamp) throws {
        guard let content = asset.content else { return }
        try insertVersion(
            FileVersion(version: asset.version, content: content, replacedOn: now), of: asset.id)
    }

    func insertVersion(_ version: FileVersion, of file: AssetID) throws {
        try db.execute(
            """
            INSERT INTO asset_versions (asset_id, version, blob_id, size, type, info, replaced_on)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(file), .int(version.version), .id(version.content.blob), .int(version.content.size),
                .text(ifAny: version.content.type), .json(version.content.info), .time(version.replacedOn),
            ])
    }

    /// Forgets all old versions but the newest `kept`.
    func pruneVersions(of file: AssetID, keeping kept: Int, now: Timestamp) throws {
        let pruned = try db.all(
            "SELECT version, blob_id FROM asset_versions WHERE asset_id = ? ORDER BY version DESC LIMIT 1000 OFFSET ?",
            [.id(file), .count(max(kept, 0))]
        ) { ($0.int(0), $0.id(1, BlobID.self)) }
        for (version, blob) in pruned {
            try db.execute(
                "DELETE FROM asset_versions WHERE asset_id = ? AND version = ?", [.id(file), .int(version)])
            try addCandidate(blob, since: now)
        }
    }
}
