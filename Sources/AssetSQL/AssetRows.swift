import AssetCore
import OrderedCollections

/// The tree: reading. What changes it stands in `AssetRows+Write.swift`.
extension SQLTransaction: AssetTables {
    static let assetColumns = """
        assets.id, assets.gid, assets.project_id, assets.parent_id, assets.name, assets.status, assets.version,
        assets.blob_id, assets.size, assets.type, assets.info, assets.file_count, assets.folder_count, assets.title,
        assets.description, assets.metadata, assets.transforms, assets.created_on, assets.updated_on
        """

    static func asset(_ row: any SQLRow) throws -> Asset {
        let content = row.id(ifAny: 7, BlobID.self).map { blob in
            Asset.Content(blob: blob, size: row.int(8), type: row.text(ifAny: 9), info: .raw(row.text(10)))
        }
        return Asset(
            id: row.id(0), gid: try row.gid(1), project: row.id(2), parent: row.id(ifAny: 3), name: row.text(4),
            content: content, status: try row.raw(5), version: row.int(6), fileCount: row.int(11),
            folderCount: row.int(12), title: try localized(row.text(13)), description: try localized(row.text(14)),
            metadata: .raw(row.text(15)), transforms: .raw(row.text(16)), createdOn: row.time(17),
            updatedOn: row.time(18))
    }

    /// Most texts are empty, and then there is nothing to parse.
    private static func localized(_ text: String) throws -> LocalizedText {
        if text == "{}" { return [:] }
        let members = try JSON(parsing: text).objectValue ?? [:]
        return LocalizedText(uniqueKeysWithValues: members.map { ($0.key, $0.value.stringValue ?? "") })
    }

    func asset(_ id: AssetID) throws -> Asset? {
        try db.first("SELECT \(Self.assetColumns) FROM assets WHERE id = ?", [.id(id)], Self.asset)
    }

    func asset(_ gid: GID, in project: ProjectID) throws -> Asset? {
        try db.first(
            "SELECT \(Self.assetColumns) FROM assets WHERE gid = ? AND project_id = ?", [.gid(gid), .id(project)],
            Self.asset)
    }

    func assets(_ ids: [AssetID]) throws -> [Asset] {
        if ids.isEmpty { return [] }
        let places = Dictionary(zip(ids, ids.indices), uniquingKeysWith: { first, _ in first })
        var found: [Asset?] = Array(repeating: nil, count: ids.count)
        let sql = "SELECT \(Self.assetColumns) FROM assets WHERE id IN (\(list(ids)))"
        try db.query(sql, [], isCached: false) { row in
            if let place = places[row.id(0)] { found[place] = try Self.asset(row) }
        }
        return ids.compactMap { places[$0].flatMap { found[$0] } }
    }

    func assets(_ gids: [GID], in project: ProjectID) throws -> [Asset] {
        if gids.isEmpty { return [] }
        let places = Array(repeating: "?", count: gids.count).joined(separator: ",")
        return try db.all(
            "SELECT \(Self.assetColumns) FROM assets WHERE project_id = ? AND gid IN (\(places))",
            [.id(project)] + gids.map(SQLValue.gid), isCached: false, Self.asset)
    }

    func child(of parent: AssetID, named name: String) throws -> Asset? {
        try db.first(
            "SELECT \(Self.assetColumns) FROM assets WHERE parent_id = ? AND name = ?", [.id(parent), .text(name)],
            Self.asset)
    }

    func folder(in parent: AssetID, named name: String) throws -> AssetID? {
        try db.first(
            "SELECT id FROM assets WHERE parent_id = ? AND name = ? AND is_file = 0", [.id(parent), .text(name)]
        ) { $0.id(0) }
    }

