import AssetCore
import Testing

struct AssetPathTests {
    @Test(
        arguments: [
            ("/", []), ("/a", ["a"]), ("/products/a.jpg", ["products", "a.jpg"]), ("/ a /b", [" a ", "b"]),
        ] as [(String, [String])])
    func `pathnames are read and printed`(text: String, names: [String]) throws {
        let path = try AssetPath(parsing: text, parameter: "p")
        #expect(path.names.map(\.description) == names)
        #expect(path.pathname == text)
    }

    @Test(arguments: [
        "", "a", "a/b", "//", "/a/", "/a//b", "//a", "/a/../b", "/.", "/a\\b", "/a\u{0}", "/\u{301}a", " /a",
    ])
    func `pathnames that are refused`(text: String) {
        let error = #expect(throws: AssetError.self) { try AssetPath(parsing: text, parameter: "pathname") }
        #expect(error?.code == .badParameter)
        #expect(error?.parameter == "pathname")
    }

    @Test func `100 levels and 4096 bytes, and not more`() throws {
        try AssetPath.checkDepth(Array(repeating: "x", count: 100))
        let deep = #expect(throws: AssetError.self) { try AssetPath.checkDepth(Array(repeating: "x", count: 101)) }
        #expect(deep?.code == .unprocessable)
        try AssetPath.checkDepth(Array(repeating: String(repeating: "é", count: 127) + "x", count: 16))
        let long = #expect(throws: AssetError.self) {
            try AssetPath.checkDepth(Array(repeating: String(repeating: "é", count: 127) + "x", count: 16) + ["x"])
        }
        #expect(long?.code == .unprocessable)
    }
}
