import AssetCore

/// Turns a filter into a condition on `assets`.
///
/// SQLite refuses expressions that are nested deeply: its parser holds 100 symbols, its tree 1000 levels. So lists become balanced
/// trees, and what lies deeper than a few levels becomes a named set of ids that stands before the statement.
struct FilterCompiler {
    private let words: IndexWords
    private let project: ProjectID
    private var sets: [String] = []
    /// The values of the named sets, which come before those of the statement.
    private(set) var prefixValues: [SQLValue] = []

    private static let maximumDepth = 6

    init(words: IndexWords, project: ProjectID) {
        self.words = words
        self.project = project
    }

    /// What stands before the statement: nothing, or `WITH …`.
    var prefix: String { sets.isEmpty ? "" : "WITH " + sets.joined(separator: ", ") }

    mutating func condition(_ filter: SearchFilter, _ values: inout [SQLValue]) -> String {
        condition(filter, depth: 1, &values)
    }

    private mutating func condition(_ filter: SearchFilter, depth: Int, _ values: inout [SQLValue]) -> String {
        guard depth <= Self.maximumDepth else { return set(filter, &values) }
        switch filter {
        case .and(let filters): return joined(filters, "AND", empty: "(1 = 1)", depth, &values)
        case .or(let filters): return joined(filters, "OR", empty: "(1 = 0)", depth, &values)
        case .not(let filter): return "(NOT " + condition(filter, depth: depth + 1, &values) + ")"
        case .type("image"): return "(COALESCE(assets.type, '') IN (\(Self.imageTypes)))"
        case .type("file"): return "(COALESCE(assets.type, '') NOT IN (\(Self.imageTypes)))"
        case .type(let type):
            values.append(.text(type))
            return "(COALESCE(assets.type, '') = ?)"
        case .nameIs(let phrase):
            if phrase.isEmpty { return "(1 = 0)" }
            return inIndex(words.inName(.init(words: phrase, isPrefix: false)), &values)
        case .nameMatches(let query):
            if let match = words.match(query, in: words.inName) { return inIndex(match, &values) }
            if query.excluded.isEmpty { return "(1 = 1)" }
            return "(NOT " + inIndex(query.excluded.map(words.inName).joined(separator: " OR "), &values) + ")"
        }
    }

    private mutating func joined(
        _ filters: [SearchFilter], _ operation: String, empty: String, _ depth: Int, _ values: inout [SQLValue]
    ) -> String {
        if filters.isEmpty { return empty }
        var parts: [String] = []
        for filter in filters { parts.append(condition(filter, depth: depth + 1, &values)) }
        return Self.balanced(parts[...], operation)
    }

    /// A list longer than a few is halved, so that a thousand conditions are ten levels deep.
    private static func balanced(_ parts: ArraySlice<String>, _ operation: String) -> String {
        if parts.count <= 8 { return "(" + parts.joined(separator: " \(operation) ") + ")" }
        let middle = parts.startIndex + parts.count / 2
        return "(\(balanced(parts[..<middle], operation)) \(operation) \(balanced(parts[middle...], operation)))"
    }

    private mutating func set(_ filter: SearchFilter, _ values: inout [SQLValue]) -> String {
        var own: [SQLValue] = []
        let inner = condition(filter, depth: 1, &own)
        let name = "set\(sets.count)"
        sets.append("\(name) (id) AS (SELECT assets.id FROM assets WHERE project_id = ? AND is_file = 1 AND \(inner))")
        prefixValues += [.id(project)] + own
        return "(assets.id IN (SELECT id FROM \(name)))"
    }

    private func inIndex(_ match: String, _ values: inout [SQLValue]) -> String {
        values.append(.text(match))
        return "(assets.id IN (SELECT rowid FROM asset_search WHERE asset_search MATCH ?))"
    }

    private static let imageTypes = SearchFilter.imageTypes.map { "'\($0)'" }.joined(separator: ", ")
}
