import AssetCore
import OrderedCollections

/// Full-text search on SQLite's FTS5, or on PostgreSQL's text vectors.
///
/// The index holds words made by `SearchText`: `<project>_<word>` for names, `<project><language>_<word>` for titles and
/// descriptions. So a query reads only the words of its own project and language, and no other project's frequencies.
extension SQLTransaction: SearchTables {
    func search(_ query: SearchQuery, in project: ProjectID, now: Timestamp) throws -> [AssetID] {
        if query.isEmpty { return [] }
        let words = IndexWords(project: project, language: query.language)
        if let text = query.text, let match = words.matchUnranked(text), try isCommon(match) {
            return try commonMatches(of: text, match, query, words, in: project, now: now)
        }
        return try rankedMatches(of: query, words, in: project, now: now)
    }

    /// Up to so many matches are put into the order of their relevance, which takes a look at each: with 3,791 of them, 23 of 46 ms.
    static let maximumRanked = 2000

    private func isCommon(_ match: WordMatch) throws -> Bool {
        let limit = Self.maximumRanked + 1
        var values: [SQLValue] = []
        let condition = SearchIndex(db.dialect).condition(match, &values)
        return try db.first(
            "SELECT COUNT(*) FROM (SELECT 1 FROM asset_search WHERE \(condition) LIMIT ?) AS found",
            values + [.count(limit)]
        ) { $0.int(0) } == Int64(limit)
    }

    /// Of very many matches, those that have all the terms come first; otherwise the oldest.
    private func commonMatches(
        of text: TextQuery, _ match: WordMatch, _ query: SearchQuery, _ words: IndexWords, in project: ProjectID,
        now: Timestamp
    ) throws -> [AssetID] {
        let ids = try ids(of: match, query, words, in: project, now: now)
        guard let complete = words.complete(text, match) else { return ids }
        let first = Set(try self.ids(of: complete, query, words, in: project, now: now))
        return ids.filter(first.contains) + ids.filter { !first.contains($0) }
    }

    func searchPage(
        _ query: SearchQuery, in project: ProjectID, now: Timestamp, top: Int, size: Int
    ) throws -> (ids: [AssetID], total: Int64) {
        let words = IndexWords(project: project, language: query.language)
        let (end, overflow) = top.addingReportingOverflow(size)
        if !overflow, let text = query.text, let match = words.matchUnranked(text),
            let complete = words.complete(text, match), try isCommon(match)
        {
            // Mostly the page is one of those that have all the terms, and the others are only counted.
            let first = try ids(of: complete, query, words, in: project, now: now, limit: end)
            if first.count == end {
                return (Array(first[top...]), try count(of: match, query, words, in: project, now: now))
            }
        }
        let ids = try search(query, in: project, now: now)
        return (Array(ids.dropFirst(top).prefix(size)), Int64(ids.count))
    }

    /// In the order of their numbers.
    private func ids(
        of match: WordMatch, _ query: SearchQuery, _ words: IndexWords, in project: ProjectID, now: Timestamp,
        limit: Int? = nil
    ) throws -> [AssetID] {
        let index = SearchIndex(db.dialect)
        var ids: [AssetID] = []
        let end = (sql: "ORDER BY \(index.order) LIMIT ?", values: [SQLValue.count(limit ?? .max)])
        try matching(match, query, words, in: project, now: now, select: index.key, end) { ids.append($0.id(0)) }
        return ids
    }

    private func count(
        of match: WordMatch, _ query: SearchQuery, _ words: IndexWords, in project: ProjectID, now: Timestamp
    ) throws -> Int64 {
        var count: Int64 = 0
        try matching(match, query, words, in: project, now: now, select: "COUNT(*)") { count = $0.int(0) }
        return count
    }

