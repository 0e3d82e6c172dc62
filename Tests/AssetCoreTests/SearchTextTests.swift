import AssetCore
import Testing

struct SearchTextTests {
    @Test(
        arguments: [
            ("", []), ("  - _ .", []), ("Winter-Jacket_2.JPG", ["winter", "jacket", "2", "jpg"]),
            ("Crème Brûlée", ["creme", "brulee"]), ("Cre\u{300}me", ["creme"]), ("ÅÄÖ", ["aao"]), ("naïve", ["naive"]),
            ("日本語", ["日", "本", "語"]), ("テスト1", ["テ", "ス", "ト", "1"]), ("a日b", ["a", "日", "b"]),
            ("Привет, мир", ["привет", "мир"]), ("don't", ["don", "t"]), ("C++ & C#", ["c", "c"]),
            ("225cms", ["225cms"]),
            ("a\u{0}b", ["a", "b"]), ("\"*^:(){}", []), ("x👍y", ["x", "y"]),
        ] as [(String, [String])])
    func `words`(text: String, words: [String]) {
        #expect(SearchText.words(text) == words)
    }

    private static func term(_ words: String..., exact: Bool = false) -> TextQuery.Term {
        TextQuery.Term(words: words, isPrefix: !exact)
    }

    @Test func `terms with their signs`() throws {
        let query = try TextQuery(parsing: "  +Cms 225\t-old plain ")
        #expect(query.required == [Self.term("cms")])
        #expect(query.excluded == [Self.term("old")])
        #expect(query.optional == [Self.term("225"), Self.term("plain")])
    }

    @Test func `phrases are exact, with a sign or without, closed or not`() throws {
        let query = try TextQuery(parsing: "\"Blue jacket\" +\"a b\" -\"c\" \"open end")
        #expect(query.optional == [Self.term("blue", "jacket", exact: true), Self.term("open", "end", exact: true)])
        #expect(query.required == [Self.term("a", "b", exact: true)])
        #expect(query.excluded == [Self.term("c", exact: true)])
        let joined = try TextQuery(parsing: "\"a b\"c")
        #expect(joined.optional == [Self.term("a", "b", exact: true), Self.term("c")])
    }

    @Test func `a term of several words stays together`() throws {
        #expect(try TextQuery(parsing: "+blue-jacket").required == [Self.term("blue", "jacket")])
        #expect(try TextQuery(parsing: "a-b").optional == [Self.term("a", "b")])
        #expect(try TextQuery(parsing: "--a").excluded == [Self.term("a")])
    }

    @Test(arguments: ["", "  ", "+", "-", "+ -", "\"", "\"\"", "+\"\" !", "***"])
    func `queries without words are empty`(text: String) throws {
        #expect(try TextQuery(parsing: text).isEmpty)
    }

    @Test func `64 terms and not one more`() throws {
        let terms = (0..<64).map { "t\($0)" }.joined(separator: " ")
        #expect(try TextQuery(parsing: terms).optional.count == 64)
        let error = #expect(throws: AssetError.self) { try TextQuery(parsing: terms + " -more", parameter: "filter") }
        #expect(error?.code == .badParameter)
        #expect(error?.parameter == "filter")
    }
}
