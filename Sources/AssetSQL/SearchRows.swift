import AssetCore
import OrderedCollections

/// Full-text search on SQLite's FTS5.
///
/// The index holds words made by `SearchText`: `<project>_<word>` for names, `<project><language>_<word>` for titles and
/// descriptions. So a query reads only the words of its own project and language, and no other project's frequencies.
extension SQLTransaction: SearchTables {
    func search(_ query: SearchQuery, in project: ProjectID) throws -> [AssetID] {
        if query.isEmpty { return [] }
        let words = IndexWords(project: project, language: query.language)
        var conditions: [String] = []
        var values: [SQLValue] = []
        var from = "assets"
        var order = "assets.id"
        if let match = query.text.flatMap(words.match) {
            from = "asset_search JOIN assets ON assets.id = asset_search.rowid"
            conditions.append("asset_search MATCH ?")
            values.append(.text(match))
            order = "bm25(asset_search, 4.0, 2.0, 1.0), assets.id"
        } else if let excluded = query.text?.excluded, !excluded.isEmpty {
            conditions.append("assets.id NOT IN (SELECT rowid FROM asset_search WHERE asset_search MATCH ?)")
            values.append(.text(excluded.map { words.anywhere($0) }.joined(separator: " OR ")))
        }
        conditions.append("assets.project_id = ? AND assets.is_file = 1")
        values.append(.id(project))
        var compiler = FilterCompiler(words: words, project: project)
        if let filter = query.filter { conditions.append(compiler.condition(filter, &values)) }
        return try db.all(
            """
            \(compiler.prefix) SELECT assets.id FROM \(from) WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order)
            """, compiler.prefixValues + values, isCached: false
        ) { $0.id(0) }
    }

    // MARK: Keeping the index

    /// Only files are found by a search, so only files are indexed.
    func index(_ asset: Asset) throws {
        guard asset.isFile else { return }
        let words = IndexWords(project: asset.project, language: "")
        try db.execute(
            "INSERT INTO asset_search (rowid, name, title, description) VALUES (?, ?, ?, ?)",
            [
                .id(asset.id), .text(words.line(asset.name)), .text(IndexWords.lines(asset.title, of: asset.project)),
                .text(IndexWords.lines(asset.description, of: asset.project)),
            ])
    }

    func reindex(_ asset: Asset) throws {
        guard asset.isFile else { return }
        try unindex([asset.id])
        try index(asset)
    }

    func unindex(_ ids: [AssetID]) throws {
        try db.execute("DELETE FROM asset_search WHERE rowid IN (\(list(ids)))", [], isCached: false)
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

    func line(_ value: String) -> String { SearchText.words(value).map { name + $0 }.joined(separator: " ") }

    static func lines(_ values: LocalizedText, of project: ProjectID) -> String {
        values.map { language, value in
            let words = IndexWords(project: project, language: language)
            return SearchText.words(value).map { words.text + $0 }.joined(separator: " ")
        }.joined(separator: " ")
    }

    func inName(_ term: TextQuery.Term) -> String { "name : " + phrase(term, name) }

    func anywhere(_ term: TextQuery.Term) -> String {
        "(\(inName(term)) OR {title description} : \(phrase(term, text)))"
    }

    /// What must match, or nil when nothing positive is asked for. Plain terms beside required ones only add to the relevance.
    func match(_ query: TextQuery) -> String? { match(query, in: anywhere) }

    func match(_ query: TextQuery, in place: (TextQuery.Term) -> String) -> String? {
        let required = query.required.map(place)
        let optional = query.optional.map(place)
        var match: String
        if required.isEmpty {
            if optional.isEmpty { return nil }
            match = optional.joined(separator: " OR ")
        } else {
            match = required.joined(separator: " AND ")
            if !optional.isEmpty { match += " AND (\(required[0]) OR \(optional.joined(separator: " OR ")))" }
        }
        if !query.excluded.isEmpty {
            match = "(\(match)) NOT (\(query.excluded.map(place).joined(separator: " OR ")))"
        }
        return match
    }

    /// Words hold letters, digits, marks and `_` only, so they need no escaping inside the quotes.
    private func phrase(_ term: TextQuery.Term, _ prefix: String) -> String {
        "\"" + term.words.map { prefix + $0 }.joined(separator: " ") + "\"" + (term.isPrefix ? " *" : "")
    }
}
