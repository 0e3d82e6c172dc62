import AssetCore
import Testing

struct AssetNameTests {
    @Test(arguments: [
        "a", "a.jpg", ".profile", "...", " a b ", "100%", "日本語.png", "👩‍👩‍👧.png", "a:b*c?\"<>|", "CON", "-rf", "~",
        String(repeating: "x", count: 255), String(repeating: "é", count: 127) + "x",
    ])
    func `names that are kept as they are`(name: String) throws {
        #expect(try AssetName(name).description == name)
    }

    @Test(arguments: [
        ("", "empty"), (".", "'.'"), ("..", "'.'"), ("a/b", "'/'"), ("/", "'/'"), ("a\\b", "'/'"),
        ("a\u{0}b", "control"),
        ("a\nb", "control"), ("\t", "control"), ("a\r\nb", "control"), ("a\u{7f}", "control"), ("a\u{85}", "control"),
        (String(repeating: "x", count: 256), "255"), (String(repeating: "é", count: 128), "255"),
        ("a/\u{301}b", "'/'"), ("..\\\u{301}", "'/'"),
    ])
    func `names that are refused, with the rule`(name: String, rule: String) {
        let error = #expect(throws: AssetError.self) { try AssetName(name, parameter: "filename") }
        #expect(error?.code == .badParameter)
        #expect(error?.parameter == "filename")
        #expect(error?.message.contains(rule) == true)
    }

    @Test func `names are compared in normalization form C`() throws {
        let composed = try AssetName("Café")
        let decomposed = try AssetName("Cafe\u{301}")
        #expect(composed == decomposed)
        #expect(Array(decomposed.description.utf8) == Array("Caf\u{e9}".utf8))
        // The length counts after that.
        #expect(try AssetName(String(repeating: "e\u{301}", count: 127)).description.utf8.count == 254)
    }

    @Test(arguments: [
        ("a.jpg", 2, "a 2.jpg"), ("a.tar.gz", 3, "a.tar 3.gz"), ("a", 2, "a 2"), (".profile", 2, ".profile 2"),
        ("a.", 2, "a 2."), ("a 2.jpg", 2, "a 2 2.jpg"), (".a.b", 2, ".a 2.b"), ("日本.png", 10, "日本 10.png"),
    ])
    func `numbers stand before the extension`(name: String, number: Int, expected: String) throws {
        #expect(try AssetName(name).numbered(number).description == expected)
    }

    @Test(arguments: [
        String(repeating: "x", count: 255), String(repeating: "x", count: 251) + ".jpg",
        String(repeating: "é", count: 125) + ".jpg", "x." + String(repeating: "y", count: 253),
        "x" + String(repeating: "日", count: 80) + ".jpeg", "a." + String(repeating: "y", count: 250),
    ])
    func `a numbered name is never too long, and still a name`(name: String) throws {
        for number in [2, 10, 99999] {
            let numbered = try AssetName(name).numbered(number)
            #expect(numbered.description.utf8.count <= 255)
            #expect(try AssetName(numbered.description) == numbered)
            #expect(numbered.description.contains(" \(number)"))
        }
        #expect(try AssetName(name).numbered(2) != AssetName(name).numbered(3))
    }

    @Test(
        arguments: [
            ("a.JPG", "jpg"), ("a.tar.gz", "gz"), ("a", nil), (".profile", nil), ("a.", nil), ("a.b c", "b c"),
            ("a." + String(repeating: "x", count: 17), nil),
        ] as [(String, String?)])
    func `extensions`(name: String, expected: String?) throws {
        #expect(try AssetName(name).fileExtension == expected)
    }
}
