import AssetCore

/// Whether the search index holds the words of each file, and nothing else.
extension SQLTransaction {
    func searchDamage(in window: ClosedRange<Int64>) throws -> [DamagedItem]? {
        let key = SearchIndex(db.dialect).key
        let values: [SQLValue] = [.int(window.lowerBound), .int(window.upperBound)]
        let columns = WordMatch.Column.allCases.map { "CAST(\($0.rawValue) AS TEXT)" }.joined(separator: ", ")
        var stored: [Int64: [String]] = [:]
        try db.query("SELECT \(key), \(columns) FROM asset_search WHERE \(key) BETWEEN ? AND ?", values) { row in
            stored[row.int(0)] = (1...4).map { row.text(ifAny: $0) ?? "" }
        }

        var items: [DamagedItem] = []
        try db.query(
            "SELECT \(Self.assetColumns) FROM assets WHERE id BETWEEN ? AND ? AND is_file = 1", values
        ) { row in
            let what: String?
            do {
                what = try searchDamage(of: try Self.asset(row), stored[row.int(0)])
            } catch let error as AssetError {
                what = "cannot be read: \(error.message)"
            } catch is CorruptRow {
                what = "cannot be read"
            }
            guard let what else { return }
            items.append(
                DamagedItem(
                    number: row.int(0), gid: GID(bytes: row.blob(1)), pathname: try boundedPathname(of: row.int(0)),
                    what: what))
        }
        return items
    }

    private func searchDamage(of asset: Asset, _ stored: [String]?) throws -> String? {
        guard let stored else { return "is not indexed" }
        let words = try words(of: asset)
        switch db.dialect {
        case .sqlite:
            guard stored == words else { return "is indexed with other words" }
            // The table of the words is not the index: only a search shows what that knows.
            if words[0].isEmpty { return nil }
            let isFound = try db.first(
                "SELECT 1 FROM asset_search WHERE asset_search MATCH ? AND rowid = ?",
                [.text("name : \"\(words[0])\""), .id(asset.id)]
            ) { _ in true }
            return isFound == true ? nil : "is not found by its name"
        case .postgres:
            // Compared in the form in which the database keeps them.
            let columns = words.map { _ in "CAST(CAST(? AS TSVECTOR) AS TEXT)" }.joined(separator: ", ")
            let kept = try db.first("SELECT \(columns)", words.map { .text(TextVector.text($0)) }) { row in
                (0..<4).map { row.text($0) }
            }
            return stored == kept ? nil : "is indexed with other words"
        }
    }

    func strayWords(in window: ClosedRange<Int64>) throws -> [DamagedItem] {
        let key = SearchIndex(db.dialect).key
        return try db.all(
            """
            SELECT \(key) FROM asset_search WHERE \(key) BETWEEN ? AND ? AND NOT EXISTS (
                SELECT 1 FROM assets WHERE assets.id = \(key) AND assets.is_file = 1
            )
            """, [.int(window.lowerBound), .int(window.upperBound)]
        ) { DamagedItem(number: $0.int(0), what: "words of what is no file, number \($0.int(0))") }
    }
}