    /// Files that match and pass the query's filter. All that is indexed are files of the project that the words name.
    private func matching(
        _ match: WordMatch, _ query: SearchQuery, _ words: IndexWords, in project: ProjectID, now: Timestamp,
        select columns: String, _ end: (sql: String, values: [SQLValue]) = ("", []),
        _ body: (any SQLRow) throws -> Void
    ) throws {
        let index = SearchIndex(db.dialect)
        var values: [SQLValue] = []
        let matches = index.condition(match, &values)
        guard let filter = query.filter else {
            return try db.query(
                "SELECT \(columns) FROM asset_search WHERE \(matches) \(end.sql)", values + end.values, body)
        }
        var compiler = FilterCompiler(db.dialect, words: words, project: project, language: query.language, now: now) {
            path in
            try folder(path, in: project)
        }
        let condition = try compiler.condition(filter, &values)
        try db.query(
            """
            \(compiler.prefix) SELECT \(columns) FROM asset_search JOIN assets ON assets.id = \(index.key)
            WHERE \(matches) AND \(condition) \(end.sql)
            """, compiler.prefixValues + values + end.values, isCached: false, body)
    }

    private func rankedMatches(
        of query: SearchQuery, _ words: IndexWords, in project: ProjectID, now: Timestamp
    ) throws -> [AssetID] {
        let index = SearchIndex(db.dialect)
        var conditions: [String] = []
        var values: [SQLValue] = []
        var orderValues: [SQLValue] = []
        var from = "assets"
        var order = "assets.id"
        if let match = query.text.flatMap(words.match) {
            from = "asset_search JOIN assets ON assets.id = \(index.key)"
            conditions.append(index.condition(match, &values))
            order = "\(index.relevance(match, &orderValues)), assets.id"
        } else if let excluded = query.text?.excluded, !excluded.isEmpty {
            conditions.append("NOT " + index.contains(.any(excluded.map { words.anywhere($0) }), &values))
        }
        conditions.append("assets.project_id = ? AND assets.is_file = 1")
        values.append(.id(project))
        var compiler = FilterCompiler(db.dialect, words: words, project: project, language: query.language, now: now) {
            path in
            try folder(path, in: project)
        }
        if let filter = query.filter { conditions.append(try compiler.condition(filter, &values)) }
        return try db.all(
            """
            \(compiler.prefix) SELECT assets.id FROM \(from) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order)
            """, compiler.prefixValues + values + orderValues, isCached: false
        ) { $0.id(0) }
    }

    private func folder(_ path: AssetPath, in project: ProjectID) throws -> AssetID? {
        guard var folder = try self.project(project)?.root else { return nil }
        for name in path.names {
            guard let next = try self.folder(in: folder, named: name.description) else { return nil }
            folder = next
        }
        return folder
    }

    // MARK: Keeping the index

    /// Only files are found by a search, so only files are indexed.
    func index(_ asset: Asset) throws {
        guard asset.isFile else { return }
        let index = SearchIndex(db.dialect)
        try db.execute(index.insertion, [.id(asset.id)] + words(of: asset).map { .text(index.stored($0)) })
    }

    /// What the index holds of a file: its name, titles, descriptions and metadata.
    func words(of asset: Asset) throws -> [String] {
        [
            IndexWords(project: asset.project, language: "").line(asset.name),
            IndexWords.lines(asset.title, of: asset.project), IndexWords.lines(asset.description, of: asset.project),
            try IndexWords.lines(ofMetadata: asset),
        ]
    }

    func reindex(_ asset: Asset) throws {
        guard asset.isFile else { return }
        try unindex([asset.id])
        try index(asset)
    }

    func unindex(_ ids: [AssetID]) throws {
        try db.execute(
            "DELETE FROM asset_search WHERE \(SearchIndex(db.dialect).key) IN (\(list(ids)))", [], isCached: false)
    }
}

/// Words with the prefixes of one project and language, and FTS5 expressions over them.
struct IndexWords {
    private let name: String
    private let text: String

