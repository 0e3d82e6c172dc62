import AssetCore

extension SQLTransaction: BlobTables {
    private static func blob(_ row: any SQLRow) -> Blob {
        Blob(id: row.id(0), hash: row.blob(1), size: row.int(2), location: row.text(3))
    }

    func blob(_ id: BlobID) throws -> Blob? {
        try db.first("SELECT id, hash, size, location FROM blobs WHERE id = ?", [.id(id)], Self.blob)
    }

    func blob(hash: [UInt8]) throws -> Blob? {
        try db.first("SELECT id, hash, size, location FROM blobs WHERE hash = ?", [.blob(hash)], Self.blob)
    }

    func claimBlob(_ stored: StoredBlob, replacing lost: String?, now: Timestamp) throws -> Blob {
        if let known = try blob(hash: stored.hash) {
            if known.location == stored.location { return known }
            let isLost = known.location == lost
            if isLost {
                try db.execute(
                    "UPDATE blobs SET location = ? WHERE id = ?", [.text(stored.location), .id(known.id)])
            }
            try queueRemoval(isLost ? known.location : stored.location, since: Timestamp(microseconds: 0))
            return Blob(
                id: known.id, hash: known.hash, size: known.size,
                location: isLost ? stored.location : known.location)
        }
        let id = try db.insert(
            "INSERT INTO blobs (hash, size, location) VALUES (?, ?, ?)",
            [.blob(stored.hash), .int(stored.size), .text(stored.location)])
        return Blob(id: BlobID(rawValue: id), hash: stored.hash, size: stored.size, location: stored.location)
    }

    /// Of a row of `blobs`: all tables that can hold on to it are named here.
    static let isUnreferenced = """
        NOT EXISTS (SELECT 1 FROM assets WHERE assets.blob_id = blobs.id)
        AND NOT EXISTS (SELECT 1 FROM asset_versions WHERE asset_versions.blob_id = blobs.id)
        AND NOT EXISTS (SELECT 1 FROM backup_assets WHERE backup_assets.blob_id = blobs.id)
        AND NOT EXISTS (SELECT 1 FROM renditions WHERE renditions.blob_id = blobs.id)
        AND NOT EXISTS (SELECT 1 FROM file_tokens WHERE file_tokens.blob_id = blobs.id)
        AND NOT EXISTS (SELECT 1 FROM projects WHERE projects.icon_blob = blobs.id)
        AND NOT EXISTS (SELECT 1 FROM users WHERE users.avatar_blob = blobs.id)
        """

    func insertFileToken(
        _ token: String, user: UserID, blob: BlobID, name: String, now: Timestamp, expiresOn: Timestamp
    ) throws {
        try db.execute(
            "INSERT INTO file_tokens (token, user_id, blob_id, name, created_on, expires_on) VALUES (?, ?, ?, ?, ?, ?)",
            [.text(token), .id(user), .id(blob), .text(name), .time(now), .time(expiresOn)])
    }

    func fileToken(_ token: String, user: UserID, now: Timestamp) throws -> FileToken? {
        try db.first(
            """
            SELECT blobs.id, blobs.hash, blobs.size, blobs.location, file_tokens.name
            FROM file_tokens JOIN blobs ON blobs.id = file_tokens.blob_id
            WHERE token = ? AND user_id = ? AND expires_on > ?
            """, [.text(token), .id(user), .time(now)]
        ) { FileToken(token: token, user: user, blob: Self.blob($0), name: $0.text(4)) }
    }

    func deleteExpiredFileTokens(now: Timestamp, limit: Int) throws -> Int {
        let tokens = try db.all(
            "SELECT token, blob_id FROM file_tokens WHERE expires_on <= ? LIMIT ?", [.time(now), .count(limit)]
        ) { ($0.text(0), $0.id(1, BlobID.self)) }
        for (token, blob) in tokens {
            try db.execute("DELETE FROM file_tokens WHERE token = ?", [.text(token)])
            try addCandidate(blob, since: now)
        }
        return tokens.count
    }

    func releaseBlobs(before moment: Timestamp, now: Timestamp, limit: Int) throws -> Int {
        // An export reads old versions as they are now: their bytes wait until it has ended.
        let isExporting = try db.first("SELECT 1 FROM backups WHERE version < 0 AND status <> 'deleting' LIMIT 1", []) {
            _ in true
        }
        if isExporting == true { return 0 }
        let candidates = try db.all(
            "SELECT blob_id FROM blob_candidates WHERE since < ? LIMIT ?", [.time(moment), .count(limit)]
        ) { $0.id(0, BlobID.self) }
        for candidate in candidates {
            let location = try db.first(
                """
                DELETE FROM blobs WHERE id = ? AND \(Self.isUnreferenced)
                RETURNING location
                """, [.id(candidate)]
            ) { $0.text(0) }
            if let location { try queueRemoval(location, since: now) }
            try db.execute("DELETE FROM blob_candidates WHERE blob_id = ?", [.id(candidate)])
        }
        return candidates.count
    }

    func removableLocations(before moment: Timestamp, limit: Int) throws -> [String] {
        try db.all("SELECT location FROM removals WHERE since < ? LIMIT ?", [.time(moment), .count(limit)]) {
            $0.text(0)
        }
    }

    func forgetLocations(_ locations: [String]) throws {
        for location in locations { try db.execute("DELETE FROM removals WHERE location = ?", [.text(location)]) }
    }

    func unknownLocations(among locations: [String]) throws -> [String] {
        try locations.filter { location in
            let known = try db.first(
                """
                SELECT 1 WHERE EXISTS (SELECT 1 FROM blobs WHERE location = ?)
                    OR EXISTS (SELECT 1 FROM removals WHERE location = ?)
                """, [.text(location), .text(location)]
            ) { _ in true }
            return known == nil
        }
    }

    /// - Parameter blobs: a statement that selects the row numbers of blobs, each once.
    func addCandidates(_ blobs: String, _ values: [SQLValue], since moment: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO blob_candidates (blob_id, since)
            SELECT blob_id, CAST(? AS BIGINT) FROM (\(blobs)) AS lost WHERE true
            ON CONFLICT (blob_id) DO UPDATE SET since = excluded.since
            """, [.time(moment)] + values, isCached: false)
    }

    func addCandidate(_ blob: BlobID, since moment: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO blob_candidates (blob_id, since) VALUES (?, ?)
            ON CONFLICT (blob_id) DO UPDATE SET since = excluded.since
            """, [.id(blob), .time(moment)])
    }

    private func queueRemoval(_ location: String, since moment: Timestamp) throws {
        try db.execute("INSERT INTO removals (location, since) VALUES (?, ?)", [.text(location), .time(moment)])
    }
}
