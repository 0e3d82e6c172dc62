/// The table of words, in the language of each database.
struct SearchIndex {
    private let dialect: SQLDialect

    init(_ dialect: SQLDialect) { self.dialect = dialect }

    /// The column that holds the row number of the asset.
    var key: String {
        switch dialect {
        case .sqlite: "asset_search.rowid"
        case .postgres: "asset_search.asset_id"
        }
    }

    /// An expression to order by: in the order of the assets' numbers.
    var order: String {
        switch dialect {
        case .sqlite: key
        // Not by the column itself: PostgreSQL would go through all rows in that order until it has a few that match.
        case .postgres: "\(key) + 0"
        }
    }

    /// A condition on rows of `asset_search`.
    func condition(_ match: WordMatch, _ values: inout [SQLValue]) -> String {
        switch dialect {
        case .sqlite:
            values.append(.text(match.fts5))
            return "asset_search MATCH ?"
        case .postgres: return match.condition(&values)
        }
    }

    /// A condition on `assets`.
    func contains(_ match: WordMatch, _ values: inout [SQLValue]) -> String {
        "(assets.id IN (SELECT \(key) FROM asset_search WHERE \(condition(match, &values))))"
    }

    /// An expression to order by: the best match first.
    func relevance(_ match: WordMatch, _ values: inout [SQLValue]) -> String {
        switch dialect {
        case .sqlite:
            "bm25(asset_search, \(WordMatch.Column.allCases.map { "\($0.weight).0" }.joined(separator: ", ")))"
        case .postgres: "\(match.rank(&values)) DESC"
        }
    }

    /// Takes the row number and the lines of words of each column, as `stored` makes them.
    var insertion: String {
        switch dialect {
        case .sqlite: "INSERT INTO asset_search (rowid, name, title, description, metadata) VALUES (?, ?, ?, ?, ?)"
        case .postgres:
            """
            INSERT INTO asset_search (asset_id, name, title, description, metadata)
            VALUES (?, CAST(? AS TSVECTOR), CAST(? AS TSVECTOR), CAST(? AS TSVECTOR), CAST(? AS TSVECTOR))
            """
        }
    }

    func stored(_ line: String) -> String {
        switch dialect {
        case .sqlite: line
        case .postgres: TextVector.text(line)
        }
    }
}
