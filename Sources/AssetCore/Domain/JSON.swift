package import OrderedCollections

/// A JSON value whose objects keep the order of their keys, because the segment dialect prints properties in a fixed order.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object(OrderedDictionary<String, JSON>)
    /// JSON text that this program wrote earlier and passes on unread; equal only to the same text.
    case raw(String)

    package static let emptyObject = JSON.object([:])

    /// The member of an object; nil when absent, and when this is no object.
    package subscript(key key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package var stringValue: String? { if case .string(let value) = self { value } else { nil } }
    package var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var intValue: Int64? { if case .int(let value) = self { value } else { nil } }
    package var arrayValue: [JSON]? { if case .array(let value) = self { value } else { nil } }
    package var objectValue: OrderedDictionary<String, JSON>? {
        if case .object(let value) = self { value } else { nil }
    }
    package var isNull: Bool { self == .null }
    /// Itself, or no value for a null. (A plain `nil` would be taken for a JSON null here and there.)
    package var ifNotNull: JSON? { isNull ? Optional<JSON>.none : self }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByNilLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(OrderedDictionary(elements, uniquingKeysWith: { $1 }))
    }

    package init(_ value: String?) { self = value.map(JSON.string) ?? .null }
    package init(_ value: Int) { self = .int(Int64(value)) }
    package init(_ value: GID) { self = .string(value.description) }
}

extension JSON {
    package typealias Object = OrderedDictionary<String, JSON>

    /// Parses UTF-8 JSON, nested at most 256 deep.
    /// - Throws: `badParameter("body")` that says what is wrong, and where.
    package init(parsing bytes: some Sequence<UInt8>) throws(AssetError) { self = try JSONParser.parse(Array(bytes)) }

    package init(parsing text: String) throws(AssetError) { try self.init(parsing: text.utf8) }
}
