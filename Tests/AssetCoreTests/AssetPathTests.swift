import AssetCore
import Testing

struct AssetPathTests {
    @Test(arguments: [
        ("/", []), ("/a", ["a"]), ("/products/a.jpg", ["products", "a.jpg"]), ("/ a /b", [" a ", "b"]),
    ] as [(String, [String])])
    func `pathnames are read and printed`(text: String, names: [String]) throws {
        let path = try AssetPath(parsing: text, parameter: "p")
        #expect(path.names.map(\.description) == names)
        #expect(path.pathname == text)
    }

    @Test(arguments: ["", "a", "a/b", "//", "/a/", "/a//b", "//a", "/a/../b", "/.", "/a\\b", "/a\u{0}", "/\u{301}a", " /a"])
    func `pathnames that are refused`(text: String) {
        let error = #expect(throws: AssetError.self) { try AssetPath(parsing: text, parameter: "pathname") }
        #expect(error?.code == .badParameter)
        #expect(error?.parameter == "pathname")
    }
}
