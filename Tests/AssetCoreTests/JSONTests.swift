import AssetCore
import Foundation
import OrderedCollections
import Testing

struct JSONTests {
    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (false, "false"), (0, "0"), (-5, "-5"), (.int(.max), "9223372036854775807"),
            (.double(1.5), "1.5"), (.double(.nan), "null"), (.double(.infinity), "null"),
            (.double(1_763_718_063.02917), "1763718063.02917"),
            ("", #""""#), ("a\"b\\c/d", #""a\"b\\c/d""#), ("\n\r\t\u{8}\u{1f}\u{0}", ##""\n\r\t\u0008\u001f\u0000""##),
            ("é日👍\u{7f}", "\"é日👍\u{7f}\""), ([], "[]"), ([:], "{}"), ([1, [], "x"], #"[1,[],"x"]"#),
            (["z": 1, "a": ["y": nil], "\"": 2], #"{"z":1,"a":{"y":null},"\"":2}"#),
            (.raw("{ \"x\" : 1 }"), "{ \"x\" : 1 }"),
        ] as [(JSON, String)])
    func `is written`(json: JSON, text: String) {
        #expect(json.text == text)
    }

    @Test func `what is written is read again`() throws {
        let json: JSON = [
            "null": nil, "bool": true, "int": 9_007_199_254_740_993, "negative": -1, "double": .double(0.1),
            "string": "\u{0}\u{1f}\"\\/\u{2028}é👍", "array": [[], [:], [nil, [1, [2]]]], "": "empty key", "é": "key",
        ]
        let again = try JSON(parsing: json.text)
        #expect(again == json)
        #expect(try JSON(parsing: again.text) == again)
    }

    @Test func `the keys of an object keep their order`() throws {
        let keys = (0..<50).map { "key \(($0 * 37) % 50)" }
        let text = "{" + keys.map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        #expect(try JSON(parsing: text).objectValue?.keys.elements == keys)
        #expect(try JSON(parsing: text).text == text)
    }

    @Test(
        arguments: [
            ("1", .int(1)), ("-0", .int(0)), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("1.5", .double(1.5)), ("1e2", .int(100)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("true", true), ("false", false), ("null", nil), (" [ 1 , 2 ] ", [1, 2]), (#""\u00e9\ud83d\udc4d""#, "é👍"),
        ] as [(String, JSON)])
    func `is read`(text: String, json: JSON) throws {
        #expect(try JSON(parsing: text) == json)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "nul", "'a'", "[1] x", "\"\n\"", "01", "+1", "NaN", "\u{1}", "{\"a\":1,}",
    ])
    func `what is no JSON`(text: String) {
        #expect(throws: (any Error).self) { try JSON(parsing: text) }
    }

    @Test func `bytes that are no UTF-8`() {
        #expect(throws: (any Error).self) { try JSON(parsing: Data([0x22, 0xff, 0xfe, 0x22])) }
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `nesting is limited and never fatal`(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        #expect(try JSON(parsing: nested(100)).text == nested(100))
        for depth in [513, 10_000, 100_000] {
            #expect(throws: (any Error).self) { try JSON(parsing: nested(depth)) }
        }
        #expect(throws: (any Error).self) { try JSON(parsing: String(repeating: open, count: 100_000)) }
    }

    @Test func `members and values`() {
        let json: JSON = ["a": "x", "n": nil]
        #expect(json[key: "a"]?.stringValue == "x")
        #expect(json[key: "n"]?.isNull == true)
        #expect(json[key: "b"] == nil)
        #expect(JSON.string("x")[key: "a"] == nil)
        #expect(JSON.string("1").intValue == nil)
        #expect(JSON.int(1).stringValue == nil)
        #expect(JSON(nil as String?) == .null)
    }
}
