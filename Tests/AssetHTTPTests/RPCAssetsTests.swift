import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// `/api/p/<project>/assets/…` (project reference 5).
struct RPCAssetsTests {
    private static let keys: Set<String> = [
        "gid", "pathname", "path", "name", "is_file", "type", "childcount", "status", "version", "info", "transforms",
        "title", "description", "metadata", "created_on", "updated_on",
    ]

    @Test func `an asset has exactly the documented keys`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let answer = try await api.ok("assets/root")
            let root = answer["result"]["root"].string
            #expect(answer["result"] == ["root": "\(root)"])
            #expect(answer["data"].keys == ["assets"])
            #expect(
                answer["data"]["assets"][root].object.filter { !$0.key.hasSuffix("_on") } == [
                    "gid": "\(root)", "pathname": "/", "path": "/", "name": "", "is_file": false, "type": nil,
                    "childcount": 0, "status": "published", "version": 1, "info": ["filecount": 0, "foldercount": 0],
                    "transforms": nil, "title": ["en": "", "nl": ""], "description": ["en": "", "nl": ""],
                    "metadata": [:],
                ])
            let folder = try await api.folder("Products", in: root)
            let picture = "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='3'/>"
            let file = try await api.file("Pump.SVG", in: folder, picture)
            let assets = try await api.ok("assets/get", ["assets": ["\(root)", "\(folder)", "\(file)"]])["data"][
                "assets"]
            for gid in [root, folder, file] { #expect(assets[gid].keys == Self.keys) }
            #expect(
                assets[file].object.filter { !["info", "gid"].contains($0.key) } == [
                    "pathname": "/Products/Pump.SVG", "path": "/Products", "name": "Pump.SVG", "is_file": true,
                    "type": "svg",
                    "childcount": 0, "status": "published", "version": 1, "transforms": nil,
                    "title": ["en": "", "nl": ""], "description": ["en": "", "nl": ""], "metadata": [:],
                    "created_on": 1_763_718_063.02917, "updated_on": 1_763_718_063.02917,
                ])
            #expect(assets[file]["info"]["width"] == 4)
            #expect(assets[file]["info"]["filesize"] == .number(Double(picture.utf8.count)))
            #expect(assets[folder]["info"] == ["filecount": 1, "foldercount": 0])
            #expect(assets[folder]["childcount"] == 1)
            #expect(assets[folder]["path"] == "/")
            #expect(assets[root]["info"] == ["filecount": 0, "foldercount": 1])
        }
    }

    @Test func `get takes four forms and the first in the documented order wins`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let folder = try await api.folder("b", in: root)
            let file = try await api.file("z.txt", in: folder)
            let first = try await api.file("a.txt", in: root)
            let rows: [(TestJSON, TestJSON)] = [
                (["asset": "\(file)"], ["asset": "\(file)"]),
                (["asset": .string(file.uppercased())], ["asset": "\(file)"]),
                (
                    ["assets": ["\(file)", "\(first)", "\(GID())", "\(root)"]],
                    ["assets": ["\(root)", "\(first)", "\(file)"]]
                ),
                (["assets": ["\(GID())"]], ["assets": []]),
                (["assets": []], ["assets": []]),
                (["pathname": "/b/z.txt"], ["asset": "\(file)"]),
                (["pathname": "/"], ["asset": "\(root)"]),
                (["pathnames": ["/nothing", "/b", "/a.txt", "/"]], ["assets": ["\(root)", "\(first)", "\(folder)"]]),
                // Matching order.
                (["pathnames": ["/"], "pathname": "/b", "assets": [], "asset": "\(file)"], ["asset": "\(file)"]),
                (["pathnames": ["/"], "pathname": "/b", "assets": ["\(first)"]], ["assets": ["\(first)"]]),
                (["pathnames": ["/"], "pathname": "/b"], ["asset": "\(folder)"]),
                (["asset": nil, "assets": nil, "pathname": nil, "pathnames": ["/b"]], ["assets": ["\(folder)"]]),
                (["asset": "\(file)", "unheard_of": [1, 2]], ["asset": "\(file)"]),
            ]
            for (parameters, result) in rows {
                let answer = try await api.ok("assets/get", parameters)
                #expect(answer["result"] == result, "\(parameters.text)")
                let gids = result["assets"] == .missing ? [result["asset"].string] : result["assets"].strings
                #expect(answer["data"]["assets"].keys.isSuperset(of: gids))
            }
            let failures: [(TestJSON, Int)] = [
                (["asset": "\(GID())"], 422), (["pathname": "/nothing"], 422), (["pathname": "/b/z.txt/x"], 422),
                (["asset": "\(GID())", "pathname": "/b"], 422), (["asset": "x"], 400), (["asset": 5], 400),
                (["assets": "x"], 400), (["assets": ["x"]], 400), (["assets": [nil]], 400), (["pathname": "b"], 400),
                (["pathname": ""], 400), (["pathname": "/b/"], 400), (["pathname": "/b/../b"], 400),
                (["pathnames": "/b"], 400), (["pathnames": ["b"]], 400), ([:], 400),
            ]
            for (parameters, code) in failures { try await api.fails("assets/get", parameters, code) }
        }
    }

    @Test func `children come folders first, by name, in pages`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let parent = try await api.folder("parent", in: try await api.root())
            let b = try await api.file("b.txt", in: parent)
            let a = try await api.file("a.txt", in: parent)
            let z = try await api.folder("z", in: parent)
            let y = try await api.folder("y", in: parent)
            let all = [y, z, a, b]
            let rows: [(TestJSON, [String])] = [
                ([:], all), (["page.top": 0, "page.size": 1], [y]), (["page.top": 1, "page.size": 2], [z, a]),
                (["page.top": 3], [b]), (["page.top": 4], []), (["page.top": 1000], []), (["page.size": 1000], all),
                (["page.size": 5000], all), (["page.top": nil, "page.size": nil], all),
            ]
            for (page, gids) in rows {
                let answer = try await api.ok(
                    "assets/children", .object(page.object.merging(["asset": "\(parent)"]) { $1 }))
                #expect(
                    answer["result"] == ["children": .array(gids.map(TestJSON.string)), "children.size": 4],
                    "\(page.text)")
                #expect(answer["data"]["assets"].keys.isSuperset(of: gids))
            }
            #expect(try await api.ok("assets/children", ["pathname": "/parent"])["result"]["children"].strings == all)
            let ofFile = try await api.ok("assets/children", ["asset": "\(a)"])
            #expect(ofFile["result"] == ["children": [], "children.size": 0])
            let failures: [(TestJSON, Int)] = [
                (["page.top": -1], 400), (["page.size": 0], 400), (["page.size": -1], 400), (["page.size": 1.5], 400),
                (["page.size": "10"], 400), (["page.top": true], 400), (["page.top": 1e30], 400),
            ]
            for (page, code) in failures {
                try await api.fails(
                    "assets/children", .object(page.object.merging(["asset": "\(parent)"]) { $1 }), code)
            }
            try await api.fails("assets/children", ["asset": "\(GID())"], 422)
            try await api.fails("assets/children", ["pathname": "/nothing"], 422)
            try await api.fails("assets/children", [:], 400)
        }
    }

    @Test func `create makes folders, and numbers names that are taken`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let answer = try await api.ok("assets/create", ["parent": "\(root)", "name": "Products"])
            let folder = answer["result"]["asset"].string
            #expect(answer["result"] == ["parent": "\(root)", "asset": "\(folder)"])
            #expect(answer["data"]["assets"].keys == [root, folder])
            #expect(answer["data"]["assets"][root]["childcount"] == 1)
            #expect(answer["data"]["assets"][root]["info"] == ["filecount": 0, "foldercount": 1])
            for (name, stored) in [("Products", "Products 2"), ("Products", "Products 3"), ("e\u{301}", "é")] {
                let more = try await api.ok("assets/create", ["parent": "\(root)", "name": "\(name)"])
                #expect(more["data"]["assets"][more["result"]["asset"].string]["name"] == "\(stored)")
            }
            let unnamed = try await api.ok("assets/create", ["parent": "\(root)"])
            #expect(unnamed["data"]["assets"][unnamed["result"]["asset"].string]["name"] == "new folder")

            let file = try await api.file("a.txt", in: root)
            let deleted = try await api.folder("gone", in: root)
            _ = try await api.ok("assets/delete", ["asset": "\(deleted)"])
            for parent in ["\(GID())", file, deleted] {
                try await api.fails("assets/create", ["parent": "\(parent)"], 422)
            }
            for parent in [nil, 5, "x", ["\(root)"]] as [TestJSON] {
                try await api.fails("assets/create", ["parent": parent], 400)
            }
            let names: [TestJSON] = [
                "", ".", "..", "a/b", "a\\b", "a\u{0}b", "a\nb", "\u{7F}", .string(String(repeating: "x", count: 256)),
                5, [],
            ]
            for name in names { try await api.fails("assets/create", ["parent": "\(root)", "name": name], 400) }
        }
    }

    @Test func `delete, undelete and permanent delete go through the states`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let folder = try await api.folder("folder", in: root)
            let file = try await api.file("a.txt", in: folder)
            func status(_ gid: String) async throws -> TestJSON {
                try await api.ok("assets/get", ["asset": "\(gid)"])["data"]["assets"][gid]["status"]
            }
            try await api.fails("assets/undelete", ["asset": "\(folder)"], 422)
            try await api.fails("assets/permanent_delete", ["asset": "\(folder)"], 422)
            let deleted = try await api.ok("assets/delete", ["asset": "\(folder)"])
            #expect(deleted["result"] == ["asset": "\(folder)"])
            #expect(deleted["data"]["assets"][folder]["status"] == "deleted")
            #expect(try await status(file) == "deleted", "The subtree goes along")
            try await api.fails("assets/delete", ["asset": "\(folder)"], 422)
            try await api.fails("assets/undelete", ["asset": "\(file)"], 422)
            let listed = try await api.ok("assets/children", ["asset": "\(root)"])
            #expect(listed["result"]["children"] == ["\(folder)"], "Deleted assets stay in the tree")

            let undeleted = try await api.ok("assets/undelete", ["asset": "\(folder)"])
            #expect(undeleted["data"]["assets"][folder]["status"] == "published")
            #expect(try await status(file) == "published")

            _ = try await api.ok("assets/delete", ["asset": "\(folder)"])
            let purged = try await api.ok("assets/permanent_delete", ["asset": "\(folder)"])
            #expect(purged["result"] == ["parent": "\(root)"])
            #expect(purged["data"]["assets"].keys == [root])
            #expect(purged["data"]["assets"][root]["childcount"] == 0)
            try await api.fails("assets/get", ["asset": "\(folder)"], 422)
            try await api.fails("assets/get", ["asset": "\(file)"], 422)

            for path in ["assets/delete", "assets/undelete", "assets/permanent_delete"] {
                try await api.fails(path, ["asset": "\(GID())"], 422)
                try await api.fails(path, ["asset": "\(root)"], 422)
                try await api.fails(path, ["asset": "x"], 400)
                try await api.fails(path, [:], 400)
            }
        }
    }

    @Test func `bulk get pages through a selection`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let folder = try await api.folder("folder", in: root)
            let a = try await api.file("a.txt", in: folder)
            let b = try await api.file("b.txt", in: folder)
            let c = try await api.file("blue pump.txt", in: root)
            func gids(_ selection: TestJSON) async throws -> [String] {
                let answer = try await api.ok("assets/bulk/get", ["selection": selection])
                #expect(answer["result"].keys == ["assets", "assets.size", "page.cursor"])
                #expect(answer["result"]["page.cursor"] == nil)
                #expect(answer["result"]["assets.size"] == .number(Double(answer["result"]["assets"].array.count)))
                #expect(answer["data"]["assets"].keys == Set(answer["result"]["assets"].strings))
                return answer["result"]["assets"].strings
            }
            let search: TestJSON = ["search": ["language": "en", "q": "+pump"]]
            let rows: [(TestJSON, [String])] = [
                (["\(b)", "\(GID())", "\(a)"], [b, a]),
                ([["children": "\(folder)"]], [a, b]),
                ([["children": "\(folder)", "exclude": ["\(a)"]]], [b]),
                ([search], [c]),
                ([["search": ["language": "en", "q": "+pump"], "exclude": ["\(c)"]]], []),
                (["\(b)", ["children": "\(folder)"], search, "\(c)", "\(root)"], [b, a, c, root]),
                ([["children": "\(folder)", "exclude": ["\(a)"]], "\(a)"], [b, a]),
                ([["search": ["language": "en"]]], []),
                ([["children": "\(GID())"]], []),
            ]
            for (selection, expected) in rows { #expect(try await gids(selection) == expected, "\(selection.text)") }

            let selection: TestJSON = ["\(a)", "\(b)", "\(c)"]
            let first = try await api.ok(
                "assets/bulk/get", ["selection": selection, "page.size": 2, "page.cursor": nil])
            #expect(first["result"]["assets"].strings == [a, b])
            #expect(first["result"]["assets.size"] == 3)
            let cursor = first["result"]["page.cursor"]
            let second = try await api.ok(
                "assets/bulk/get", ["selection": selection, "page.size": 2, "page.cursor": cursor])
            #expect(second["result"] == ["assets": ["\(c)"], "assets.size": 3, "page.cursor": nil])
            let exact = try await api.ok("assets/bulk/get", ["selection": selection, "page.size": 3])
            #expect(exact["result"]["page.cursor"] == nil, "No page is left")

            let owner = try await server.rpc(client, as: server.project.owner)
            try await owner.fails("assets/bulk/get", ["selection": selection, "page.cursor": cursor], 1006)
            server.fixture.clock.advance(seconds: 3661)
            try await api.fails("assets/bulk/get", ["selection": selection, "page.cursor": cursor], 1006)
            for cursor in ["", "nonsense", 5, "\(GID()).0", "\(GID())"] as [TestJSON] {
                try await api.fails("assets/bulk/get", ["selection": selection, "page.cursor": cursor], 1006)
            }
            for size in [0, -1, "1", 2.5] as [TestJSON] {
                try await api.fails("assets/bulk/get", ["selection": selection, "page.size": size], 400)
            }
        }
    }

    private static let badSelections: [TestJSON] = [
        .missing, nil, [], "x", 5, [:], ["x"], [5], [nil], [[:]], [["children": "x"]], [["children": 5]],
        [["children": "5e78c224-a308-4ea7-b283-9b39ffb09aa2", "search": ["language": "en"]]], [["search": "x"]],
        [["search": ["q": "x"]]], [["search": ["language": "en", "q": 5]]],
        [["search": ["language": "en", "filter": ["nothing", "is", "x"]]]],
        [["children": "5e78c224-a308-4ea7-b283-9b39ffb09aa2", "exclude": "x"]],
        [["children": "5e78c224-a308-4ea7-b283-9b39ffb09aa2", "exclude": ["x"]]], [["exclude": []]],
    ]

    @Test(arguments: ["get", "delete", "undelete", "permanent_delete", "move"])
    func `bad selections are refused before anything happens`(name: String) async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let before = try await api.ok("/sync/cursors", ["project": "\(server.project.gid)"])["result"]
            for selection in Self.badSelections {
                var parameters: [String: TestJSON] = ["parent": "\(root)"]
                if selection != .missing { parameters["selection"] = selection }
                try await api.fails("assets/bulk/\(name)", .object(parameters), 1006)
            }
            let after = try await api.ok("/sync/cursors", ["project": "\(server.project.gid)"])["result"]
            #expect(before == after, "No job was written down")
        }
    }

    @Test func `bulk calls answer a token whose job does the work`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let folder = try await api.folder("folder", in: root)
            let target = try await api.folder("target", in: root)
            let a = try await api.file("a.txt", in: folder)
            let b = try await api.file("b.txt", in: folder)
            func run(_ name: String, _ parameters: TestJSON) async throws -> TestJSON {
                let cursor = try await api.ok("/sync/cursors")["result"]["cc.cursor"]
                let answer = try await api.ok("assets/bulk/\(name)", parameters)
                let token = answer["result"]["job.token"].string
                #expect(answer["result"] == ["job.token": "\(token)"])
                #expect(answer["data"] == [:])
                #expect(GID(token) != nil)
                let queued = try await api.ok("/sync/get", ["cc_cursor": cursor])["result"]["sync"]
                #expect(queued.array.map { $0["data"]["status"] } == ["queued"])
                try await server.fixture.runJobs()
                let items = try await api.ok("/sync/get", ["cc_cursor": cursor])["result"]["sync"].array
                for item in items {
                    #expect(item.keys == ["type", "cursor", "action", "data_type", "data_key", "data"])
                    #expect(item["type"] == "cc" && item["data_type"] == "jobs" && item["data_key"] == "\(token)")
                    #expect(item["data"].keys == ["project_gid", "job", "status", "info", "created_on", "updated_on"])
                    #expect(item["data"]["job"] == "bulk_\(name)_assets")
                    #expect(item["data"]["project_gid"] == "\(server.project.gid)")
                    guard case .object = item["data"]["info"] else {
                        Issue.record("'info' is no object")
                        continue
                    }
                }
                #expect(items.last?["data"]["status"] == "done")
                return items.last?["data"]["info"] ?? .missing
            }
            func state(_ gid: String) async throws -> String {
                let asset = try await api.ok("assets/get", ["assets": ["\(gid)"]])["data"]["assets"][gid]
                return asset == .missing ? "none" : asset["status"].string + " " + asset["pathname"].string
            }
            let first = try await run("delete", ["selection": [["children": "\(folder)", "exclude": ["\(b)"]]]])
            #expect(
                first["total"] == 1 && first["remaining"] == 0 && first["failed"] == 0 && first["error"] == .missing)
            #expect(try await state(a) == "deleted /folder/a.txt")
            #expect(try await state(b) == "published /folder/b.txt")
            let again = try await run("delete", ["selection": ["\(a)", "\(b)"]])
            #expect(again["failed"] == 1, "Items in the wrong state fail one by one")
            #expect(try await state(b) == "deleted /folder/b.txt")
            _ = try await run("undelete", ["selection": ["\(b)"]])
            #expect(try await state(b) == "published /folder/b.txt")
            _ = try await run("permanent_delete", ["selection": ["\(a)"]])
            #expect(try await state(a) == "none")
            _ = try await run("move", ["selection": ["\(b)"], "parent": "\(target)"])
            #expect(try await state(b) == "published /target/b.txt")

            try await api.fails("assets/bulk/move", ["selection": ["\(b)"], "parent": "\(GID())"], 422)
            try await api.fails("assets/bulk/move", ["selection": ["\(b)"], "parent": "\(b)"], 422)
            try await api.fails("assets/bulk/move", ["selection": ["\(b)"]], 400)
        }
    }
}
