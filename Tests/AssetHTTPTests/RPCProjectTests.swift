import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// `/api/p/<project>/…` without the assets (project reference 4).
struct RPCProjectTests {
    @Test func `auth, login and init open a project`() async throws {
        let server = try await TestServer()
        let (gid, owner) = ("\(server.project.gid)", "\(server.project.owner)")
        try await server.app.test(.router) { client in
            let uri = "/api/p/\(gid)"
            let key: TestJSON = ["api_key": "\(server.fixture.demo.apiKey)", "omit_extended_definitions": false]
            let password = server.fixture.demo.password
            let auth = try await client.send(.post, uri + "/auth", key.text)
            let login = try await client.send(
                .post, uri + "/login", "{\"username\":\"demo\",\"password\":\"\(password)\"}")
            let api = RPCClient(
                client: client, project: server.project.gid, token: try #require(auth.headers[.authorization]))
            let post = try await api.call("init", ["omit_extended_definitions": false])
            let get = try await api.call("init", [:], .get)
            for (answer, role) in [(auth, "api"), (login, "owner"), (post, "api"), (get, "api")] {
                #expect(answer.code == 200)
                let (result, data) = (answer.json["result"], answer.json["data"])
                #expect(
                    result.keys == [
                        "user", "user_projects", "project", "project_members", "last_backed_up", "cc.version",
                        "cc.cursor",
                        "cursor",
                    ])
                #expect(result["project"] == "\(gid)")
                #expect(result["user_projects"] == .object([gid: ["\(role)"]]))
                #expect(result["project_members"].strings.contains(owner))
                #expect(result["project_members"].strings.contains(result["user"].string))
                #expect(result["last_backed_up"] == nil)
                #expect(result["cc.version"] == "2026.04.002")
                #expect(
                    answer.text.firstMatch(of: /"cc\.cursor":\d+,"cursor":\d+}/) != nil, "Cursors are JSON integers")
                #expect(
                    data.keys == [
                        "cc.users", "cc.projects", "cc.projects_members", "cc.languages", "definitions", "classes",
                        "fields",
                        "layouts", "queries",
                    ])
                #expect(data["cc.users"].keys.contains(owner))
                #expect(data["cc.projects"][gid]["options"]["languages"] == ["en", "nl"])
                #expect(data["cc.projects_members"].array.count == 2)
                #expect(data["queries"] == [:])
                let token = try #require(answer.headers[.authorization])
                #expect(token.split(separator: ".").count == 3 && !token.contains(" "))
                #expect(answer.headers[.cacheControl] == "no-store")
            }
        }
    }

    @Test func `wrong keys, passwords and projects are unknown users, not token errors`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        let key = server.fixture.demo.apiKey
        try await server.app.test(.router) { client in
            let own = "/api/p/\(server.project.gid)"
            let rows: [(String, String, Int)] = [
                (own + "/auth", #"{"api_key":"wrong"}"#, 403), (own + "/auth", #"{"api_key":""}"#, 403),
                (own + "/auth", "{}", 400), (own + "/auth", #"{"api_key":null}"#, 400),
                (own + "/auth", #"{"api_key":7}"#, 400),
                ("/api/p/\(GID())/auth", "{\"api_key\":\"\(key)\"}", 403),
                ("/api/p/\(other.gid)/auth", "{\"api_key\":\"\(key)\"}", 403),
                ("/api/p/nonsense/auth", "{\"api_key\":\"\(key)\"}", 403),
                // The key of a manager is one of the segment dialect.
                (own + "/auth", "{\"api_key\":\"\(server.fixture.demo.key)\"}", 403),
                (own + "/login", #"{"username":"demo","password":"wrong"}"#, 403),
                (own + "/login", #"{"username":"demo"}"#, 400),
                ("/api/p/\(other.gid)/login", #"{"username":"demo","password":"demo-stockroom"}"#, 403),
            ]
            for (uri, body, code) in rows {
                let answer = try await client.send(.post, uri, body)
                expectRPCFailure(answer, code, uri + body)
                #expect(answer.headers[.authorization] == nil)
            }
        }
    }

    @Test func `members get follows the matching order and leaves strangers out`() async throws {
        let server = try await TestServer()
        let owner = "\(server.project.owner)"
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let own = try await api.ok("init")["result"]["user"].string
            let one = try await api.ok("members/get", ["members": ["\(own)"], "member": "\(owner)"])
            #expect(one["result"] == ["user": "\(owner)"])
            #expect(one["data"]["cc.users"].keys == [owner])
            let several = try await api.ok("members/get", ["members": ["\(own)", "\(GID())", "\(owner)"]])
            #expect(several["result"] == ["users": ["\(own)", "\(owner)"]])
            #expect(several["data"]["cc.projects_members"].array.count == 2)
            #expect(try await api.ok("members/get", ["members": []])["result"] == ["users": []])
            try await api.fails("members/get", ["member": "\(GID())"], 422)
            try await api.fails("members/get", ["member": 5], 400)
            try await api.fails("members/get", ["members": "x"], 400)
            try await api.fails("members/get", ["members": [5]], 400)
            try await api.fails("members/get", ["members": ["x"]], 400)
            try await api.fails("members/get", [:], 400)
        }
    }

    @Test func `the owner makes API keys and sees them again`() async throws {
        let server = try await TestServer()
        let gid = "\(server.project.gid)"
        try await server.app.test(.router) { client in
            let owner = try await server.rpc(client, as: server.project.owner)
            let made = try await owner.ok("apikeys/create", ["name": "Importer"])
            let user = made["result"]["user"].string
            #expect(made["result"] == ["user": "\(user)"])
            #expect(
                made["data"]["cc.users"][user]
                    == ["gid": "\(user)", "username": nil, "name": "Importer", "avatar": nil, "status": "active"])
            #expect(
                made["data"]["cc.projects_members"]
                    == [
                        [
                            "project_gid": "\(gid)", "user_gid": "\(user)", "status": "active", "roles": ["api"],
                            "options": .memberOptions,
                        ]
                    ])
            let shown = try await owner.ok("apikeys/get", ["user": "\(user)"])
            #expect(shown["data"] == [:])
            #expect(shown["result"].keys == ["apikey"])
            let api = try await server.rpc(client, apiKey: shown["result"]["apikey"].string)
            #expect(try await api.ok("init")["result"]["user"] == "\(user)", "The key logs its user in")
            #expect(try await owner.ok("apikeys/get", ["user": "\(user)"])["result"] == shown["result"])

            try await owner.fails("apikeys/get", ["user": "\(server.project.owner)"], 422)
            try await owner.fails("apikeys/get", ["user": "\(GID())"], 422)
            try await owner.fails("apikeys/get", [:], 400)
            try await owner.fails("apikeys/create", [:], 400)
            try await owner.fails("apikeys/create", ["name": ""], 400)
            try await owner.fails("apikeys/create", ["name": .string(String(repeating: "x", count: 256))], 400)
        }
    }

    @Test(arguments: [Member.Role.member, .api, .contributor, .viewer])
    func `nobody but the owner handles API keys`(role: Member.Role) async throws {
        let server = try await TestServer()
        let user = try await server.member(role, key: "k")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client, as: user.gid)
            try await api.fails("apikeys/create", ["name": "x"], 403)
            try await api.fails("apikeys/get", ["user": "\(user.gid)"], 403)
        }
    }

    @Test func `the key of another project's API user stays hidden`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        let stranger = try await server.service.createAPIKey(project: .gid(other.gid), name: "x").user
        try await server.app.test(.router) { client in
            let owner = try await server.rpc(client, as: server.project.owner)
            try await owner.fails("apikeys/get", ["user": "\(stranger.gid)"], 422)
        }
    }
}
