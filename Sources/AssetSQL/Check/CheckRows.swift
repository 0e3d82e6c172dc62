import AssetCore

/// What a check of the storage looks for. Each statement sees one moment, at which everything that a transaction keeps together is
/// together; so what it finds is damage, whatever goes on meanwhile. What changes rows stands in `CheckRows+Repair.swift`.
extension SQLTransaction: CheckTables {
    func databaseDamage() throws -> [DamagedItem] {
        guard db.dialect == .sqlite else { return [] }
        let lines = try db.all("PRAGMA integrity_check(\(DamageReport.maximumExamples))", [], isCached: false) {
            $0.text(0)
        }
        return lines.filter { $0 != "ok" }.map { DamagedItem(number: 0, what: $0) }
    }

    func referenceDamage() throws -> (count: Int64, items: [DamagedItem]) {
        var count: Int64 = 0
        var items: [DamagedItem] = []
        for reference in try db.references() where !(reference.table == "assets" && reference.column == "parent_id") {
            let dangling = """
                FROM \(reference.table) r WHERE r.\(reference.column) IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM \(reference.target) t WHERE t.\(reference.targetColumn) = r.\(reference.column)
                )
                """
            let found = try db.first("SELECT COUNT(*) \(dangling)", []) { $0.int(0) } ?? 0
            guard found > 0 else { continue }
            count += found
            items += try db.all(
                """
                SELECT CAST(r.\(reference.column) AS TEXT) \(dangling)
                ORDER BY r.\(reference.column) LIMIT \(DamageReport.maximumExamples)
                """, []
            ) {
                DamagedItem(
                    number: 0,
                    what: "\(reference.table).\(reference.column) names \(reference.target) \($0.text(0))")
            }
        }
        return (count, items)
    }

    func rootDamage() throws -> [DamagedItem] {
        try db.all(
            """
            SELECT id, gid, number FROM projects WHERE hidden_since IS NULL AND NOT EXISTS (
                SELECT 1 FROM assets WHERE assets.project_id = projects.id AND assets.parent_id IS NULL
            )
            """, []
        ) {
            DamagedItem(
                number: $0.int(0), gid: GID(bytes: $0.blob(1)), what: "project \($0.int(2)) has no root folder")
        }
    }

    func cursorDamage() throws -> [DamagedItem] {
        let projects = try db.all(
            """
            SELECT id, gid, cursor, last FROM (
                SELECT id, gid, cursor, (
                    SELECT MAX(c.cursor) FROM project_changes c WHERE c.project_id = projects.id
                ) AS last FROM projects
            ) AS feeds WHERE last > cursor
            """, []
        ) {
            DamagedItem(
                number: $0.int(0), gid: GID(bytes: $0.blob(1)),
                what: "the counter of the project's feed is \($0.int(2)), its last line \($0.int(3))")
        }
        let last = try db.first("SELECT COALESCE(MAX(cursor), 0) FROM global_changes", []) { $0.int(0) } ?? 0
        let counter = try globalCursor()
        guard last > counter else { return projects }
        return projects + [
            DamagedItem(number: 0, what: "the counter of the global feed is \(counter), its last line \(last)")
        ]
    }

    func leaseDamage(latest: Timestamp) throws -> [DamagedItem] {
        try db.all(
            """
            SELECT id, token, kind FROM jobs WHERE status IN ('queued', 'processing') AND lease_until > ? ORDER BY id
            """, [.time(latest)]
        ) { DamagedItem(number: $0.int(0), gid: GID(bytes: $0.blob(1)), what: "job \($0.text(2))") }
    }

    // MARK: Assets

    func assetCount() throws -> Int64 { try db.first("SELECT COUNT(*) FROM assets", []) { $0.int(0) } ?? 0 }

    func assetWindow(after first: Int64, size: Int) throws -> ClosedRange<Int64>? {
        let end = try db.first(
            """
            SELECT MIN(id), MAX(id) FROM (SELECT id FROM assets WHERE id > ? ORDER BY id LIMIT ?) AS next
            """, [.int(first), .count(size)]
        ) { $0.int(ifAny: 1) }
        return (end ?? nil).map { first + 1...$0 }
    }

    func assetDamage(_ damage: Damage, in window: ClosedRange<Int64>) throws -> [DamagedItem] {
        let values: [SQLValue] = [.int(window.lowerBound), .int(window.upperBound)]
        if damage == .names { return try nameDamage(values) }
        guard let statement = Self.assetStatements[damage] else { return [] }
        return try db.all(statement, values) {
            DamagedItem(
                number: $0.int(0), gid: GID(bytes: $0.blob(1)),
                pathname: damage == .cycles ? nil : try boundedPathname(of: $0.int(0)), what: $0.text(2))
        }
    }

