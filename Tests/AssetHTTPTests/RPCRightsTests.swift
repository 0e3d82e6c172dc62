import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// Who may do what in the project dialect.
struct RPCRightsTests {
    /// Which calls of the table need which right: a call with good parameters succeeds, or is refused with 403.
    @Test(arguments: Member.Role.allCases)
    func `each role may do what its rights allow`(role: Member.Role) async throws {
        let server = try await TestServer()
        let owner = try await server.fixture.owner()
        let user = role == .owner ? owner.user : try await server.member(role, key: "k")
        let rights = role.rights
        try await server.app.test(.router) { client in
            let admin = try await server.rpc(client, as: server.project.owner)
            let api = try await server.rpc(client, as: user.gid)
            let root = try await admin.root()
            func expect(
                _ path: String, _ parameters: TestJSON, _ needed: Rights,
                sourceLocation: SourceLocation = #_sourceLocation
            ) async throws {
                if rights.isSuperset(of: needed) {
                    _ = try await api.ok(path, parameters, sourceLocation: sourceLocation)
                } else {
                    try await api.fails(path, parameters, 403, sourceLocation: sourceLocation)
                }
            }
            let published = try await admin.file("a.txt", in: root)
            let second = try await admin.file("b.txt", in: root)
            let deleted = try await admin.file("c.txt", in: root)
            _ = try await admin.ok("assets/delete", ["asset": "\(deleted)"])
            let trash = try await admin.file("d.txt", in: root)
            _ = try await admin.ok("assets/delete", ["asset": "\(trash)"])
            let selection: TestJSON = ["\(second)"]
            try await expect("assets/root", [:], .read)
            try await expect("assets/get", ["asset": "\(published)"], .read)
            try await expect("assets/children", ["asset": "\(root)"], .read)
            try await expect("assets/bulk/get", ["selection": selection], .read)
            try await expect("init", [:], .read)
            try await expect("assets/create", ["parent": "\(root)"], .write)
            try await expect("assets/bulk/move", ["selection": selection, "parent": "\(root)"], .write)
            try await expect("assets/delete", ["asset": "\(published)"], .delete)
            try await expect("assets/undelete", ["asset": "\(deleted)"], .delete)
            try await expect("assets/bulk/delete", ["selection": selection], .delete)
            try await expect("assets/bulk/undelete", ["selection": selection], .delete)
            try await expect("assets/permanent_delete", ["asset": "\(trash)"], .purge)
            try await expect("assets/bulk/permanent_delete", ["selection": selection], .purge)
            try await expect("apikeys/create", ["name": "x"], .administer)

            let stored = server.fixture.blobs.locations.count
            let upload = try await api.upload(
                "assets/upload", [.field("parent", root), .file("upload_file", "n.txt", "new")])
            let update = try await api.upload(
                "assets/upload_update", [.field("asset", second), .file("upload_file", "n", "newer")])
            for answer in [upload, update] {
                if rights.contains(.write) { #expect(answer.code == 200) } else { expectRPCFailure(answer, 403) }
            }
            #expect(server.fixture.blobs.locations.count == stored + (rights.contains(.write) ? 2 : 0))
        }
    }

    @Test func `members that are not active, or were removed, are out at the next request`() async throws {
        let server = try await TestServer()
        let user = try await server.member(.member, key: "k")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client, as: user.gid)
            let asset = try await api.root()
            func expectOut() async throws {
                try await api.fails("assets/root", [:], 403)
                try await api.fails("assets/get", ["asset": "\(asset)"], 403)
                try await api.fails("init", [:], 403)
                try await api.fails(
                    "/sync/get", ["cc_cursor": 0, "project": "\(server.project.gid)", "cursor": 0], 403)
                let upload = try await api.upload(
                    "assets/upload", [.field("parent", asset), .file("upload_file", "a", "b")])
                expectRPCFailure(upload, 403)
                let auth = try await client.send(.post, api.uri("auth"), "{\"api_key\":\"k\"}")
                expectRPCFailure(auth, 403)
                let feed = try await api.call("/sync/get", ["cc_cursor": 0])
                #expect(feed.code == 200 && !feed.text.contains("\(server.project.gid)"))
            }
            for status in [Member.Status.deactivated, .invited, .declined] {
                try await server.setMember(user, .member, status)
                try await expectOut()
                try await server.setMember(user, .member)
                _ = try await api.ok("assets/root")
            }
            try await server.service.catalog.write { [project = server.project] tx in
                _ = try tx.removeMember(user.id, of: project.id)
            }
            try await expectOut()
        }
    }

    @Test func `another project is closed, whatever its account`() async throws {
        let server = try await TestServer()
        let near = try await server.otherProject(number: 8000, owner: "near", key: "k-near")
        let far = try await server.otherProject(number: 8001, owner: "far", key: "k-far", account: "far")
        try await server.app.test(.router) { client in
            for other in [near, far] {
                let stranger = try await server.rpc(client, as: other.owner)
                var theirs = stranger
                theirs = RPCClient(client: client, project: other.gid, token: stranger.token)
                let root = try await theirs.root()
                let asset = try await theirs.file("a.txt", in: root)
                // Their token at our project.
                for (path, parameters) in [
                    ("assets/root", [:]), ("assets/get", ["asset": "\(asset)"]), ("init", [:]),
                    ("assets/create", ["parent": "\(root)"]),
                    ("assets/bulk/delete", ["selection": ["\(asset)"]]),
                ] as [(String, TestJSON)] {
                    try await stranger.fails(path, parameters, 403)
                }
                // Their assets at our project.
                let api = try await server.rpc(client)
                for path in [
                    "assets/get", "assets/children", "assets/delete", "assets/undelete", "assets/permanent_delete",
                ] {
                    try await api.fails(path, ["asset": "\(asset)"], 422)
                }
                try await api.fails("assets/create", ["parent": "\(root)"], 422)
                try await api.fails("assets/bulk/move", ["selection": ["\(asset)"], "parent": "\(root)"], 422)
                #expect(try await api.ok("assets/get", ["assets": ["\(asset)"]])["result"] == ["assets": []])
                let selected = try await api.ok(
                    "assets/bulk/get", ["selection": ["\(asset)", ["children": "\(root)"]]])
                #expect(selected["result"]["assets"] == [])
                let upload = try await api.upload(
                    "assets/upload", [.field("parent", root), .file("upload_file", "x", "y")])
                expectRPCFailure(upload, 422)
                let update = try await api.upload(
                    "assets/upload_update", [.field("asset", asset), .file("upload_file", "x", "y")])
                expectRPCFailure(update, 422)
                // A bulk call on them does nothing.
                _ = try await api.ok("assets/bulk/delete", ["selection": ["\(asset)"]])
                try await server.fixture.runJobs()
                let kept = try await theirs.ok("assets/get", ["asset": "\(asset)"])
                #expect(kept["data"]["assets"][asset]["status"] == "published")
            }
        }
    }

    @Test func `calls without a token are refused before their parameters are looked at`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            for path in RPCDispatcher.projectCalls.keys.sorted() where !["auth", "login"].contains(path) {
                let answer = try await client.send(.post, "/api/p/\(server.project.gid)/\(path)", "not JSON")
                expectRPCFailure(answer, 401, path)
            }
            for path in ["init", "projects/get", "users/get", "members/get"] {
                expectRPCFailure(try await client.send(.post, "/api/\(path)", "not JSON"), 401, path)
            }
        }
    }
}
