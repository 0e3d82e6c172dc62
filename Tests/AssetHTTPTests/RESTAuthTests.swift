import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// `/api/auth/token` (segment reference 2).
struct RESTAuthTests {
    private static let uri = "/api/auth/token"

    @Test func `a token is a bare JSON string`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let key = server.fixture.demo.key
            for body in [
                "{\"accountid\":\"demo\",\"key\":\"\(key)\"}", "{\"AccountId\":\"demo\",\"KEY\":\"\(key)\",\"more\":1}",
            ] {
                let answer = try await client.send(.post, Self.uri, body)
                #expect(answer.code == 200)
                #expect(answer.text.wholeMatch(of: /"[0-9a-fA-F-]{36}"/) != nil, "\(answer.text)")
                #expect(answer.headers[.contentType] == "application/json; charset=utf-8")
                #expect(answer.headers[.cacheControl] == "no-store")
                let token = answer.json.string
                // With quotes and in upper case as well: clients do that.
                for sent in [token, "\"\(token)\"", token.uppercased()] {
                    let rest = RESTClient(client: client, token: sent, account: "demo")
                    #expect(try await rest.get(Segment.list(Segment.first)).code == 200)
                }
            }
        }
    }

    @Test func `wrong accounts and keys get the same answer`() async throws {
        let server = try await TestServer()
        _ = try await server.user("far", key: "k-far", account: "far")
        try await server.app.test(.router) { client in
            let key = server.fixture.demo.key
            for (account, key) in [("demo", "wrong"), ("nobody", key), ("far", key), ("Demo", key), ("demo", "k-far")] {
                let body: TestJSON = ["accountid": "\(account)", "key": "\(key)"]
                let answer = try await client.send(.post, Self.uri, body.text)
                expectRESTFailure(answer, 400, "Invalid private key.", body.text)
                #expect(answer.json["reason"] == "Invalid private key.")
            }
            for (body, name) in [
                ("{}", "accountid"), (#"{"accountid":"demo"}"#, "key"), (#"{"key":"x"}"#, "accountid"),
                (#"{"accountid":5,"key":"x"}"#, "accountid"), (#"{"accountid":"demo","key":[]}"#, "key"),
                (#"{"accountid":"","key":"x"}"#, "accountid"), (#"{"accountid":"demo","key":null}"#, "key"),
            ] {
                expectRESTFailure(
                    try await client.send(.post, Self.uri, body), 400, "Invalid parameter '\(name)': ", body)
            }
        }
    }

    @Test func `a token lives for 30 minutes after its last use`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let uri = Segment.list(Segment.first)
            for _ in 0..<4 {
                server.fixture.clock.advance(seconds: 29 * 60)
                #expect(try await rest.get(uri).code == 200, "Each call begins 30 new minutes")
            }
            // An active session is written at most every five seconds: that much the end may lag behind.
            server.fixture.clock.advance(seconds: 30 * 60 + 6)
            try await rest.fails(.get, uri, 401, "Not authenticated - API construct session from token failed")
            let unused = try await server.rest(client)
            server.fixture.clock.advance(seconds: 30 * 60 + 1)
            try await unused.fails(.get, uri, 401)
        }
    }

    @Test func `a token that is given back is invalid`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let other = try await server.rest(client)
            let answer = try await rest.call(.delete, Self.uri)
            #expect(answer.code == 200 && answer.text.isEmpty)
            try await rest.fails(.get, Segment.list(Segment.first), 401)
            try await rest.fails(.delete, Self.uri, 401)
            #expect(try await other.get(Segment.list(Segment.first)).code == 200, "Other sessions go on")
            // A client may say that its empty body is JSON.
            #expect(try await other.call(.delete, Self.uri, headers: [.contentType: "application/json"]).code == 200)
        }
    }

    @Test func `the headers are both needed and have to belong together`() async throws {
        let server = try await TestServer()
        _ = try await server.user("far", key: "k-far", account: "far")
        try await server.app.test(.router) { client in
            let token = try await server.rest(client).token
            let far = try await server.rest(client, key: "k-far", account: "far").token
            let rows: [HTTPFields] = [
                [:], [.authToken: token], [.authAccount: "demo"], [.authToken: token, .authAccount: "far"],
                [.authToken: far, .authAccount: "demo"], [.authToken: "", .authAccount: "demo"],
                [.authToken: token, .authAccount: ""], [.authToken: "\(GID())", .authAccount: "demo"],
            ]
            let calls: [(HTTPRequest.Method, String)] = [
                (.delete, Self.uri), (.post, "/api/media/upload"), (.post, "/api/media/upload/multi"),
                (.get, "/api/media/get/x"),
                (.get, Segment.list(Segment.first)), (.get, Segment.uri(Segment.first)),
                (.post, Segment.uri(Segment.first)),
                (.delete, Segment.uri(Segment.first)), (.get, "/api/resources/assets/list"),
                (.get, Segment.flexURI(Segment.flex)),
                (.get, Segment.flexURI(Segment.flex) + "/list"), (.get, "/api/apps/wbflex/documents/19914/assets/list"),
                (.post, Segment.flexURI(Segment.flex)), (.delete, Segment.flexURI(Segment.flex)),
            ]
            for (method, uri) in calls {
                for headers in rows {
                    let answer = try await client.send(method, uri, headers: headers)
                    expectRESTFailure(answer, 401, "Not authenticated - ", "\(method) \(uri) \(headers)")
                }
            }
        }
    }
}
