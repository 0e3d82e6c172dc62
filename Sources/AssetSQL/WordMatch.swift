import AssetCore

/// What must stand in the index, before it is said in a database's own language.
indirect enum WordMatch {
    enum Column: String, CaseIterable {
        case name, title, description, metadata

        /// What a find there counts for the order.
        var weight: Int {
            switch self {
            case .name: 4
            case .title: 2
            case .description, .metadata: 1
            }
        }
    }

    /// Words that follow each other in one of the columns; the last one may be the beginning of a longer word.
    struct Phrase {
        let columns: [Column]
        let words: [String]
        let isPrefix: Bool
    }

    case phrase(Phrase)
    case all([WordMatch])
    case any([WordMatch])
    case except(WordMatch, not: [WordMatch])

    // MARK: SQLite's FTS5

    /// An expression for `asset_search MATCH ?`.
    var fts5: String {
        switch self {
        case .phrase(let phrase): Self.fts5(phrase)
        case .all(let parts): Self.joined(parts.map(\.fts5), "AND")
        case .any(let parts): Self.joined(parts.map(\.fts5), "OR")
        case .except(let match, let excluded): "(\(match.fts5) NOT \(Self.joined(excluded.map(\.fts5), "OR")))"
        }
    }

    /// Words hold letters, digits, marks and `_` only, so they need no escaping inside the quotes.
    private static func fts5(_ phrase: Phrase) -> String {
        let columns = phrase.columns.map(\.rawValue)
        let place = columns.count == 1 ? columns[0] : "{\(columns.joined(separator: " "))}"
        return "\(place) : \"\(phrase.words.joined(separator: " "))\"" + (phrase.isPrefix ? " *" : "")
    }

    // MARK: PostgreSQL's text search

    /// A condition on the columns of `asset_search`.
    func condition(_ values: inout [SQLValue]) -> String {
        switch self {
        case .phrase(let phrase):
            let query = Self.tsquery(phrase)
            let places = phrase.columns.map { column in
                values.append(.text(query))
                return "asset_search.\(column.rawValue) @@ CAST(? AS TSQUERY)"
            }
            return Self.joined(places, "OR")
        case .all(let parts): return Self.joined(parts.map { $0.condition(&values) }, "AND")
        case .any(let parts): return Self.joined(parts.map { $0.condition(&values) }, "OR")
        case .except(let match, let excluded):
            let condition = match.condition(&values)
            return "(\(condition) AND NOT \(Self.joined(excluded.map { $0.condition(&values) }, "OR")))"
        }
    }

    /// How well a row of `asset_search` that fulfils the condition matches.
    func rank(_ values: inout [SQLValue]) -> String {
        var queries: [Column: [String]] = [:]
        collect(&queries)
        let parts = Column.allCases.compactMap { column -> String? in
            guard let wanted = queries[column] else { return nil }
            values.append(.text(wanted.map { "(\($0))" }.joined(separator: " | ")))
            return "\(column.weight) * ts_rank(asset_search.\(column.rawValue), CAST(? AS TSQUERY))"
        }
        return parts.joined(separator: " + ")
    }

    private func collect(_ queries: inout [Column: [String]]) {
        switch self {
        case .phrase(let phrase):
            for column in phrase.columns { queries[column, default: []].append(Self.tsquery(phrase)) }
        case .all(let parts), .any(let parts): for part in parts { part.collect(&queries) }
        case .except(let match, _): match.collect(&queries)
        }
    }

    private static func tsquery(_ phrase: Phrase) -> String {
        phrase.words.map { "'\(TextVector.lexeme($0))'" }.joined(separator: " <-> ") + (phrase.isPrefix ? ":*" : "")
    }

    private static func joined(_ parts: [String], _ operation: String) -> String {
        parts.count == 1 ? parts[0] : "(" + parts.joined(separator: " \(operation) ") + ")"
    }
}

/// PostgreSQL's sorted words with their places (its manual, 8.11.1 and 12.11: the limits).
enum TextVector {
    /// Bytes of a word that count; the limit is 2046.
    private static let maximumWord = 1000
    /// Bytes of all words of a text; the limit is a little over a million.
    private static let maximumText = 1_000_000
    /// Places go up to 16383; a longer text begins again, so that its phrases are found, and now and then one that it has not.
    private static let maximumPlace = 16_383

    static func lexeme(_ word: String) -> String {
        guard word.utf8.count > maximumWord else { return word }
        var short = word.unicodeScalars
        while short.count > maximumWord / 4 { short.removeLast() }
        return String(short)
    }

    /// The literal of a line of words.
    static func text(_ line: String) -> String {
        var result = ""
        for (place, word) in line.split(separator: " ").enumerated() {
            if result.utf8.count > maximumText { break }
            result += "'\(lexeme(String(word)))':\(place % maximumPlace + 1) "
        }
        return result
    }
}
