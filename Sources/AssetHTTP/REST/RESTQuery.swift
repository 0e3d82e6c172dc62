import AssetCore
import Foundation
import Hummingbird
import OrderedCollections

/// Query parameters and keys of the segment dialect: names match without regard to case, unknown ones are ignored (U1).
struct RESTQuery {
    private var values: [String: JSON] = [:]

    /// The query of a URL: `+` is a space, as in forms. Of a repeated name the first one counts.
    init(_ request: Request) throws(AssetError) { try self.init(request.uri.query ?? "") }

    init(_ query: String) throws(AssetError) {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map(Self.decoded)
            guard let name = decoded.first ?? nil, let value = decoded.count > 1 ? decoded[1] : "" else {
                throw .badParameter("query", "The query is not percent-encoded UTF-8")
            }
            if values[name.lowercased()] == nil { values[name.lowercased()] = .string(value) }
        }
    }

    /// nil when it is not percent-encoded UTF-8.
    private static func decoded(_ text: Substring) -> String? {
        let escapes = [UInt8(ascii: "%"), UInt8(ascii: "+")]
        guard text.utf8.contains(where: escapes.contains) else { return String(text) }
        return text.replacing("+", with: " ").removingPercentEncoding
    }

    /// The members of a JSON object; null counts as absent.
    init(_ object: JSON) {
        for (name, value) in object.objectValue ?? [:] where !value.isNull { values[name.lowercased()] = value }
    }

    func contains(_ name: String) -> Bool { values[name.lowercased()] != nil }

    func text(_ name: String) throws(AssetError) -> String? {
        guard let value = values[name.lowercased()] else { return nil }
        guard let text = value.stringValue else { throw .badParameter(name, "Expected a string") }
        return text
    }

    func require(_ name: String) throws(AssetError) -> String {
        guard let value = try text(name), !value.isEmpty else {
            throw .badParameter(name, "This parameter is required")
        }
        return value
    }
}
