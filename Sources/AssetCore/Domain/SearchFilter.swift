/// A filter of the project dialect: `[property, operator, operands]` (project reference 7.2, 7.3).
package indirect enum SearchFilter: Hashable, Sendable {
    case and([SearchFilter])
    case or([SearchFilter])
    case not(SearchFilter)
    /// The file type: a category (`image`, `file`) or a concrete type such as `pdf`.
    case type(String)
    /// Terms over the name, with the modifiers of `q`.
    case nameMatches(TextQuery)
    /// These consecutive whole words in the name.
    case nameIs([String])

    package static let maximumDepth = 64
    package static let maximumNodes = 1000

    /// Types that the category `image` covers: raster and vector pictures.
    package static let imageTypes = [
        "jpg", "jpeg", "png", "gif", "webp", "avif", "heic", "heif", "tif", "tiff", "bmp", "svg", "eps", "ai", "psd",
        "ico",
        "jp2", "jxl",
    ]

    /// Reads a filter; `null` and `[]` as a whole mean no filter, and give nil.
    ///
    /// - Throws: `badParameter` that names the property or operator that is not known.
    package static func parse(_ json: JSON?) throws(AssetError) -> SearchFilter? {
        guard let json, !json.isNull, json != .array([]) else { return nil }
        var nodes = 0
        return try parse(json, depth: 1, nodes: &nodes)
    }

    private static func parse(_ json: JSON, depth: Int, nodes: inout Int) throws(AssetError) -> SearchFilter {
        guard depth <= maximumDepth else { throw bad("Filters are nested more than \(maximumDepth) deep") }
        nodes += 1
        guard nodes <= maximumNodes else { throw bad("More than \(maximumNodes) filters") }
        guard case .array(let parts) = json, (2...3).contains(parts.count), let property = parts[0].stringValue,
            let operation = parts[1].stringValue
        else { throw bad("A filter is [property, operator, operands]") }
        let operands = parts.count == 3 ? parts[2] : .null
        switch (property, operation) {
        case ("and", ""): return .and(try parseList(operands, depth: depth, nodes: &nodes))
        case ("or", ""): return .or(try parseList(operands, depth: depth, nodes: &nodes))
        case ("not", ""): return .not(try parse(operands, depth: depth + 1, nodes: &nodes))
        case ("type", "is"): return .type(try text(operands, of: "type is").lowercased())
        case ("name", "q"):
            return .nameMatches(try TextQuery(parsing: text(operands, of: "name q"), parameter: "filter"))
        case ("name", "is"): return .nameIs(SearchText.words(try text(operands, of: "name is")))
        case ("and", _), ("or", _), ("not", _): throw bad("The operator of '\(property)' is an empty string")
        case ("type", _), ("name", _): throw bad("Unknown operator '\(operation)' for property '\(property)'")
        default: throw bad("Unknown property '\(property)'")
        }
    }

    private static func parseList(_ json: JSON, depth: Int, nodes: inout Int) throws(AssetError) -> [SearchFilter] {
        guard case .array(let elements) = json else { throw bad("'and' and 'or' take a list of filters") }
        var filters: [SearchFilter] = []
        for element in elements { filters.append(try parse(element, depth: depth + 1, nodes: &nodes)) }
        return filters
    }

    private static func text(_ json: JSON, of name: String) throws(AssetError) -> String {
        guard let text = json.stringValue else { throw bad("'\(name)' takes a string") }
        guard text.utf8.count <= TextQuery.maximumBytes else {
            throw bad("'\(name)' takes at most \(TextQuery.maximumBytes) bytes")
        }
        return text
    }

    private static func bad(_ message: String) -> AssetError { .badParameter("filter", message) }
}
