import AssetCore

/// Turns a filter into a condition on `assets`.
///
/// SQLite refuses expressions that are nested deeply: its parser holds 100 symbols, its tree 1000 levels. So lists become balanced
/// trees, and what lies deeper than a few levels becomes a named set of ids that stands before the statement.
struct FilterCompiler {
    private let index: SearchIndex
    private let stored: StoredJSON
    private let words: IndexWords
    private let project: ProjectID
    /// In lower case, of letters, digits and hyphens only.
    private let language: String
    private let now: Timestamp
    /// The folder at a path; nil when there is none.
    private let folder: (AssetPath) throws -> AssetID?
    private var sets: [String] = []
    /// The values of the named sets, which come before those of the statement.
    private(set) var prefixValues: [SQLValue] = []

    private static let maximumDepth = 6

    init(
        _ dialect: SQLDialect, words: IndexWords, project: ProjectID, language: String, now: Timestamp,
        folder: @escaping (AssetPath) throws -> AssetID?
    ) {
        index = SearchIndex(dialect)
        stored = StoredJSON(dialect)
        self.words = words
        self.project = project
        self.language = language
        self.now = now
        self.folder = folder
    }

    /// What stands before the statement: nothing, or `WITH …`.
    var prefix: String { sets.isEmpty ? "" : "WITH RECURSIVE " + sets.joined(separator: ", ") }

    mutating func condition(_ filter: SearchFilter, _ values: inout [SQLValue]) throws -> String {
        try condition(filter, depth: 1, &values)
    }

    private mutating func condition(
        _ filter: SearchFilter, depth: Int, _ values: inout [SQLValue]
    ) throws -> String {
        guard depth <= Self.maximumDepth else { return try set(filter, &values) }
        switch filter {
        case .and(let filters): return try joined(filters, "AND", empty: "(1 = 1)", depth, &values)
        case .or(let filters): return try joined(filters, "OR", empty: "(1 = 0)", depth, &values)
        case .not(let filter): return "(NOT " + (try condition(filter, depth: depth + 1, &values)) + ")"
        case .type("image"): return "(COALESCE(assets.type, '') IN (\(Self.imageTypes)))"
        case .type("file"): return "(COALESCE(assets.type, '') NOT IN (\(Self.imageTypes)))"
        case .type(let type):
            values.append(.text(type))
            return "(COALESCE(assets.type, '') = ?)"
        case .phrase(let property, let phrase):
            if phrase.isEmpty { return "(1 = 0)" }
            return index.contains(words.place(property)(.init(words: phrase, isPrefix: false)), &values)
        case .matches(let property, let query): return matching(query, words.place(property), &values)
        case .metadata(.matches(let query)): return matching(query, words.inMetadata, &values)
        case .metadata(.has(let name)): return "(\(stored.has("\(name)", in: "assets.metadata")))"
        case .metadata(.value(let name, let value)): return metadata(name, is: value, &values)
        case .time(let property, let condition): return time(property, condition, &values)
        case .number(let property, let condition): return number(property, condition, &values)
        case .validation(let validation, let properties):
            let parts = properties.map { self.validation(validation, $0) }.sorted()
            return "(" + parts.joined(separator: " OR ") + ")"
        case .isDeleted(let isDeleted):
            values.append(.text((isDeleted ? Asset.Status.deleted : .published).rawValue))
            return "(assets.status = ?)"
        case .under(let path): return try under(path)
        }
    }

    private mutating func joined(
        _ filters: [SearchFilter], _ operation: String, empty: String, _ depth: Int, _ values: inout [SQLValue]
    ) throws -> String {
        if filters.isEmpty { return empty }
        var parts: [String] = []
        for filter in filters { parts.append(try condition(filter, depth: depth + 1, &values)) }
        return Self.balanced(parts[...], operation)
    }

    /// A list longer than a few is halved, so that a thousand conditions are ten levels deep.
    private static func balanced(_ parts: ArraySlice<String>, _ operation: String) -> String {
        if parts.count <= 8 { return "(" + parts.joined(separator: " \(operation) ") + ")" }
        let middle = parts.startIndex + parts.count / 2
        return "(\(balanced(parts[..<middle], operation)) \(operation) \(balanced(parts[middle...], operation)))"
    }

