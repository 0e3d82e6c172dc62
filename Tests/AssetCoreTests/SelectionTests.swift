import AssetCore
import Testing

/// Project reference 6.
struct SelectionTests {
    private static let gid = GID()
    private static var text: JSON { JSON(gid) }

    @Test func `all forms, in order, the same one once`() throws {
        let (a, b, c) = (GID(), GID(), GID())
        let search: JSON = ["language": "nl", "q": "+cms 225", "filter": ["type", "is", "image"]]
        let selection = try Selection(parsing: [
            JSON(a), ["children": JSON(b), "exclude": [JSON(a), JSON(c), JSON(a)]], .string(c.description.uppercased()),
            ["search": search], ["search": search, "exclude": nil], ["children": JSON(a), "unknown": 1],
        ])
        let query = try SearchQuery(parsing: search)
        #expect(
            selection.entries == [
                .asset(a), .children(of: b, excluding: [a, c]), .asset(c), .search(query, excluding: []),
                .children(of: a, excluding: []),
            ])
    }

    @Test(
        arguments: [
            (nil, "list"), (.null, "list"), ("x", "list"), ([:], "list"), (text, "list"), ([], "empty"),
            (["x"], "selection[0]"), ([text, "x"], "selection[1]"), ([1], "selection[0]"), ([nil], "selection[0]"),
            ([[]], "selection[0]"), ([[:]], "children"), ([["exclude": [text]]], "children"),
            ([["children": text, "search": ["language": "en"]]], "either"),
            ([["children": "x"]], "selection[0].children"),
            ([["children": 1]], "selection[0].children"), ([["children": nil]], "selection[0].children"),
            ([["children": text, "exclude": text]], "exclude"), ([["children": text, "exclude": ["x"]]], "exclude"),
            ([["children": text, "exclude": [1]]], "exclude"), ([["search": "x"]], "selection[0].search"),
            ([["search": []]], "selection[0].search"), ([["search": [:]]], "language"),
            ([["search": ["language": "en", "q": 1]]], "q"),
            ([["search": ["language": "en", "filter": ["colour", "is", "red"]]]], "colour"),
            ([["search": ["language": "en"], "exclude": [:]]], "exclude"),
        ] as [(JSON?, String)])
    func `each wrong form, and what the error names`(json: JSON?, named: String) {
        let error = #expect(throws: AssetError.self) { try Selection(parsing: json) }
        #expect(error?.code == .badSelection)
        #expect(error?.message.contains(named) == true, "\(error?.message ?? "")")
    }

    @Test func `a hundred thousand entries and not one more`() throws {
        let gids = (0...Selection.maximumEntries).map { _ in JSON(GID()) }
        let most = JSON.array(gids.dropLast())
        #expect(try Selection(parsing: most).entries.count == Selection.maximumEntries)
        let more = JSON.array(gids)
        let error = #expect(throws: AssetError.self) { try Selection(parsing: more) }
        #expect(error?.code == .badSelection)
    }

    @Test func `a thousand folders and searches and not one more`() throws {
        let folders = (0...Selection.maximumObjects).map { _ -> JSON in ["children": JSON(GID())] }
        #expect(try Selection(parsing: .array(folders.dropLast())).entries.count == Selection.maximumObjects)
        let error = #expect(throws: AssetError.self) { try Selection(parsing: .array(folders)) }
        #expect(error?.code == .badSelection)
    }
}