    func children(of parent: AssetID, top: Int, size: Int) throws -> [Asset] {
        // What comes before the page is counted off in the index alone, and from the nearer end.
        let total = Int(
            try db.first("SELECT file_count + folder_count FROM assets WHERE id = ?", [.id(parent)]) { $0.int(0) } ?? 0)
        let size = min(size, total - top)
        if size <= 0 { return [] }
        let behind = total - top - size
        let page = behind < top ? "ORDER BY is_file DESC, name DESC" : "ORDER BY is_file, name"
        return try db.all(
            """
            SELECT \(Self.assetColumns) FROM assets
            WHERE id IN (SELECT id FROM assets WHERE parent_id = ? \(page) LIMIT ? OFFSET ?)
            ORDER BY is_file, name
            """,
            [.id(parent), .count(size), .count(min(top, behind))], Self.asset)
    }

    func childIDs(of parent: AssetID) throws -> [AssetID] {
        try db.all("SELECT id FROM assets WHERE parent_id = ? ORDER BY is_file, name", [.id(parent)]) { $0.id(0) }
    }

    func children(of parent: AssetID, files: Bool, after name: String?, limit: Int) throws -> [ChildEntry] {
        try db.all(
            """
            SELECT id, name FROM assets WHERE parent_id = ? AND is_file = ? AND name > ?
            ORDER BY name LIMIT ?
            """,
            // Only the root's name is empty, so that every child's name is greater than ''.
            [.id(parent), .bool(files), .text(name ?? ""), .count(limit)]
        ) { ChildEntry(id: $0.id(0), name: $0.text(1)) }
    }

    func names(to id: AssetID) throws -> [String] {
        try db.all(
            """
            WITH RECURSIVE up (parent_id, name, height) AS (
                SELECT parent_id, name, 0 FROM assets WHERE id = ?
                UNION ALL
                SELECT assets.parent_id, assets.name, height + 1 FROM up JOIN assets ON assets.id = up.parent_id
            )
            SELECT name FROM up WHERE parent_id IS NOT NULL ORDER BY height DESC
            """, [.id(id)]
        ) { $0.text(0) }
    }

    func ancestors(of id: AssetID) throws -> [AssetID] {
        try db.all(
            """
            WITH RECURSIVE up (id, height) AS (
                SELECT parent_id, 0 FROM assets WHERE id = ?
                UNION ALL
                SELECT assets.parent_id, height + 1 FROM up JOIN assets ON assets.id = up.id
            )
            SELECT id FROM up WHERE id IS NOT NULL ORDER BY height
            """, [.id(id)]
        ) { $0.id(0) }
    }

    func height(of folder: AssetID) throws -> Int {
        var height = 0
        var level = [folder]
        while !level.isEmpty {
            height += 1
            var next: [AssetID] = []
            var hasFiles = false
            for start in stride(from: 0, to: level.count, by: 500) {
                let ids = list(level[start..<min(start + 500, level.count)])
                try db.query("SELECT id FROM assets WHERE parent_id IN (\(ids)) AND is_file = 0", [], isCached: false) {
                    next.append($0.id(0))
                }
                try db.query(
                    "SELECT 1 FROM assets WHERE parent_id IN (\(ids)) AND is_file = 1 LIMIT 1", [], isCached: false
                ) { _ in hasFiles = true }
            }
            if next.isEmpty, hasFiles { height += 1 }
            level = next
        }
        return height
    }

    func states(of ids: [AssetID]) throws -> [AssetState] {
        if ids.isEmpty { return [] }
        var found: [AssetID: AssetState] = [:]
        try db.query("\(Self.selectState) WHERE a.id IN (\(list(ids)))", [], isCached: false) { row in
            let state = try Self.state(row)
            found[state.id] = state
        }
        return ids.compactMap { found[$0] }
    }

    private static let selectState = """
        SELECT a.id, a.gid, a.parent_id, a.is_file, a.status, a.status_job, p.status, a.file_count, a.folder_count
        FROM assets a LEFT JOIN assets p ON p.id = a.parent_id
        """

    private static func state(_ row: any SQLRow) throws -> AssetState {
        AssetState(
            id: row.id(0), gid: try row.gid(1), parent: row.id(ifAny: 2), isFile: row.int(3) == 1,
            status: try row.raw(4), statusJob: row.id(ifAny: 5),
            parentStatus: row.isNull(6) ? nil : try row.raw(6, Asset.Status.self), fileCount: row.int(7),
            folderCount: row.int(8))
    }