    private mutating func set(_ filter: SearchFilter, _ values: inout [SQLValue]) throws -> String {
        var own: [SQLValue] = []
        let inner = try condition(filter, depth: 1, &own)
        let name = "set\(sets.count)"
        sets.append("\(name) (id) AS (SELECT assets.id FROM assets WHERE project_id = ? AND is_file = 1 AND \(inner))")
        prefixValues += [.id(project)] + own
        return "(assets.id IN (SELECT id FROM \(name)))"
    }

    private mutating func under(_ path: AssetPath) throws -> String {
        guard let folder = try folder(path) else { return "(1 = 0)" }
        let name = "set\(sets.count)"
        sets.append(
            """
            \(name) (id) AS (
                SELECT CAST(? AS BIGINT)
                UNION ALL
                SELECT below.id FROM \(name) JOIN assets below ON below.parent_id = \(name).id AND below.is_file = 0
            )
            """)
        prefixValues.append(.id(folder))
        return "(assets.parent_id IN (SELECT id FROM \(name)))"
    }

    // MARK: Words

    private func matching(
        _ query: TextQuery, _ place: (TextQuery.Term) -> WordMatch, _ values: inout [SQLValue]
    ) -> String {
        if let match = words.match(query, in: place) { return index.contains(match, &values) }
        if query.excluded.isEmpty { return "(1 = 1)" }
        return "(NOT " + index.contains(.any(query.excluded.map(place)), &values) + ")"
    }

    // MARK: Columns

    private func time(
        _ property: SearchFilter.TimeProperty, _ condition: SearchFilter.TimeCondition, _ values: inout [SQLValue]
    ) -> String {
        let column = "assets.\(property.rawValue)"
        switch condition {
        case .newer(let days):
            values.append(.time(now.adding(seconds: -days * 86400)))
            return "(\(column) > ?)"
        case .older(let days):
            values.append(.time(now.adding(seconds: -days * 86400)))
            return "(\(column) < ?)"
        case .between(let from, let until):
            values += [.time(from), .time(until)]
            return "(\(column) BETWEEN ? AND ?)"
        }
    }

    private func number(
        _ property: SearchFilter.NumberProperty, _ condition: SearchFilter.NumberCondition,
        _ values: inout [SQLValue]
    ) -> String {
        let column = property == .filesize ? "assets.size" : stored.number(property.rawValue, in: "assets.info")
        func place(_ number: Double) -> String {
            values.append(.text(String(number)))
            return "CAST(? AS DOUBLE PRECISION)"
        }
        switch condition {
        case .equal(let number): return "((\(column) = \(place(number))) IS TRUE)"
        case .less(let number): return "((\(column) < \(place(number))) IS TRUE)"
        case .greater(let number): return "((\(column) > \(place(number))) IS TRUE)"
        case .between(let from, let until):
            return "((\(column) BETWEEN \(place(from)) AND \(place(until))) IS TRUE)"
        }
    }

    /// Empty texts are not stored, so that a language that is there is filled.
    private func validation(
        _ validation: SearchFilter.Validation, _ property: SearchFilter.LocalizedProperty
    ) -> String {
        let column = "assets.\(property.rawValue)"
        let isEmpty = "NOT \(stored.has(language, in: column))"
        switch validation {
        case .isEmpty: return "(\(isEmpty))"
        case .any, .notTranslated: return "(\(column) <> '{}' AND \(isEmpty))"
        }
    }

    /// The value itself, an element of a list, or either of these in the search's language.
    private func metadata(_ name: MetadataName, is value: JSON, _ values: inout [SQLValue]) -> String {
        let plain = stored.value(at: ["\(name)", "value"], is: value, in: "assets.metadata", &values)
        let localized = stored.value(at: ["\(name)", "value", language], is: value, in: "assets.metadata", &values)
        return "(\(plain) OR \(localized))"
    }

    private static let imageTypes = SearchFilter.imageTypes.map { "'\($0)'" }.joined(separator: ", ")
}
