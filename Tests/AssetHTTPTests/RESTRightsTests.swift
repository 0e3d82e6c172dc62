import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// Who reaches which segments, and with which rights (segment reference 3.5, 6.1).
struct RESTRightsTests {
    @Test func `managers work with projects in which they are members`() async throws {
        let server = try await TestServer()
        let near = try await server.otherProject(number: 8000, owner: "near", key: "k-near")
        _ = try await server.otherProject(number: 8001, owner: "far", key: "k-far", account: "far")
        _ = try await server.service.addDocument(30_000, project: .gid(near.gid), segments: [50...59], isFlex: true)
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            #expect(try await rest.get(Segment.list(Segment.first)).code == 200)
            #expect(try await rest.get(Segment.list(Segment.first, scope: "jbs773")).code == 200)
            // In the same account but no member.
            try await rest.fails(.get, Segment.list(50, scope: "pr8000"), 403)
            try await rest.fails(.get, Segment.flexURI(50, document: "30000") + "/list", 403)
            let stranger = try await server.rest(client, key: "k-near")
            for scope in ["pr7214", "jbs773"] {
                try await stranger.fails(.get, Segment.list(Segment.first, scope: scope), 403)
            }
            try await stranger.fails(.get, Segment.flexURI(Segment.flex) + "/list", 403)
            #expect(try await stranger.get(Segment.list(50, scope: "pr8000")).text == "[]")
            // Another project's segment is none of this scope.
            try await rest.fails(.get, Segment.list(50), 400, "Invalid parameter 'segmentid': ")
            // Another account's project does not exist.
            try await rest.fails(.get, Segment.list(50, scope: "pr8001"), 400, "Invalid parameter 'scope': ")
            let far = try await server.rest(client, key: "k-far", account: "far")
            for scope in ["pr7214", "jbs773"] {
                try await far.fails(.get, Segment.list(Segment.first, scope: scope), 400, "Invalid parameter 'scope': ")
            }
            try await far.fails(.get, Segment.flexURI(Segment.flex) + "/list", 400, "Invalid parameter 'id': ")
        }
    }

    @Test func `workers work in their jobs only`() async throws {
        let server = try await TestServer()
        _ = try await server.user("other", key: "k-other", level: .worker)
        try await server.app.test(.router) { client in
            let worker = try await server.rest(client, key: server.fixture.demo.worker.key)
            try await worker.attach("a.txt", "bytes", to: Segment.uri(Segment.first, scope: "jbs773"))
            #expect(
                try await worker.get(Segment.uri(Segment.first, scope: "jbs773", query: "&filename=a.txt")).text
                    == "bytes")
            try await worker.fails(.get, Segment.list(Segment.first), 403)
            try await worker.fails(.post, Segment.uri(Segment.first), 403, body: ["filetoken": "x"])
            try await worker.fails(.delete, Segment.uri(Segment.first), 403)
            try await worker.fails(
                .get, Segment.list(Segment.flex, scope: "jbs773"), 400, "Invalid parameter 'segmentid': ")
            try await worker.fails(.get, Segment.flexURI(Segment.flex) + "/list", 403)
            let other = try await server.rest(client, key: "k-other")
            try await other.fails(.get, Segment.list(Segment.first, scope: "jbs773"), 403)
            try await other.fails(.delete, Segment.uri(Segment.first, scope: "jbs773"), 403)
            #expect(try await worker.get(Segment.list(Segment.first, scope: "jbs773")).json.array.count == 1)
            #expect(try await worker.call(.delete, Segment.uri(Segment.first, scope: "jbs773")).code == 200)
        }
    }

    @Test func `a job's ranges limit every call`() async throws {
        let server = try await TestServer()
        let job = JobNumber(kind: .codyt, number: 2002)
        try await server.service.addJobScope(
            job, project: .number(7214), document: 19914, ranges: [27_667_810...27_667_812, 27_667_820...27_667_820],
            assignee: "worker")
        try await server.app.test(.router) { client in
            let manager = try await server.rest(client)
            let worker = try await server.rest(client, key: server.fixture.demo.worker.key)
            let segments = [27_667_809, 27_667_810, 27_667_812, 27_667_813, 27_667_820, 27_667_821]
            let within: Set = [27_667_810, 27_667_812, 27_667_820]
            for segment in segments { try await manager.attach("a.txt", "x", to: Segment.uri(segment)) }
            for segment in segments {
                for list in [
                    Segment.list(segment, scope: "jbc2002"), Segment.flexURI(segment) + "/list",
                    Segment.flexURI(segment, document: "c2002") + "/list",
                    Segment.uri(segment, scope: "jbc2002", query: "&filename=a.txt"),
                    Segment.flexURI(segment, query: "?filename=a.txt"),
                ] {
                    if within.contains(segment) {
                        #expect(try await worker.get(list).code == 200, "\(list)")
                    } else {
                        try await worker.fails(.get, list, 400, "Invalid parameter 'segmentid': ")
                    }
                }
            }
            let ids = segments.map(String.init).joined(separator: ",")
            for (client, uri, found) in [
                (worker, "/api/resources/assets/list?scope=jbc2002&segmentIds=\(ids)", Array(within.sorted())),
                (worker, "/api/apps/wbflex/documents/19914/assets/list?segmentIds=\(ids)", Array(within.sorted())),
                (manager, "/api/apps/wbflex/documents/19914/assets/list?segmentIds=\(ids)", segments),
                // The scope of a job limits managers as well.
                (manager, "/api/apps/wbflex/documents/C2002/assets/list?segmentIds=\(ids)", within.sorted()),
            ] {
                #expect(try await client.get(uri).json.array.map { Int($0["segmentId"].number) } == found, "\(uri)")
            }
            try await worker.fails(
                .delete, Segment.uri(27_667_809, scope: "jbc2002"), 400, "Invalid parameter 'segmentid': ")
            #expect(try await manager.get(Segment.list(27_667_809)).json.array.count == 1)
            // `s2002` is another job.
            try await worker.fails(.get, Segment.list(27_667_810, scope: "jbs2002"), 400, "Invalid parameter 'scope': ")
        }
    }

    @Test(arguments: [Member.Role.member, .contributor, .viewer])
    func `each role may do what its rights allow`(role: Member.Role) async throws {
        let server = try await TestServer()
        _ = try await server.member(role, key: "k")
        try await server.app.test(.router) { client in
            let owner = try await server.rest(client)
            let rest = try await server.rest(client, key: "k")
            for (all, list, file) in [
                (
                    Segment.uri(Segment.first), Segment.list(Segment.first),
                    Segment.uri(Segment.first, query: "&filename=a.txt")
                ),
                (
                    Segment.flexURI(Segment.flex), Segment.flexURI(Segment.flex) + "/list",
                    Segment.flexURI(Segment.flex, query: "?filename=a.txt")
                ),
            ] {
                try await owner.attach("a.txt", to: all)
                let token = TestJSON.string(try await rest.store("b.txt"))
                #expect(try await rest.get(list).code == 200)
                #expect(try await rest.get(file).code == 200)
                let isWriter = role.rights.contains(.write)
                let isDeleter = role.rights.contains([.delete, .purge])
                #expect(try await rest.call(.post, all, ["filetoken": token]).code == (isWriter ? 200 : 403))
                for uri in [file, all] { #expect(try await rest.call(.delete, uri).code == (isDeleter ? 200 : 403)) }
                let left = (isDeleter ? 0 : 1) + (isWriter && !isDeleter ? 1 : 0)
                #expect(try await owner.get(list).json.array.count == left)
            }
        }
    }

    @Test func `members that are not active, or were removed, are out at the next request`() async throws {
        let server = try await TestServer()
        let user = try await server.member(.member, key: "k")
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client, key: "k")
            #expect(try await rest.get(Segment.list(Segment.first)).code == 200)
            try await server.setMember(user, .member, .deactivated)
            for (method, uri) in [
                (HTTPRequest.Method.get, Segment.list(Segment.first)), (.delete, Segment.uri(Segment.first)),
                (.post, Segment.uri(Segment.first)),
                (.get, Segment.list(Segment.first, scope: "jbs773")), (.get, Segment.flexURI(Segment.flex) + "/list"),
            ] { try await rest.fails(method, uri, 403) }
        }
    }

    /// Section 6.1: token, scope syntax, scope exists, right, segment, other parameters.
    @Test func `the first of several mistakes is reported, in the recommended order`() async throws {
        let server = try await TestServer()
        _ = try await server.member(.viewer, key: "k")
        try await server.app.test(.router) { client in
            let none = RESTClient(client: client, token: "x", account: "demo")
            let viewer = try await server.rest(client, key: "k")
            let worker = try await server.rest(client, key: server.fixture.demo.worker.key)
            let manager = try await server.rest(client)
            try await none.fails(.get, "/api/resources/assets/x?scope=x", 401)
            try await manager.fails(.get, "/api/resources/assets/x?scope=x", 400, "Invalid parameter 'scope': ")
            try await manager.fails(.get, "/api/resources/assets/x?scope=pr1", 400, "Invalid parameter 'scope': ")
            try await worker.fails(.get, "/api/resources/assets/x?scope=pr7214", 403)
            try await manager.fails(
                .get, "/api/resources/assets/x?scope=pr7214", 400, "Invalid parameter 'segmentid': ")
            try await manager.fails(.post, Segment.uri(1), 400, "Invalid parameter 'segmentid': ", body: "no object")
            try await manager.fails(
                .delete, Segment.uri(1, query: "&locale=fr"), 400, "Invalid parameter 'segmentid': ")
            // The missing right comes before segment and parameters.
            try await viewer.fails(.post, Segment.uri(Segment.first), 403, body: [:])
            try await viewer.fails(.post, Segment.uri(1), 403, body: ["filetoken": "x"])
            try await viewer.fails(.delete, Segment.uri(1), 403)
            try await viewer.fails(.delete, Segment.uri(Segment.first, query: "&filename="), 403)
        }
    }
}
