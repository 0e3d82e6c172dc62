import AssetCore
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// `/sync/…` (project reference 10).
struct RPCSyncTests {
    @Test func `cursors tell the project's only when a project is named`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let global = try await api.ok("/sync/cursors")
            #expect(global["result"].keys == ["cc.cursor"])
            #expect(global["data"] == [:])
            let response = try await api.call("/sync/cursors", ["project": "\(server.project.gid)"])
            #expect(response.json["result"].keys == ["cc.cursor", "cursor"])
            #expect(response.text.firstMatch(of: /"cc\.cursor":\d+,"cursor":\d+}/) != nil, "Cursors are JSON integers")
            _ = try await api.folder("folder", in: try await api.root())
            let later = try await api.ok("/sync/cursors", ["project": "\(server.project.gid)"])
            #expect(later["result"]["cursor"].number > response.json["result"]["cursor"].number)
            #expect(later["result"]["cc.cursor"] == response.json["result"]["cc.cursor"])
            try await api.fails("/sync/cursors", ["project": "\(other.gid)"], 403)
            try await api.fails("/sync/cursors", ["project": "x"], 400)
        }
    }

    @Test func `get tells what happened since the cursors`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let gid = "\(server.project.gid)"
            let root = try await api.root()
            let start = try await api.ok("/sync/cursors", ["project": "\(gid)"])["result"]
            let folder = try await api.folder("folder", in: root)
            let parameters: TestJSON = [
                "cc_cursor": start["cc.cursor"], "project": "\(gid)", "cursor": start["cursor"],
            ]
            let response = try await api.call("/sync/get", parameters)
            #expect(response.json["result"].keys == ["sync"], "No cursors, and no warning: nothing is left")
            let items = response.json["result"]["sync"].array
            #expect(
                items.map { $0["action"].string + " " + $0["data_key"].string } == [
                    "INSERT \(folder)", "UPDATE \(root)",
                ])
            for (index, item) in items.enumerated() {
                #expect(item.keys == ["type", "cursor", "action", "data_type", "data_key"])
                #expect(item["type"] == "project" && item["data_type"] == "assets")
                #expect(item["cursor"].number == start["cursor"].number + Double(index) + 1)
            }
            #expect(!response.text.contains(".0"), "Cursors are JSON integers")
            let end: TestJSON = [
                "cc_cursor": start["cc.cursor"], "project": "\(gid)", "cursor": items.last?["cursor"] ?? .missing,
            ]
            #expect(try await api.ok("/sync/get", end)["result"] == ["sync": []])
        }
    }

    @Test func `get without a project gives global items only`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            _ = try await api.folder("folder", in: try await api.root())
            let items = try await api.ok("/sync/get", ["cc_cursor": 0])["result"]["sync"].array
            #expect(!items.isEmpty)
            for item in items {
                #expect(item["type"] == "cc")
                #expect(["cc.users", "cc.projects", "cc.projects_members", "jobs"].contains(item["data_type"].string))
            }
            let cursors = items.map(\.["cursor"].number)
            #expect(cursors == cursors.sorted() && Set(cursors).count == cursors.count)
            let members = items.filter { $0["data_type"] == "cc.projects_members" }
            #expect(members.allSatisfy { $0["data_key"].string.hasPrefix("\(server.project.gid)/") })
            // A cursor of the project without the project counts for nothing.
            #expect(try await api.ok("/sync/get", ["cc_cursor": 0, "cursor": 0])["result"]["sync"].array == items)
        }
    }

    @Test func `a thousand items are the most in one answer, and a warning tells of more`() async throws {
        let server = try await TestServer()
        let project = server.project
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let start = try await api.ok("/sync/cursors", ["project": "\(project.gid)"])["result"]
            try await server.service.catalog.write { tx in
                for _ in 0..<2 { try tx.append(.update, .assets, (0..<501).map { _ in GID() }, in: project.id) }
            }
            var cursor = start["cursor"]
            var counts: [Int] = []
            var warnings: [TestJSON] = []
            repeat {
                let result = try await api.ok(
                    "/sync/get", ["cc_cursor": start["cc.cursor"], "project": "\(project.gid)", "cursor": cursor])[
                        "result"]
                counts.append(result["sync"].array.count)
                warnings.append(result["warning"])
                cursor = result["sync"].array.last?["cursor"] ?? .missing
            } while warnings.last != .missing && counts.count < 5
            #expect(counts == [1000, 2])
            #expect(warnings == ["more data available", .missing])
            #expect(cursor.number == start["cursor"].number + 1002)
            try await server.service.catalog.write { tx in
                for _ in 0..<1001 { try tx.append(.update, .projects, key: "x", data: nil, for: .project(project.id)) }
            }
            let global = try await api.ok("/sync/get", ["cc_cursor": start["cc.cursor"]])["result"]
            #expect(global["sync"].array.count == 1000)
            #expect(global["warning"] == "more data available")
        }
    }

    @Test func `get refuses wrong parameters and other people's projects`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let gid = "\(server.project.gid)"
            let rows: [(TestJSON, Int)] = [
                ([:], 400), (["cc_cursor": "1"], 400), (["cc_cursor": -1], 400), (["cc_cursor": 1.5], 400),
                (["cc_cursor": 0, "project": "\(gid)"], 400), (["cc_cursor": 0, "project": 5, "cursor": 0], 400),
                (["cc_cursor": 0, "project": "\(gid)", "cursor": "x"], 400),
                (["cc_cursor": 0, "project": "\(other.gid)", "cursor": 0], 403),
                (["cc_cursor": 0, "project": "\(GID())", "cursor": 0], 403),
            ]
            for (parameters, code) in rows { try await api.fails("/sync/get", parameters, code) }
            expectRPCFailure(try await client.send(.post, "/sync/get", "{\"cc_cursor\":0}"), 401)
            expectRPCFailure(try await client.send(.post, "/sync/cursors", "{}"), 401)
        }
    }

    @Test func `the feed shows nothing of projects that one is not in`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        let stranger = try await server.service.createAPIKey(project: .gid(other.gid), name: "x").user
        try await server.app.test(.router) { client in
            for (user, own, hidden) in [
                (stranger.gid, other.gid, server.project.gid), (server.project.owner, server.project.gid, other.gid),
            ] {
                let api = try await server.rpc(client, as: user)
                let text = try await api.call("/sync/get", ["cc_cursor": 0]).text
                #expect(text.contains("\(own)"))
                #expect(!text.contains("\(hidden)"))
            }
        }
    }
}