    /// Each gives number, gid and words of what is wrong in a window.
    private static let assetStatements: [Damage: String] = [
        .rules: """
        SELECT id, gid, what FROM (
            SELECT id, gid, CASE
                WHEN is_file NOT IN (0, 1) THEN 'is neither a file nor a folder'
                WHEN is_file = 1 AND blob_id IS NULL THEN 'a file without bytes'
                WHEN is_file = 0 AND blob_id IS NOT NULL THEN 'a folder with bytes'
                WHEN status NOT IN ('published', 'deleted') THEN 'its status is unknown'
                WHEN parent_id IS NULL AND (is_file = 1 OR status <> 'published')
                    THEN 'a root that is no published folder'
                WHEN version < 1 THEN 'its version is less than 1'
                WHEN is_file = 1 AND (file_count <> 0 OR folder_count <> 0) THEN 'a file that contains something'
            END AS what
            FROM assets WHERE id BETWEEN ? AND ?
        ) AS ruled WHERE what IS NOT NULL
        """,
        .parents: """
        SELECT a.id, a.gid, CASE
            WHEN p.id IS NULL THEN 'its folder does not exist'
            WHEN p.is_file = 1 THEN 'lies in a file'
            ELSE 'its folder belongs to another project'
        END
        FROM assets a LEFT JOIN assets p ON p.id = a.parent_id
        WHERE a.id BETWEEN ? AND ? AND a.parent_id IS NOT NULL
            AND (p.id IS NULL OR p.is_file = 1 OR p.project_id <> a.project_id)
        """,
        // No way is longer than a tenth of this.
        .cycles: """
        WITH RECURSIVE up (start, id, height) AS (
            SELECT id, parent_id, 1 FROM assets WHERE id BETWEEN ? AND ? AND is_file = 0 AND parent_id IS NOT NULL
            UNION ALL
            SELECT up.start, assets.parent_id, up.height + 1 FROM up JOIN assets ON assets.id = up.id
            WHERE up.height < 1000 AND assets.parent_id IS NOT NULL
        )
        SELECT assets.id, assets.gid, 'no way leads up to the root' FROM up JOIN assets ON assets.id = up.start
        WHERE up.height = 1000
        """,
        // A project that is being imported is counted at the end.
        .counts: """
        SELECT id, gid, 'counts ' || file_count || ' files and ' || folder_count || ' folders, but holds '
            || files || ' and ' || folders
        FROM (
            SELECT a.id, a.gid, a.file_count, a.folder_count,
                (SELECT COUNT(*) FROM assets c WHERE c.parent_id = a.id AND c.is_file = 1) AS files,
                (SELECT COUNT(*) FROM assets c WHERE c.parent_id = a.id AND c.is_file = 0) AS folders
            FROM assets a JOIN projects ON projects.id = a.project_id
            WHERE a.id BETWEEN ? AND ? AND a.is_file = 0 AND projects.hidden_since IS NULL
        ) AS counted WHERE file_count <> files OR folder_count <> folders
        """,
        .sizes: """
        SELECT assets.id, assets.gid, 'its size is ' || assets.size || ', that of its bytes ' || blobs.size
        FROM assets JOIN blobs ON blobs.id = assets.blob_id
        WHERE assets.id BETWEEN ? AND ? AND assets.size <> blobs.size
        """,
    ]

    private func nameDamage(_ window: [SQLValue]) throws -> [DamagedItem] {
        var items = try db.all(
            """
            SELECT a.id, a.gid, a.name FROM assets a WHERE a.id BETWEEN ? AND ? AND EXISTS (
                SELECT 1 FROM assets b WHERE b.parent_id = a.parent_id AND b.name = a.name AND b.id <> a.id
            )
            """, window
        ) {
            DamagedItem(
                number: $0.int(0), gid: GID(bytes: $0.blob(1)), pathname: try boundedPathname(of: $0.int(0)),
                what: "the name '\($0.text(2))' comes twice")
        }
        try db.query("SELECT id, gid, name FROM assets WHERE id BETWEEN ? AND ? AND parent_id IS NOT NULL", window) {
            row in
            do throws(AssetError) {
                _ = try AssetName(row.text(2))
            } catch {
                items.append(
                    DamagedItem(
                        number: row.int(0), gid: GID(bytes: row.blob(1)), what: error.message))
            }
        }
        return items
    }

    /// Also where the way up has no end.
    func boundedPathname(of asset: Int64) throws -> String {
        try db.all(
            """
            WITH RECURSIVE up (parent_id, name, height) AS (
                SELECT parent_id, name, 0 FROM assets WHERE id = ?
                UNION ALL
                SELECT assets.parent_id, assets.name, height + 1 FROM up JOIN assets ON assets.id = up.parent_id
                WHERE height < 100
            )
            SELECT name FROM up WHERE parent_id IS NOT NULL ORDER BY height DESC
            """, [.int(asset)]
        ) { "/" + $0.text(0) }.joined()
    }

    // MARK: Blobs

    func blobCount() throws -> Int64 { try db.first("SELECT COUNT(*) FROM blobs", []) { $0.int(0) } ?? 0 }

    func blobs(after first: BlobID?, limit: Int) throws -> [Blob] {
        try db.all(
            "SELECT id, hash, size, location FROM blobs WHERE id > ? ORDER BY id LIMIT ?",
            [.int(first?.rawValue ?? 0), .count(limit)]
        ) { Blob(id: $0.id(0), hash: $0.blob(1), size: $0.int(2), location: $0.text(3)) }
    }

    func unreferencedBlobs(_ window: ClosedRange<Int64>) throws -> [DamagedItem] {
        try db.all(
            """
            SELECT id, location FROM blobs WHERE id BETWEEN ? AND ? AND \(Self.isUnreferenced)
                AND NOT EXISTS (SELECT 1 FROM blob_candidates WHERE blob_candidates.blob_id = blobs.id)
            ORDER BY id
            """, [.int(window.lowerBound), .int(window.upperBound)]
        ) { DamagedItem(number: $0.int(0), what: $0.text(1)) }
    }

    func owner(of blob: BlobID) throws -> (gid: GID, pathname: String)? {
        try db.first(
            """
            SELECT id, gid FROM assets WHERE blob_id = ?
                OR id IN (SELECT asset_id FROM asset_versions WHERE blob_id = ?)
                OR id IN (SELECT asset_id FROM renditions WHERE blob_id = ?)
            ORDER BY id LIMIT 1
            """, [.id(blob), .id(blob), .id(blob)]
        ) { (try $0.gid(1), try boundedPathname(of: $0.int(0))) }
    }
}
