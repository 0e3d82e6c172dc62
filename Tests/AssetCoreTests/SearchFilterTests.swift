import AssetCore
import Testing

struct SearchFilterTests {
    @Test func `good filters`() throws {
        let rows: [(JSON, SearchFilter?)] = [
            (nil, nil), ([], nil),
            (["type", "is", "Image"], .type("image")),
            (["name", "is", "Blue Jacket"], .phrase(.name, ["blue", "jacket"])),
            (["name", "q", "+a -b"], .matches(.name, try TextQuery(parsing: "+a -b"))),
            (["and", "", []], .and([])),
            (["or", "", [["type", "is", "pdf"], ["and", "", []]]], .or([.type("pdf"), .and([])])),
            (["not", "", ["type", "is", "pdf"]], .not(.type("pdf"))),
        ]
        for (json, filter) in rows { #expect(try SearchFilter.parse(json) == filter, "\(json.text)") }
        #expect(try SearchFilter.parse(nil) == nil)
    }

    @Test(
        arguments: [
            ("x", "[property, operator, operands]"), (1, "[property, operator, operands]"), ([:], "[property"),
            (["type"], "[property"), (["type", "is", "a", "b"], "[property"), ([1, "is", "a"], "[property"),
            (["type", nil, "a"], "[property"), (["and", "", [[]]], "[property"), (["and", "", [nil]], "[property"),
            (["colour", "is", "red"], "'colour'"), (["", "", ""], "''"), (["And", "", []], "'And'"),
            (["type", "like", "a"], "'like'"), (["name", "IS", "a"], "'IS'"), (["name", "", "a"], "''"),
            (["and", "x", []], "'and'"), (["not", "is", []], "'not'"),
            (["and", ""], "list"), (["or", "", "x"], "list"), (["not", "", []], "[property"),
            (["not", ""], "[property"),
            (["type", "is"], "'type is'"), (["type", "is", 1], "'type is'"), (["name", "is", nil], "'name is'"),
            (["name", "q", ["a"]], "'name q'"),
        ] as [(JSON, String)])
    func `wrong filters, and what the error names`(json: JSON, named: String) {
        let error = #expect(throws: AssetError.self) { try SearchFilter.parse(json) }
        #expect(error?.code == .badParameter)
        #expect(error?.parameter == "filter")
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
    }

    @Test func `64 deep and not one deeper`() throws {
        var filter: JSON = ["type", "is", "pdf"]
        for _ in 1..<64 { filter = ["not", "", filter] }
        #expect(try SearchFilter.parse(filter) != nil)
        let deeper: JSON = ["and", "", [filter]]
        #expect(throws: AssetError.self) { try SearchFilter.parse(deeper) }
    }

    @Test func `a thousand nodes and not one more`() throws {
        let leaf: JSON = ["type", "is", "pdf"]
        let most: JSON = ["or", "", .array(Array(repeating: leaf, count: 999))]
        #expect(try SearchFilter.parse(most) != nil)
        let more: JSON = ["or", "", .array(Array(repeating: leaf, count: 1000))]
        #expect(throws: AssetError.self) { try SearchFilter.parse(more) }
    }

    @Test func `a query needs a language, and may be empty otherwise`() throws {
        #expect(try SearchQuery(parsing: ["language": "EN"]).language == "en")
        #expect(try SearchQuery(parsing: ["language": "en", "q": nil, "filter": nil]).isEmpty)
        #expect(try SearchQuery(parsing: ["language": "en", "q": " + ", "filter": []]).isEmpty)
        #expect(try !SearchQuery(parsing: ["language": "en", "q": "-a"]).isEmpty)
        for (json, parameter) in [
            ([:], "language"), (["language": 1], "language"), (["language": "en", "q": 1], "q"),
            (["language": "en", "filter": "x"], "filter"), ([], "language"),
        ] as [(JSON, String)] {
            let error = #expect(throws: AssetError.self) { try SearchQuery(parsing: json) }
            #expect(error?.parameter == parameter)
        }
    }
}
