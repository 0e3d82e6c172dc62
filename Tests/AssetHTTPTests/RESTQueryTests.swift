import AssetCore
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import AssetHTTP

/// Names of query parameters and of JSON keys (segment reference U1).
struct RESTQueryTests {
    private static func query(_ text: String) throws -> RESTQuery {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/x" + text)
        return try RESTQuery(Request(head: head, body: RequestBody(buffer: ByteBuffer())))
    }

    private static let rows: [(String, String?)] = [
        ("", nil), ("?", nil), ("?b=1", nil), ("?a=1", "1"), ("?A=1", "1"), ("?a=", ""), ("?a", ""), ("?a=1&A=2", "1"),
        ("?&&a=1&", "1"), ("?a=b=c", "b=c"), ("?a=x%20y", "x y"), ("?a=x+y", "x y"), ("?a=x%2By", "x+y"),
        ("?a=%C3%A9", "é"),
        ("?a=x%2Fy/z%5Cw", "x/y/z\\w"), ("?a=1%262", "1&2"), ("?%41=1", "1"), ("?a=%2520", "%20"),
    ]

    @Test(arguments: rows)
    func `a query is read once, without regard to the case of names`(text: String, value: String?) throws {
        let query = try Self.query(text)
        #expect(try query.text("a") == value)
        #expect(query.contains("A") == (value != nil))
    }

    @Test(arguments: ["?a=%", "?a=%zz", "?a=%FF", "?%FF=1"])
    func `a query that is not percent-encoded UTF-8 is refused`(text: String) throws {
        let error = #expect(throws: AssetError.self) { _ = try Self.query(text) }
        #expect(error?.code == .badParameter && error?.parameter == "query")
    }

    @Test func `a required parameter has to be there and to hold something`() throws {
        let query = RESTQuery(["Name": "x", "empty": "", "null": nil, "number": 5])
        #expect(try query.require("nAME") == "x")
        #expect(try query.text("null") == nil)
        #expect(!query.contains("null"))
        for name in ["empty", "null", "number", "missing"] {
            let error = #expect(throws: AssetError.self) { _ = try query.require(name) }
            #expect(error?.code == .badParameter && error?.parameter == name)
        }
    }
}
