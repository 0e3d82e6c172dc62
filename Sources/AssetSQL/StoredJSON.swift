import AssetCore

/// Conditions on columns that hold JSON as text. Names are of letters, digits, hyphens and underscores only.
struct StoredJSON {
    private let dialect: SQLDialect

    init(_ dialect: SQLDialect) { self.dialect = dialect }

    /// That an object has a member, whatever its value.
    func has(_ name: String, in column: String) -> String {
        switch dialect {
        case .sqlite: "(json_type(\(column), '$.\"\(name)\"') IS NOT NULL)"
        case .postgres: "jsonb_exists(stockroom_json(\(column)), '\(name)')"
        }
    }

    /// A member that is a number; otherwise NULL.
    func number(_ name: String, in column: String) -> String {
        switch dialect {
        case .sqlite: return "json_extract(\(column), '$.\(name)')"
        case .postgres:
            let member = "stockroom_json(\(column)) -> '\(name)'"
            return """
                (CASE WHEN jsonb_typeof(\(member)) = 'number' THEN CAST(\(member) AS DOUBLE PRECISION) END)
                """
        }
    }

    /// That what lies at a path is `value`, or is a list with `value` in it.
    func value(at path: [String], is value: JSON, in column: String, _ values: inout [SQLValue]) -> String {
        let place =
            switch dialect {
            case .sqlite: "json_each(\(column), '$\(path.map { ".\"\($0)\"" }.joined())') AS entry"
            case .postgres:
                Self.entries(of: "stockroom_json(\(column)) #> '{\(path.map { "\"\($0)\"" }.joined(separator: ","))}'")
            }
        return "EXISTS (SELECT 1 FROM \(place) WHERE \(entry(is: value, &values)))"
    }

    /// The elements of a list, or the value itself.
    private static func entries(of value: String) -> String {
        """
        jsonb_array_elements(
            CASE jsonb_typeof(\(value)) WHEN 'array' THEN \(value) ELSE jsonb_build_array(\(value)) END
        ) AS entry (value)
        """
    }

    private func entry(is value: JSON, _ values: inout [SQLValue]) -> String {
        switch (value, dialect) {
        // Members of an object are entries too, with their names as keys: an object is no value that is looked for.
        case (.bool(let flag), .sqlite): return "entry.type = '\(flag)' AND \(Self.isNoMember)"
        case (.bool(let flag), .postgres): return "entry.value = CAST('\(flag)' AS JSONB)"
        case (.string(let text), .sqlite):
            values.append(.text(text))
            return "entry.type = 'text' AND entry.value = ? AND \(Self.isNoMember)"
        case (.string(let text), .postgres):
            values.append(.text(text))
            return "jsonb_typeof(entry.value) = 'string' AND entry.value #>> '{}' = ?"
        case (_, .sqlite):
            values.append(.text(value.text))
            return
                "entry.type IN ('integer', 'real') AND entry.value = CAST(? AS DOUBLE PRECISION) AND \(Self.isNoMember)"
        case (_, .postgres):
            values.append(.text(value.text))
            return """
                CASE WHEN jsonb_typeof(entry.value) = 'number'
                    THEN CAST(entry.value AS DOUBLE PRECISION) = CAST(? AS DOUBLE PRECISION) ELSE FALSE END
                """
        }
    }

    private static let isNoMember = "COALESCE(typeof(entry.key), 'null') <> 'text'"
}
