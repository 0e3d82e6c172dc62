import AssetCore
import AssetTesting
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// The tokens of the project dialect (project reference 1.5).
struct TokenIssuerTests {
    private static let hour = 3600.0

    @Test func `a token is good for four hours`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            server.fixture.clock.advance(seconds: 4 * Self.hour - 2)
            _ = try await api.ok("/api/init")
            server.fixture.clock.advance(seconds: 3)
            try await api.fails("/api/init", [:], 401)
            try await api.fails("assets/root", [:], 401)
            try await api.fails("/sync/cursors", [:], 401)
        }
    }

    @Test func `a token is renewed when more than half of its time is used up`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            func answered(_ path: String) async throws -> String? { try await api.call(path).headers[.authorization] }
            server.fixture.clock.advance(seconds: 2 * Self.hour - 2)
            for path in ["assets/root", "/sync/cursors"] {
                #expect(try await answered(path) == api.token, "The same one while it is young")
            }
            server.fixture.clock.advance(seconds: 4)
            for path in ["assets/root", "/sync/cursors"] {
                let renewed = try #require(try await answered(path))
                #expect(renewed != api.token)
            }
            let renewed = try #require(try await answered("assets/root"))
            server.fixture.clock.advance(seconds: 3 * Self.hour)
            try await api.fails("assets/root", [:], 401)
            let later = RPCClient(client: client, project: server.project.gid, token: renewed)
            _ = try await later.ok("assets/root")
        }
    }

    @Test func `failures and calls that need no token send none`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            #expect(try await api.call("/api/ping").headers[.authorization] == nil)
            #expect(try await api.call("assets/get").headers[.authorization] == nil)
        }
    }

    @Test func `tokens that are not ours are refused`() async throws {
        let server = try await TestServer()
        let elsewhere = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let owner = try await server.rpc(client, as: server.project.owner).token
            let foreign = try await TokenIssuer(service: elsewhere.service).issue(for: server.project.owner)
            let (ours, owners) = (api.token.split(separator: "."), owner.split(separator: "."))
            let none = Self.base64URL(#"{"alg":"none","typ":"JWT"}"#)
            let header = Self.text(ours[0])
            let payload = Self.text(ours[1])
            let user = TestJSON(parsing: payload)["sub"].string
            let longer = TestJSON.object(TestJSON(parsing: payload).object.merging(["exp": 99_999_999_999]) { $1 })
            #expect(payload.contains(user) && GID(user) != nil)
            #expect(TestJSON(parsing: payload).keys == ["sub", "iat", "exp"])
            let tampered = Self.base64URL(payload.replacing(user, with: "\(server.project.owner)"))
            let rows: [(String, String?)] = [
                ("none", nil), ("empty", ""), ("scheme only", "Bearer"), ("no token", "Bearer "), ("bare", api.token),
                ("other scheme", "Basic \(api.token)"), ("doubled scheme", "Bearer Bearer \(api.token)"),
                ("nonsense", "Bearer x.y.z"), ("not a JWT", "Bearer nonsense"),
                ("two parts", "Bearer \(ours[0]).\(ours[1])"), ("no signature", "Bearer \(ours[0]).\(ours[1])."),
                ("another token's signature", "Bearer \(ours[0]).\(ours[1]).\(owners[2])"),
                ("another user", "Bearer \(ours[0]).\(tampered).\(ours[2])"),
                ("a later end", "Bearer \(ours[0]).\(Self.base64URL(longer.text)).\(ours[2])"),
                ("alg none", "Bearer \(none).\(ours[1])."),
                ("alg none, signed", "Bearer \(none).\(ours[1]).\(ours[2])"),
                (
                    "alg RS256",
                    "Bearer \(Self.base64URL(header.replacing("HS256", with: "RS256"))).\(ours[1]).\(ours[2])"
                ),
                ("another server's", "Bearer \(foreign)"),
            ]
            for (name, value) in rows {
                var headers: HTTPFields = [:]
                if let value { headers[.authorization] = value }
                for uri in ["/api/init", api.uri("assets/root")] {
                    expectRPCFailure(try await client.send(.post, uri, headers: headers, "{}"), 401, name)
                }
            }
            for value in ["Bearer \(api.token)", "bearer \(api.token)", "BEARER  \(api.token) "] {
                let answer = try await client.send(.post, "/api/init", headers: [.authorization: value], "{}")
                #expect(answer.code == 200, "\(value)")
            }
        }
    }

    @Test func `a token of a user who is gone is refused`() async throws {
        let server = try await TestServer()
        let token = try await TokenIssuer(service: server.service).issue(for: GID())
        try await server.app.test(.router) { client in
            let api = RPCClient(client: client, project: server.project.gid, token: token)
            try await api.fails("/api/init", [:], 401)
            try await api.fails("assets/root", [:], 401)
        }
    }

    @Test func `after a rotation of keys old tokens stay good and new ones are signed by the new key`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            _ = try await server.rpc(client)
            server.fixture.clock.advance(seconds: 30 * 24 * Self.hour - Self.hour)
            let old = try await server.rpc(client)
            server.fixture.clock.advance(seconds: 1.5 * Self.hour)
            let new = try await server.rpc(client)
            #expect(Self.text(old.token.split(separator: ".")[0]) != Self.text(new.token.split(separator: ".")[0]))
            _ = try await old.ok("assets/root")
            _ = try await new.ok("assets/root")
            #expect(try await server.service.signingSecrets().count == 2)
        }
    }

    @Test func `a key that another process has made is known within a minute`() async throws {
        let server = try await TestServer()
        let elsewhere = TokenIssuer(service: server.service)
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            server.fixture.clock.advance(seconds: 30 * 24 * Self.hour + 1)
            // This issuer has keys of a month ago; the other one makes and uses a new key.
            let token = try await elsewhere.issue(for: server.project.owner)
            let later = RPCClient(client: client, project: server.project.gid, token: token)
            _ = try await later.ok("assets/root")
            try await api.fails("assets/root", [:], 401)
        }
    }

    private static func base64URL(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    private static func text(_ part: Substring) -> String {
        var text = String(part).replacing("-", with: "+").replacing("_", with: "/")
        while text.count % 4 != 0 { text += "=" }
        return String(decoding: Data(base64Encoded: text) ?? Data(), as: UTF8.self)
    }
}
