/// Reads filters: the one parser for searches, selections and saved queries.
struct FilterParser {
    private var nodes = 0

    mutating func parse(_ json: JSON, depth: Int) throws(AssetError) -> SearchFilter {
        guard depth <= SearchFilter.maximumDepth else {
            throw Self.bad("Filters are nested more than \(SearchFilter.maximumDepth) deep")
        }
        nodes += 1
        guard nodes <= SearchFilter.maximumNodes else {
            throw Self.bad("More than \(SearchFilter.maximumNodes) filters")
        }
        guard case .array(let parts) = json, (2...3).contains(parts.count), let property = parts[0].stringValue,
            let operation = parts[1].stringValue
        else { throw Self.bad("A filter is [property, operator, operands]") }
        let operands = parts.count == 3 ? parts[2] : .null
        switch (property, operation) {
        case ("and", ""): return .and(try parseList(operands, depth: depth))
        case ("or", ""): return .or(try parseList(operands, depth: depth))
        case ("not", ""): return .not(try parse(operands, depth: depth + 1))
        case ("and", _), ("or", _), ("not", _): throw Self.bad("The operator of '\(property)' is an empty string")
        default: return try Leaf(property: property, operation: operation, operands: operands).filter()
        }
    }

    private mutating func parseList(_ json: JSON, depth: Int) throws(AssetError) -> [SearchFilter] {
        guard case .array(let elements) = json else { throw Self.bad("'and' and 'or' take a list of filters") }
        var filters: [SearchFilter] = []
        for element in elements { filters.append(try parse(element, depth: depth + 1)) }
        return filters
    }

    fileprivate static func bad(_ message: String) -> AssetError { .badParameter("filter", message) }
}

/// One condition on a property.
private struct Leaf {
    let property: String
    let operation: String
    let operands: JSON

    private typealias Filter = SearchFilter

    func filter() throws(AssetError) -> SearchFilter {
        if let text = Filter.TextProperty(rawValue: property) { return try textFilter(text) }
        if let time = Filter.TimeProperty(rawValue: property) { return .time(time, try timeCondition()) }
        if let number = Filter.NumberProperty(rawValue: property) { return .number(number, try numberCondition()) }
        switch property {
        case "type":
            guard operation == "is" else { throw unknownOperator }
            return .type(try text(operands).lowercased())
        case "validation": return try validation()
        case "metadata": return try metadata()
        case "is_deleted":
            switch operation {
            case "is_true": return .isDeleted(true)
            case "is_false": return .isDeleted(false)
            default: throw unknownOperator
            }
        case "path":
            guard operation == "under" else { throw unknownOperator }
            return .under(try AssetPath(parsing: text(operands), parameter: "filter"))
        default: throw bad("Unknown property '\(property.prefix(80))'")
        }
    }

    private func textFilter(_ text: SearchFilter.TextProperty) throws(AssetError) -> SearchFilter {
        switch operation {
        case "q": return .matches(text, try TextQuery(parsing: self.text(operands), parameter: "filter"))
        case "is": return .phrase(text, SearchText.words(try self.text(operands)))
        default: throw unknownOperator
        }
    }

    private func timeCondition() throws(AssetError) -> SearchFilter.TimeCondition {
        switch operation {
        case "<": return .newer(days: try days())
        case ">": return .older(days: try days())
        case "between":
            let (from, until) = try pair()
            // Beyond what a timestamp holds is before or after everything.
            let limit = 1e12
            func time(_ seconds: Double) -> Timestamp {
                Timestamp(microseconds: Int64((min(max(seconds, -limit), limit) * 1_000_000).rounded()))
            }
            return .between(time(from), time(until))
        default: throw unknownOperator
        }
    }

    private func days() throws(AssetError) -> Double {
        guard let parts = operands.arrayValue, parts.count == 2, let count = Self.number(parts[0]),
            parts[1].stringValue == "days", (0...1_000_000).contains(count)
        else { throw bad("'\(property) \(operation)' takes [number, \"days\"]") }
        return count
    }

    private func numberCondition() throws(AssetError) -> SearchFilter.NumberCondition {
        if operation == "between" {
            let (from, until) = try pair()
            return .between(from, until)
        }
        guard ["=", "<", ">"].contains(operation) else { throw unknownOperator }
        guard
            let number = Self.number(operands)
                ?? operands.arrayValue.flatMap({ $0.count == 1 ? Self.number($0[0]) : nil })
        else { throw bad("'\(property) \(operation)' takes a number") }
        switch operation {
        case "<": return .less(number)
        case ">": return .greater(number)
        default: return .equal(number)
        }
    }

    private func pair() throws(AssetError) -> (Double, Double) {
        guard let parts = operands.arrayValue, parts.count == 2, let from = Self.number(parts[0]),
            let until = Self.number(parts[1])
        else { throw bad("'\(property) between' takes [from, until]") }
        return (from, until)
    }

    private func validation() throws(AssetError) -> SearchFilter {
        let properties: Set<SearchFilter.LocalizedProperty>
        switch operands {
        case .null, "", []: properties = Set(SearchFilter.LocalizedProperty.allCases)
        default:
            let name = operands.arrayValue.flatMap { $0.count == 1 ? $0[0] : nil } ?? operands
            guard let property = name.stringValue.flatMap(SearchFilter.LocalizedProperty.init) else {
                throw bad("'validation' takes 'title', 'description' or nothing")
            }
            properties = [property]
        }
        switch operation {
        case "any": return .validation(.any, properties)
        case "is_empty": return .validation(.isEmpty, properties)
        case "not_translated": return .validation(.notTranslated, properties)
        default: throw unknownOperator
        }
    }

    private func metadata() throws(AssetError) -> SearchFilter {
        switch operation {
        case "has": return .metadata(.has(try metadataName(operands)))
        case "has_not": return .not(.metadata(.has(try metadataName(operands))))
        case "is_true": return .metadata(.value(try metadataName(operands), true))
        case "is_false": return .metadata(.value(try metadataName(operands), false))
        case "q": return .metadata(.matches(try TextQuery(parsing: text(operands), parameter: "filter")))
        case "is":
            guard let parts = operands.arrayValue, parts.count == 2, parts[1].isScalar else {
                throw bad("'metadata is' takes [name, value]")
            }
            return .metadata(.value(try metadataName(parts[0]), parts[1]))
        default: throw unknownOperator
        }
    }

    private func metadataName(_ json: JSON) throws(AssetError) -> MetadataName {
        let name = json.arrayValue.flatMap { $0.count == 1 ? $0[0] : nil } ?? json
        return try MetadataName(try text(name), parameter: "filter")
    }

    private static func number(_ json: JSON) -> Double? {
        switch json {
        case .int(let number): Double(number)
        case .double(let number): number.isFinite ? number : nil
        default: nil
        }
    }

    private func text(_ json: JSON) throws(AssetError) -> String {
        guard let text = json.stringValue else { throw bad("'\(property) \(operation)' takes a string") }
        guard text.utf8.count <= TextQuery.maximumBytes else {
            throw bad("'\(property) \(operation)' takes at most \(TextQuery.maximumBytes) bytes")
        }
        return text
    }

    private var unknownOperator: AssetError {
        bad("Unknown operator '\(operation.prefix(80))' for property '\(property)'")
    }

    private func bad(_ message: String) -> AssetError { FilterParser.bad(message) }
}

extension JSON {
    fileprivate var isScalar: Bool {
        switch self {
        case .bool, .int, .double, .string: true
        case .null, .array, .object, .raw: false
        }
    }
}