    func assets(
        changedBy job: JobID, with status: Asset.Status, after id: AssetID?, limit: Int
    ) throws -> [AssetState] {
        try db.all(
            "\(Self.selectState) WHERE a.status_job = ? AND a.id > ? AND a.status = ? ORDER BY a.id LIMIT ?",
            [.id(job), .int(id?.rawValue ?? 0), .text(status.rawValue), .count(limit)], Self.state)
    }

    func hasChildren(_ folder: AssetID, with status: Asset.Status) throws -> Bool {
        try db.first(
            "SELECT 1 FROM assets WHERE parent_id = ? AND status = ? LIMIT 1", [.id(folder), .text(status.rawValue)]
        ) { _ in true } ?? false
    }

    func countFiles(of folder: AssetID, with status: Asset.Status) throws -> Int64 {
        try db.first(
            "SELECT COUNT(*) FROM assets WHERE parent_id = ? AND is_file = 1 AND status = ?",
            [.id(folder), .text(status.rawValue)]
        ) { $0.int(0) } ?? 0
    }

    func folderRank(of name: String, in parent: AssetID) throws -> Int {
        Int(
            try db.first(
                "SELECT COUNT(*) FROM assets WHERE parent_id = ? AND is_file = 0 AND name < ?",
                [.id(parent), .text(name)]
            ) { $0.int(0) } ?? 0)
    }

    func assetsWithTexts(in project: ProjectID, after first: AssetID, upTo last: AssetID) throws -> [AssetID] {
        try db.all(
            """
            SELECT id FROM assets WHERE id > ? AND id <= ? AND +project_id = ?
                AND (title <> '{}' OR description <> '{}' OR metadata <> '{}')
            ORDER BY id
            """, [.id(first), .id(last), .id(project)]
        ) { $0.id(0) }
    }

    func countDescendants(of folder: AssetID, limit: Int64) throws -> Int64 {
        var seen: Set<AssetID> = []
        return try countDescendants(of: [folder], seen: &seen, limit: limit)
    }

    func countSubtrees(of selection: SelectionID) throws -> Int64 {
        var folders: [AssetID] = []
        try forEachState(in: selection) { state in if !state.isFile { folders.append(state.id) } }
        guard !folders.isEmpty else { return try selectionCount(selection) }
        var seen: Set<AssetID> = []
        var total = try countDescendants(of: folders, seen: &seen, limit: .max)
        // What lies below another selected folder has been counted there.
        try forEachState(in: selection) { state in
            if !(state.parent.map(seen.contains) ?? false) { total += 1 }
        }
        return total
    }

    private func forEachState(in selection: SelectionID, _ body: (AssetState) throws -> Void) throws {
        var position: Int64 = 0
        while case let ids = try selectionItems(selection, from: position), !ids.isEmpty {
            for state in try states(of: ids) { try body(state) }
            position += Int64(ids.count)
        }
    }

    /// Adds up the counts of all folders at and below `roots`: folders are visited, files are not.
    private func countDescendants(of roots: [AssetID], seen: inout Set<AssetID>, limit: Int64) throws -> Int64 {
        var total: Int64 = 0
        var frontier = Array(Set(roots))
        seen.formUnion(frontier)
        while !frontier.isEmpty, total < limit {
            let batch = Array(frontier.suffix(500))
            frontier.removeLast(batch.count)
            let ids = list(batch)
            try db.query("SELECT SUM(file_count + folder_count) FROM assets WHERE id IN (\(ids))", [], isCached: false)
            {
                total += $0.int(ifAny: 0) ?? 0
            }
            try db.query(
                "SELECT id FROM assets WHERE parent_id IN (\(ids)) AND is_file = 0 ", [], isCached: false
            ) { row in
                let id = row.id(0, AssetID.self)
                if seen.insert(id).inserted { frontier.append(id) }
            }
        }
        return total
    }
}
