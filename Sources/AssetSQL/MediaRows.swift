import AssetCore

/// Public files, renditions, and files that wait for their examination.
extension SQLTransaction: MediaTables {
    // MARK: Public files

    func isPublic(_ asset: AssetID) throws -> Bool {
        try db.first("SELECT is_public FROM public_assets WHERE asset_id = ?", [.id(asset)]) { $0.int(0) != 0 } ?? false
    }

    func isPublic(_ asset: AssetID, version: Int64) throws -> Bool {
        try db.first(
            "SELECT 1 FROM public_versions WHERE asset_id = ? AND version = ?", [.id(asset), .int(version)]
        ) { _ in true } ?? false
    }

    func makePublic(_ asset: AssetID, version: Int64, isNewest: Bool, now: Timestamp) throws {
        if isNewest { try setPublic(asset, true, now: now) }
        try db.execute(
            """
            INSERT INTO public_versions (asset_id, version) VALUES (?, ?)
            ON CONFLICT (asset_id, version) DO NOTHING
            """, [.id(asset), .int(version)])
    }

    func makePrivate(_ asset: AssetID, now: Timestamp) throws {
        try setPublic(asset, false, now: now)
        try db.execute("DELETE FROM public_versions WHERE asset_id = ?", [.id(asset)])
        try db.execute("UPDATE renditions SET is_public = 0 WHERE asset_id = ?", [.id(asset)])
    }

