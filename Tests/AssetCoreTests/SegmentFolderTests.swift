import AssetCore
import Testing

/// Segment reference 5.1, 5.2.
struct SegmentFolderTests {
    @Test(
        arguments: [
            (19641, 27_665_601, "/reference/assets/19641/601/27665601"),
            (7, 27_000_005, "/reference/assets/7/5/27000005"),
            (7, 27_000_000, "/reference/assets/7/0/27000000"), (7, 12, "/reference/assets/7/12/12"),
        ] as [(Int64, Int64, String)])
    func `the folder of a segment`(document: Int64, segment: Int64, path: String) {
        #expect(SegmentFolder(document: document, segment: segment).path.pathname == path)
    }

    @Test(arguments: [
        (["reference"], true), (["reference", "assets"], true), (["reference", "assets", "19641"], true),
        (["reference", "assets", "19641", "601"], true), (["reference", "assets", "19641", "601", "27665601"], true),
        (["reference", "assets", "19641", "601", "27665601", "en"], false), ([], false), (["Reference"], false),
        (["assets"], false), (["reference", "other"], false), (["reference", "assets", "x"], false),
        (["reference", "assets", "19641", "x"], false), (["reference", "assets", "-1"], false),
        (["folder", "reference"], false),
    ])
    func `folders that segment files are found by`(names: [String], isProtected: Bool) {
        #expect(SegmentFolder.protects(names) == isProtected)
    }
}

struct SegmentPathTests {
    private static func path(
        _ name: String, _ relativePath: String? = nil, _ locale: String? = nil, isNew: Bool = true
    ) throws(AssetError) -> SegmentPath {
        try SegmentPath(
            fileName: name, relativePath: relativePath, locale: locale, languages: ["en", "nl", "en-GB"], isNew: isNew)
    }

    @Test(
        arguments: [
            ("a.jpg", nil, nil, "a.jpg"), ("a.jpg", "", "", "a.jpg"), ("a.jpg", "  \t", nil, "a.jpg"),
            ("sub/a.jpg", nil, nil, "sub/a.jpg"), ("sub\\deep/a.jpg", nil, nil, "sub/deep/a.jpg"),
            ("/sub/a.jpg", nil, nil, "sub/a.jpg"), ("\\a.jpg", nil, nil, "a.jpg"),
            ("sub/a.jpg", "", nil, "sub/a.jpg"), ("sub/a.jpg", " ", nil, "sub/a.jpg"),
            ("sub/a.jpg", "other", nil, "other/a.jpg"), ("sub/a.jpg", "/", nil, "a.jpg"),
            ("a.jpg", "/public/images/", nil, "public/images/a.jpg"),
            ("a.jpg", "public\\views", nil, "public/views/a.jpg"),
            ("a.jpg", nil, "EN", "en/a.jpg"), ("a.jpg", nil, "en-gb", "en-GB/a.jpg"),
            ("a.jpg", "x", "nl", "nl/x/a.jpg"),
            ("a.jpg", "en", nil, "en/a.jpg"), ("a.jpg", "nl", "en", "en/nl/a.jpg"),
            ("Cafe\u{301}.jpg", "e\u{301}", nil, "\u{e9}/Caf\u{e9}.jpg"), (" a .jpg", " x ", nil, " x / a .jpg"),
        ] as [(String, String?, String?, String)])
    func `paths`(name: String, relativePath: String?, locale: String?, expected: String) throws {
        let path = try Self.path(name, relativePath, locale)
        let text = (path.folders + [path.name]).map(\.description).joined(separator: "/")
        #expect(Array(text.utf8) == Array(expected.utf8))
    }

    @Test(
        arguments: [
            ("filename", "", nil, nil), ("filename", "a/", nil, nil), ("filename", "/", nil, nil),
            ("filename", "..", nil, nil),
            ("filename", ".", nil, nil), ("filename", "../a", nil, nil), ("filename", "a/../b", nil, nil),
            ("filename", "a//b", nil, nil), ("filename", "../a", "x", nil), ("filename", "a\u{0}", nil, nil),
            ("filename", "a:b", nil, nil), ("filename", "C:\\a.jpg", nil, nil), ("filename", "a*", nil, nil),
            ("filename", "a\u{301}:\u{301}b", nil, nil), ("filename", "a?\u{200d}b", nil, nil),
            ("filename", String(repeating: "x", count: 256), nil, nil),
            ("relativePath", "a", "..", nil), ("relativePath", "a", "x/..", nil), ("relativePath", "a", "x/./y", nil),
            ("relativePath", "a", "x//y", nil), ("relativePath", "a", "x\\\\y", nil),
            ("relativePath", "a", "C:/x", nil),
            ("relativePath", "a", "x|y", nil), ("relativePath", "a", "x\ny", nil),
            ("locale", "a", nil, "fr"), ("locale", "a", nil, "e"), ("locale", "a", nil, " "),
            ("locale", "a", nil, "en/nl"),
            ("locale", "a", nil, ".."),
        ] as [(String, String, String?, String?)])
    func `what is refused, and which parameter is to blame`(
        parameter: String, name: String, relativePath: String?, locale: String?
    ) {
        let error = #expect(throws: AssetError.self) { try Self.path(name, relativePath, locale) }
        #expect(error?.code == .badParameter)
        #expect(error?.parameter == parameter)
    }

    @Test func `what is there already stays reachable under names that new files cannot have`() throws {
        let path = try Self.path("a:b?.jpg", "x|y", nil, isNew: false)
        #expect(path.name.description == "a:b?.jpg")
        #expect(throws: AssetError.self) { try Self.path("..", nil, nil, isNew: false) }
    }
}