    init(project: ProjectID, language: String) {
        name = "\(project.rawValue)_"
        text = "\(project.rawValue)\(language.filter { $0.isLetter || $0.isNumber }.lowercased())_"
    }

    func line(_ value: String) -> String { line(value, name) }

    static func lines(_ values: LocalizedText, of project: ProjectID) -> String {
        values.map { language, value in
            let words = IndexWords(project: project, language: language)
            return words.line(value, words.text)
        }.joined(separator: " ")
    }

    /// Localized values with their language, all others like names.
    static func lines(ofMetadata asset: Asset) throws -> String {
        if asset.metadata == .emptyObject || asset.metadata.text == "{}" { return "" }
        let plain = IndexWords(project: asset.project, language: "")
        var lines: [String] = []
        for entry in try JSON(parsing: asset.metadata.text).objectValue?.values.elements ?? [] {
            guard let value = entry[key: "value"] else { continue }
            if entry[key: "is_localized"]?.boolValue == true, let values = value.objectValue {
                for (language, value) in values {
                    let words = IndexWords(project: asset.project, language: language)
                    lines += value.texts.map { words.line($0, words.text) }
                }
            } else {
                lines += value.texts.map { plain.line($0, plain.name) }
            }
        }
        return lines.joined(separator: " ")
    }

    private func line(_ value: String, _ prefix: String) -> String {
        SearchText.words(value).map { prefix + $0 }.joined(separator: " ")
    }

    func inName(_ term: TextQuery.Term) -> WordMatch { phrase(term, name, in: [.name]) }

    func inMetadata(_ term: TextQuery.Term) -> WordMatch {
        .any([phrase(term, name, in: [.metadata]), phrase(term, text, in: [.metadata])])
    }

    func anywhere(_ term: TextQuery.Term) -> WordMatch {
        .any([
            phrase(term, name, in: [.name, .metadata]), phrase(term, text, in: [.title, .description, .metadata]),
        ])
    }

    /// How a term is looked for in one property.
    func place(_ property: SearchFilter.TextProperty) -> (TextQuery.Term) -> WordMatch {
        switch property {
        case .name: inName
        case .title: { phrase($0, text, in: [.title]) }
        case .description: { phrase($0, text, in: [.description]) }
        }
    }

    /// What must match, or nil when nothing positive is asked for. Plain terms beside required ones only add to the relevance.
    func match(_ query: TextQuery) -> WordMatch? { match(query, in: anywhere) }

    /// The same files, without the terms that only count for their order.
    func matchUnranked(_ query: TextQuery) -> WordMatch? { match(query, in: anywhere, isRanked: false) }

    /// Those of `match` that have the optional terms too; nil when there are none.
    func complete(_ query: TextQuery, _ match: WordMatch) -> WordMatch? {
        query.optional.isEmpty ? nil : .all([match] + query.optional.map(anywhere))
    }

    func match(_ query: TextQuery, in place: (TextQuery.Term) -> WordMatch, isRanked: Bool = true) -> WordMatch? {
        let required = query.required.map(place)
        let optional = query.optional.map(place)
        let match: WordMatch
        if required.isEmpty {
            if optional.isEmpty { return nil }
            match = .any(optional)
        } else if isRanked, !optional.isEmpty {
            match = .all(required + [.any([required[0]] + optional)])
        } else {
            match = .all(required)
        }
        return query.excluded.isEmpty ? match : .except(match, not: query.excluded.map(place))
    }

    private func phrase(_ term: TextQuery.Term, _ prefix: String, in columns: [WordMatch.Column]) -> WordMatch {
        .phrase(.init(columns: columns, words: term.words.map { prefix + $0 }, isPrefix: term.isPrefix))
    }
}

extension JSON {
    /// The text, or the texts of a list.
    fileprivate var texts: [String] { arrayValue?.compactMap(\.stringValue) ?? stringValue.map { [$0] } ?? [] }
}