    private func setPublic(_ asset: AssetID, _ isPublic: Bool, now: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO public_assets (asset_id, is_public, changed_on) VALUES (?, ?, ?)
            ON CONFLICT (asset_id) DO UPDATE SET is_public = excluded.is_public, changed_on = excluded.changed_on
            """, [.id(asset), .bool(isPublic), .time(now)])
    }

    func wasMadePrivate(_ asset: AssetID, since moment: Timestamp) throws -> Bool {
        try db.first(
            "SELECT 1 FROM public_assets WHERE asset_id = ? AND is_public = 0 AND changed_on > ?",
            [.id(asset), .time(moment)]
        ) { _ in true } ?? false
    }

    // MARK: Renditions

    private static let renditions = """
        SELECT renditions.asset_id, renditions.file, renditions.has_short_url, renditions.is_public, renditions.version,
            renditions.format, renditions.width, renditions.height, renditions.created_on,
            blobs.id, blobs.hash, blobs.size, blobs.location
        FROM renditions JOIN blobs ON blobs.id = renditions.blob_id
        """

    private static func rendition(_ row: any SQLRow) throws -> Rendition {
        Rendition(
            asset: row.id(0), file: row.text(1), hasShortURL: row.int(2) != 0, isPublic: row.int(3) != 0,
            version: row.int(4),
            blob: Blob(id: row.id(9), hash: row.blob(10), size: row.int(11), location: row.text(12)),
            format: try row.raw(5), width: Int(row.int(6)), height: Int(row.int(7)), createdOn: row.time(8))
    }

    func rendition(of asset: AssetID, file: String) throws -> Rendition? {
        try db.first(
            Self.renditions + " WHERE renditions.asset_id = ? AND renditions.file = ?", [.id(asset), .text(file)],
            Self.rendition)
    }

    func shortRendition(in project: ProjectID, file: String) throws -> Rendition? {
        try db.first(
            Self.renditions
                + " WHERE renditions.project_id = ? AND renditions.file = ? AND renditions.has_short_url = 1",
            [.id(project), .text(file)], Self.rendition)
    }

    func saveRendition(_ draft: RenditionDraft, keeping kept: Int, now: Timestamp) throws -> Rendition {
        var hasShortURL = try draft.isPublic && shortRendition(in: draft.project, file: draft.file) == nil
        if let old = try rendition(of: draft.asset, file: draft.file) {
            hasShortURL = hasShortURL || old.hasShortURL
            try addCandidate(old.blob.id, since: now)
            try db.execute(
                "DELETE FROM renditions WHERE asset_id = ? AND file = ?", [.id(draft.asset), .text(draft.file)])
        }
        _ = try db.insert(
            """
            INSERT INTO renditions (asset_id, project_id, file, has_short_url, is_public, version, blob_id, format, width,
                height, created_on)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(draft.asset), .id(draft.project), .text(draft.file), .bool(hasShortURL), .bool(draft.isPublic),
                .int(draft.version), .id(draft.blob), .text(draft.format.rawValue), .count(draft.width),
                .count(draft.height), .time(now),
            ])
        try pruneRenditions(of: draft.asset, keeping: kept, now: now)
        guard let saved = try rendition(of: draft.asset, file: draft.file) else {
            throw AssetError(
                .internalError, AssetError.internalMessage, detail: "a rendition was lost while it was saved")
        }
        return saved
    }

    private func pruneRenditions(of asset: AssetID, keeping kept: Int, now: Timestamp) throws {
        let old = try db.all(
            "SELECT id, blob_id FROM renditions WHERE asset_id = ? ORDER BY id DESC LIMIT 1000 OFFSET ?",
            [.id(asset), .count(kept)]
        ) { ($0.int(0), $0.id(1, BlobID.self)) }
        for (id, blob) in old {
            try db.execute("DELETE FROM renditions WHERE id = ?", [.int(id)])
            try addCandidate(blob, since: now)
        }
    }

    func makePublic(_ rendition: Rendition, project: ProjectID) throws {
        let isFree = try shortRendition(in: project, file: rendition.file) == nil
        try db.execute(
            """
            UPDATE renditions SET is_public = 1, has_short_url = CASE WHEN ? = 1 THEN 1 ELSE has_short_url END
            WHERE asset_id = ? AND file = ?
            """, [.bool(isFree), .id(rendition.asset), .text(rendition.file)])
    }

    func renditions(
        in project: ProjectID, of asset: AssetID?, after: (asset: AssetID, file: String)?, limit: Int
    ) throws -> [Rendition] {
        let place = asset == nil ? "" : "AND renditions.asset_id = ?"
        return try db.all(
            Self.renditions + """
                 WHERE renditions.project_id = ? \(place)
                    AND (renditions.asset_id > ? OR (renditions.asset_id = ? AND renditions.file > ?))
                ORDER BY renditions.asset_id, renditions.file LIMIT ?
                """,
            [.id(project)] + (asset.map { [.id($0)] } ?? [])
                + [
                    .int(after?.asset.rawValue ?? 0), .int(after?.asset.rawValue ?? 0), .text(after?.file ?? ""),
                    .count(limit),
                ],
            Self.rendition)
    }

    // MARK: Examinations

    func queueExamination(of asset: AssetID, now: Timestamp) throws {
        try db.execute(
            """
            INSERT INTO examinations (asset_id, since) VALUES (?, ?)
            ON CONFLICT (asset_id) DO UPDATE SET since = excluded.since, attempts = 0
            """, [.id(asset), .time(now)])
    }

    func awaitsExamination(_ asset: AssetID) throws -> Bool {
        try db.first("SELECT 1 FROM examinations WHERE asset_id = ?", [.id(asset)]) { _ in true } ?? false
    }

    func examinations(limit: Int) throws -> [AssetID] {
        try db.all("SELECT asset_id FROM examinations ORDER BY since, asset_id LIMIT ?", [.count(limit)]) { $0.id(0) }
    }

    func beginExamination(of asset: AssetID) throws -> Int {
        try db.execute("UPDATE examinations SET attempts = attempts + 1 WHERE asset_id = ?", [.id(asset)])
        return Int(
            try db.first("SELECT attempts FROM examinations WHERE asset_id = ?", [.id(asset)]) { $0.int(0) } ?? 0)
    }

    func undoExaminationAttempt(of asset: AssetID) throws {
        try db.execute(
            "UPDATE examinations SET attempts = attempts - 1 WHERE asset_id = ? AND attempts > 0", [.id(asset)])
    }

    func endExamination(of asset: AssetID) throws {
        try db.execute("DELETE FROM examinations WHERE asset_id = ?", [.id(asset)])
    }

    func setInfo(of asset: AssetID, to info: JSON) throws {
        try db.execute("UPDATE assets SET info = ? WHERE id = ?", [.json(info), .id(asset)])
    }
}
