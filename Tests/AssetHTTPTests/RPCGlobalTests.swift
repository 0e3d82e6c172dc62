import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// `/api/…` (project reference 3).
struct RPCGlobalTests {
    @Test func `ping and languages need no token`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            for (method, body) in [(.get, nil), (.post, "{}")] as [(HTTPRequest.Method, String?)] {
                let ping = try await client.send(method, "/api/ping", body)
                #expect(ping.code == 200)
                #expect(ping.json == ["success": true, "result": [:], "data": [:]])
                #expect(ping.headers[.authorization] == nil)
                let languages = try await client.send(method, "/api/languages/get", body)
                #expect(languages.json["result"] == [:])
                #expect(languages.json["data"].keys == ["cc.languages"])
                #expect(languages.json["data"]["cc.languages"]["nl"] == "Dutch")
                #expect(languages.json["data"]["cc.languages"]["nl-be"] == "Dutch (Belgium)")
            }
        }
    }

    @Test func `login and init tell who one is and what one can see`() async throws {
        let server = try await TestServer()
        let (project, owner) = ("\(server.project.gid)", "\(server.project.owner)")
        try await server.app.test(.router) { client in
            let credentials: TestJSON = ["username": "demo", "password": "\(server.fixture.demo.password)"]
            let login = try await client.send(.post, "/api/login", credentials.text)
            #expect(login.code == 200)
            let token = try #require(login.headers[.authorization])
            #expect(!token.hasPrefix("Bearer"), "The client puts that before it")
            #expect(!login.text.contains(token), "The token is not in the body")
            let api = RPCClient(client: client, project: server.project.gid, token: token)
            let answers = [
                login, try await api.call("/api/init"), try await api.call("/api/init", [:], .get),
            ]
            for answer in answers {
                #expect(answer.code == 200)
                let (result, data) = (answer.json["result"], answer.json["data"])
                #expect(result.keys == ["user", "user_projects", "cc.version", "cc.cursor"])
                #expect(result["user"] == "\(owner)")
                #expect(result["user_projects"] == .object([project: ["owner"]]))
                #expect(result["cc.version"] == "2026.04.002")
                #expect(answer.text.firstMatch(of: /"cc\.cursor":\d+[,}]/) != nil, "Cursors are JSON integers")
                #expect(data.keys == ["cc.users", "cc.projects", "cc.projects_members", "cc.languages"])
                #expect(
                    data["cc.users"][owner].keys == ["gid", "username", "email", "name", "avatar", "status", "options"])
                #expect(data["cc.users"][owner]["options"] == ["language": "en", "timezone": "Europe/Amsterdam"])
                #expect(
                    data["cc.projects"][project]
                        == ["gid": "\(project)", "name": "Demo", "icon": nil, "owner": "\(owner)", "status": "active"])
                #expect(data["cc.projects_members"].array.count == 1)
                #expect(answer.headers[.authorization] != nil)
            }
        }
    }

    @Test func `login refuses wrong names, passwords and parameters`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rows: [(String, Int)] = [
                (#"{"username":"demo","password":"wrong"}"#, 403), (#"{"username":"nobody","password":"x"}"#, 403),
                (#"{"username":"demo"}"#, 400), (#"{"password":"x"}"#, 400), (#"{"username":1,"password":"x"}"#, 400),
                (#"{"username":"demo","password":null}"#, 400), ("{}", 400), ("", 400),
            ]
            for (body, code) in rows {
                let answer = try await client.send(.post, "/api/login", body)
                expectRPCFailure(answer, code, body)
                #expect(answer.headers[.authorization] == nil)
            }
            let unknown = try await client.send(.post, "/api/login", rows[0].0)
            #expect(unknown.json["result"]["message"] == "Unknown user")
        }
    }

    @Test func `projects get answers the complete form to members only`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let gid = "\(server.project.gid)"
            let answer = try await api.ok("/api/projects/get", ["project": "\(gid)"])
            #expect(answer["result"] == ["project": "\(gid)"])
            #expect(answer["data"].keys == ["cc.projects"])
            let project = answer["data"]["cc.projects"][gid]
            #expect(project.keys == ["gid", "name", "icon", "owner", "status", "options", "backups", "build"])
            let options = project["options"]
            #expect(
                options.keys == [
                    "timezone", "languages", "channels", "orderings", "fieldlists", "imageserver", "orderedchannels",
                    "orderedorderings", "orderedfieldlists",
                ])
            #expect(options["languages"] == ["en", "nl"])
            #expect(options["orderedchannels"][0] == "__all__")
            for (list, names) in [
                ("orderedchannels", "channels"), ("orderedorderings", "orderings"), ("orderedfieldlists", "fieldlists"),
            ] {
                #expect(Set(options[list].strings) == options[names].keys)
            }
            #expect(project["backups"] == ["versions": [], "next_version": 1])
            try await api.fails("/api/projects/get", ["project": "\(other.gid)"], 403)
            try await api.fails("/api/projects/get", ["project": "\(GID())"], 403)
            try await api.fails("/api/projects/get", ["project": "x"], 400)
            try await api.fails("/api/projects/get", [:], 400)
        }
    }

    @Test func `users get shows oneself whole, fellow members short, and nobody else`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let own = try await api.ok("/api/init")["result"]["user"].string
            let oneself = try await api.ok("/api/users/get", ["user": "\(own)"])
            #expect(oneself["result"] == ["user": "\(own)"])
            #expect(oneself["data"]["cc.users"][own].keys.contains("options"))
            #expect(oneself["data"]["cc.users"][own]["username"] == nil)
            let owner = "\(server.project.owner)"
            let fellow = try await api.ok("/api/users/get", ["user": "\(owner)"])
            #expect(
                fellow["data"]["cc.users"][owner]
                    == ["gid": "\(owner)", "username": "demo", "name": "demo", "avatar": nil, "status": "active"])
            try await api.fails("/api/users/get", ["user": "\(other.owner)"], 422)
            try await api.fails("/api/users/get", ["user": "\(GID())"], 422)
            try await api.fails("/api/users/get", ["user": "demo"], 400)
            try await api.fails("/api/users/get", [:], 400)
        }
    }

    @Test func `members get answers one membership`() async throws {
        let server = try await TestServer()
        let other = try await server.otherProject(number: 8000, owner: "else", key: "k-else")
        let (gid, owner) = ("\(server.project.gid)", "\(server.project.owner)")
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let answer = try await api.ok("/api/members/get", ["project": "\(gid)", "member": "\(owner)"])
            #expect(answer["result"] == ["user": "\(owner)"])
            #expect(answer["data"].keys == ["cc.users", "cc.projects_members"])
            #expect(
                answer["data"]["cc.projects_members"]
                    == [
                        [
                            "project_gid": "\(gid)", "user_gid": "\(owner)", "status": "active", "roles": ["owner"],
                            "options": .memberOptions,
                        ]
                    ])
            try await api.fails("/api/members/get", ["project": "\(gid)", "member": "\(other.owner)"], 422)
            try await api.fails("/api/members/get", ["project": "\(other.gid)", "member": "\(other.owner)"], 403)
            try await api.fails("/api/members/get", ["member": "\(owner)"], 400)
            try await api.fails("/api/members/get", ["project": "\(gid)"], 400)
        }
    }
}
