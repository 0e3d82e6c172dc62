import AssetCore

/// Whether the search index holds the words of each file, and nothing else.
extension SQLTransaction {
    func searchDamage(in window: ClosedRange<Int64>) throws -> [DamagedItem]? {
        guard db.dialect == .sqlite else { return nil }
        let values: [SQLValue] = [.int(window.lowerBound), .int(window.upperBound)]
        var stored: [Int64: [String]] = [:]
        try db.query(
            "SELECT rowid, name, title, description, metadata FROM asset_search WHERE rowid BETWEEN ? AND ?", values
        ) { row in stored[row.int(0)] = (1...4).map { row.text(ifAny: $0) ?? "" } }

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
        guard stored == (try words(of: asset)) else { return "is indexed with other words" }
        // The table of the words is not the index: only a search shows what that knows.
        if stored[0].isEmpty { return nil }
        let isFound =
            try db.first(
                "SELECT 1 FROM asset_search WHERE asset_search MATCH ? AND rowid = ?",
                [.text("name : \"\(stored[0])\""), .id(asset.id)]
            ) { _ in true } ?? false
        return isFound ? nil : "is not found by its name"
    }

    func strayWords(in window: ClosedRange<Int64>) throws -> [DamagedItem] {
        guard db.dialect == .sqlite else { return [] }
        return try db.all(
            """
            SELECT rowid FROM asset_search WHERE rowid BETWEEN ? AND ? AND NOT EXISTS (
                SELECT 1 FROM assets WHERE assets.id = asset_search.rowid AND assets.is_file = 1
            )
            """, [.int(window.lowerBound), .int(window.upperBound)]
        ) { DamagedItem(number: $0.int(0), what: "words of what is no file, number \($0.int(0))") }
    }
}
