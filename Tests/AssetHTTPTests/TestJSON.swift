import Foundation

/// JSON as a client sees it: objects have no order, and all numbers are alike.
///
/// Not the server's own `JSON`, so that a mistake in that is not made twice.
enum TestJSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([TestJSON])
    case object([String: TestJSON])
    /// What a subscript answers for a key or an index that is not there.
    case missing

    subscript(key: String) -> TestJSON {
        if case .object(let members) = self { members[key] ?? .missing } else { .missing }
    }

    subscript(index: Int) -> TestJSON {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .missing }
    }

    var string: String { if case .string(let text) = self { text } else { "" } }
    var number: Double { if case .number(let number) = self { number } else { .nan } }
    var array: [TestJSON] { if case .array(let elements) = self { elements } else { [] } }
    var object: [String: TestJSON] { if case .object(let members) = self { members } else { [:] } }
    var keys: Set<String> { Set(object.keys) }
    var strings: [String] { array.map(\.string) }

    init(parsing text: String) {
        self = (try? JSONDecoder().decode(TestJSON.self, from: Data(text.utf8))) ?? .missing
    }

    var text: String {
        guard let data = try? JSONEncoder().encode(self) else { return "" }
        return String(decoding: data, as: UTF8.self)
    }
}

extension TestJSON: ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(integerLiteral value: Int) { self = .number(Double(value)) }
    init(floatLiteral value: Double) { self = .number(value) }
    init(nilLiteral: ()) { self = .null }
    init(arrayLiteral elements: TestJSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, TestJSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}

extension TestJSON: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([TestJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: TestJSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null, .missing: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value):
            // Whole numbers without a fraction, as clients send them.
            if let whole = Int64(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

extension TestJSON {
    /// What every membership shows (project reference 2.4).
    static let memberOptions: TestJSON = [
        "notifications": ["email": nil, "events": ["all"], "frequency": "immediate"], "rate_limit_per_second": nil,
    ]
}
