import AssetCore
import AssetTesting
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import AssetHTTP

struct ErrorEnvelopeTests {
    /// A server on which every call fails with this error.
    private static func app(throwing error: any Error) -> some ApplicationProtocol {
        let router = Router(context: AppContext.self)
        router.add(middleware: ErrorMiddleware())
        router.get("**") { _, _ -> Response in throw error }
        return Application(router: router)
    }

    @Test(arguments: AssetError.Code.allCases)
    func `the project dialect renders every code`(code: AssetError.Code) async throws {
        let (number, message): (Int, String) =
            switch code {
            case .badParameter: (400, "Bad request")
            case .unauthenticated: (401, "Permission denied")
            case .unknownUser: (403, "Unknown user")
            case .forbidden: (403, "Forbidden")
            case .unprocessable: (422, "Unprocessable Entity")
            case .fileNotFound: (404, "Not found")
            case .validation: (1001, "Validation error")
            case .searchFailed: (1002, "Search error")
            case .processFailed: (1003, "Process error")
            case .inviteInvalid: (1004, "Invite invalid")
            case .badSelection: (1006, "Bulk selection error")
            case .rangeNotSatisfiable: (416, "Range Not Satisfiable")
            case .tooLarge: (413, "Content Too Large")
            case .rateLimited: (429, "Too Many Requests")
            case .notFound, .notImplemented: (501, "Not implemented")
            case .methodNotAllowed: (405, "Method not allowed")
            case .unavailable: (503, "Service unavailable")
            case .internalError: (500, "Internal server error")
            }
        let error = AssetError(code, "In plain words", detail: "hush")
        try await Self.app(throwing: error).test(.router) { client in
            let response = try await client.send(.get, "/api/p/x/assets/get")
            expectRPCFailure(response, number)
            #expect(response.json["result"]["message"].string.hasPrefix(message))
            #expect(response.json["result"]["info"] == [:])
            #expect(!response.text.contains("hush"))
            #expect(response.headers[.contentType] == "application/json; charset=utf-8")
            let challenge = code == .unauthenticated ? "Bearer realm=\"JWT access to Unicat.\"" : nil
            #expect(response.headers[.wwwAuthenticate] == challenge)
        }
    }

    @Test(arguments: AssetError.Code.allCases)
    func `the segment dialect renders every code`(code: AssetError.Code) async throws {
        let status =
            switch code {
            case .badParameter, .unknownUser, .unprocessable, .badSelection, .validation, .processFailed,
                .inviteInvalid, .searchFailed:
                400
            case .unauthenticated: 401
            case .forbidden: 403
            case .fileNotFound, .notFound: 404
            case .rangeNotSatisfiable: 416
            case .tooLarge: 413
            case .rateLimited: 429
            case .methodNotAllowed: 405
            case .notImplemented: 501
            case .unavailable: 503
            case .internalError: 500
            }
        let error = AssetError(code, "In plain words", detail: "hush")
        try await Self.app(throwing: error).test(.router) { client in
            let response = try await client.send(.get, "/api/resources/assets/1")
            let reason = code == .unauthenticated ? "Not authenticated - " : "In plain words"
            expectRESTFailure(response, status, reason)
            #expect(!response.text.contains("hush"))
            #expect(response.headers[.contentType] == "application/json; charset=utf-8")
        }
    }

    @Test func `a wrong parameter is named in both dialects`() async throws {
        try await Self.app(throwing: AssetError.badParameter("locale", "Not a language")).test(.router) { client in
            let project = try await client.send(.get, "/api/p/x/assets/get")
            expectRPCFailure(project, 400)
            #expect(project.json["result"]["message"] == "Bad request: locale: Not a language")
            #expect(project.json["result"]["info"] == ["parameter": "locale", "reason": "Not a language"])
            let segment = try await client.send(.get, "/api/resources/assets/1")
            expectRESTFailure(segment, 400, "Invalid parameter 'locale': Not a language")
        }
    }

    @Test func `the token error of the segment dialect is the documented one`() async throws {
        try await Self.app(throwing: AssetError(.unauthenticated, "whatever")).test(.router) { client in
            let response = try await client.send(.get, "/api/auth/token")
            expectRESTFailure(response, 401)
            var error = response.json["error"].object
            error["date"] = nil
            let child = "API construct session from token failed with error: Not authenticated"
            #expect(
                TestJSON.object(error) == [
                    "operation": nil, "title": "Token invalid or expired.", "details": "Token invalid or expired.",
                    "errorurl": nil,
                    "messages": [["title": "Not authenticated", "details": "\(child)", "errorurl": nil]],
                ])
            #expect(response.json["reason"] == "Not authenticated - \(child)")
        }
    }

    @Test func `the rate limit error has its own shape`() async throws {
        let text = "Requests throttled. Maximum allowed 1000 per 01:00:00."
        try await Self.app(throwing: AssetError(.rateLimited, text)).test(.router) { client in
            let response = try await client.send(.get, "/api/media/get/x")
            #expect(response.code == 429)
            #expect(
                response.json == ["error": ["type": "Throttling error", "message": "\(text)"], "reason": "\(text)"])
        }
    }

    @Test func `errors of the framework and of multipart are put into the envelopes`() async throws {
        let rows: [(error: any Error, project: Int, segment: Int)] = [
            (HTTPError(.notFound), 501, 404), (HTTPError(.methodNotAllowed), 405, 405),
            (HTTPError(.contentTooLarge), 413, 413), (HTTPError(.unsupportedMediaType), 400, 400),
            (HTTPError(.badGateway), 500, 500), (NIOTooManyBytesError(maxBytes: 1), 413, 413),
            (MultipartError.truncated, 400, 400),
            (TestFailure(), 500, 500),
        ]
        for row in rows {
            try await Self.app(throwing: row.error).test(.router) { client in
                expectRPCFailure(try await client.send(.get, "/api/p/x/assets/get"), row.project, "\(row.error)")
                expectRESTFailure(
                    try await client.send(.get, "/api/resources/assets/1"), row.segment, nil, "\(row.error)")
            }
        }
    }

    @Test func `what lies behind a failure is not told`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        try await app.test(.router) { client in
            let auth = try await client.send(.post, "/api/p/\(GID())/auth", "{\"api_key\":\"x\"}")
            expectRPCFailure(auth, 500)
            #expect(auth.json["result"]["message"] == "Internal server error")
            let token = try await client.send(.post, "/api/auth/token", "{\"accountid\":\"x\",\"key\":\"y\"}")
            expectRESTFailure(token, 500, "Internal server error")
            let list = try await client.send(
                .get, Segment.list(1), headers: [.authToken: "x", .authAccount: "y"])
            expectRESTFailure(list, 500, "Internal server error")
            for response in [auth, token, list] {
                #expect(!response.text.contains("swordfish"))
                #expect(!response.headers.contains { $0.value.contains("swordfish") })
            }
        }
    }

    @Test func `paths that are not there are answered in the dialect of their address`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        let project = GID()
        try await app.test(.router) { client in
            for (method, path) in [
                (HTTPRequest.Method.get, "/"), (.get, "/nothing"), (.get, "/api"), (.post, "/api/batch"),
                (.post, "/api/p/\(project)/batch"), (.post, "/api/p/\(project)/assets/bulk/update"),
                (.post, "/api/p/not-a-gid/nothing"), (.post, "/sync/nothing"), (.get, "/sync"),
                (.get, "/api/p/\(project)"),
                (.post, "/api/account/update_email"), (.get, "/healthz/nothing"), (.put, "/nothing"),
            ] {
                expectRPCFailure(try await client.send(method, path), 501, "\(method) \(path)")
            }
            for (method, path) in [
                (HTTPRequest.Method.get, "/api/resources/nothing"), (.get, "/api/resources/assets/1/nothing"),
                (.post, "/api/media/nothing"), (.get, "/api/auth/nothing"), (.get, "/api/apps/wbflex/documents/1"),
                (.get, "/api/trm/status"),
            ] {
                expectRESTFailure(try await client.send(method, path), 404, nil, "\(method) \(path)")
            }
        }
    }

    @Test func `methods that a path does not know are answered with 405`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        try await app.test(.router) { client in
            for (method, path) in [
                (HTTPRequest.Method.put, "/api/ping"), (.delete, "/api/p/\(GID())/assets/get"), (.patch, "/sync/get"),
                (.post, "/healthz"),
            ] {
                expectRPCFailure(try await client.send(method, path), 405, "\(method) \(path)")
            }
            for (method, path) in [
                (HTTPRequest.Method.get, "/api/auth/token"), (.put, "/api/auth/token"), (.get, "/api/media/upload"),
                (.put, "/api/resources/assets/1"), (.post, "/api/resources/assets/1/list"),
                (.delete, "/api/apps/wbflex/documents/1/assets/1/list"), (.post, "/api/media/get/x"),
            ] {
                expectRESTFailure(try await client.send(method, path), 405, nil, "\(method) \(path)")
            }
        }
    }

    /// RFC 9110, 15.5.6: a 405 without this header is not allowed.
    @Test func `a 405 names the methods of the path in Allow`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        try await app.test(.router) { client in
            for (path, allowed) in [
                ("/api/ping", ["GET", "POST"]), ("/api/auth/token", ["DELETE", "POST"]),
                ("/api/media/upload", ["POST"]),
            ] {
                let header = try await client.send(.put, path).headers[.allow] ?? ""
                #expect(header.split(separator: ",").map { $0.filter { $0 != " " } }.sorted() == allowed, "\(path)")
            }
        }
    }

    @Test func `doubled slashes at the start of a path make no difference`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        try await app.test(.router) { client in
            let ping = try await client.send(.get, "//api/ping")
            #expect(ping.code == 200)
            #expect(ping.json == ["success": true, "result": [:], "data": [:]])
            expectRPCFailure(try await client.send(.post, "//api/p/\(GID())/assets/get", "{}"), 401)
            expectRPCFailure(try await client.send(.post, "///api/nothing", "{}"), 501)
            expectRESTFailure(try await client.send(.get, "//api/resources/assets/1"), 401)
            expectRESTFailure(try await client.send(.get, "//api/resources/nothing"), 404)
        }
    }

    @Test func `a body that is no JSON object is refused`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        try await app.test(.router) { client in
            for body in ["", "{", "nonsense", "[]", "\"text\"", "1", "null", "{} {}", "\u{FF}"] {
                let auth = try await client.send(.post, "/api/p/\(GID())/auth", body)
                expectRPCFailure(auth, 400, body)
                #expect(auth.json["result"]["info"]["parameter"] == "body")
                expectRESTFailure(
                    try await client.send(.post, "/api/auth/token", body), 400, "Invalid parameter 'body': ", body)
            }
        }
    }

    @Test func `a JSON body that is too large is refused`() async throws {
        var settings = ServerSettings()
        settings.maximumJSON = 100
        let app = Application(router: buildRouter(service: try BrokenCatalog.service(), settings: settings))
        try await app.test(.router) { client in
            let fitting = "{\"pad\":\"" + String(repeating: "x", count: 90) + "\"}"
            #expect(fitting.utf8.count == 100)
            #expect(try await client.send(.post, "/api/ping", fitting).code == 200)
            expectRPCFailure(try await client.send(.post, "/api/ping", fitting + " "), 413)
            let large = "{\"pad\":\"" + String(repeating: "x", count: 65_536) + "\"}"
            expectRESTFailure(try await client.send(.post, "/api/auth/token", large), 413)
        }
    }
}

/// A database that answers every question with an error that nobody may see.
struct BrokenCatalog: Catalog {
    struct Failure: Error, CustomStringConvertible {
        let description = "password swordfish"
    }

    let feedSignal = FeedSignal()

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { throw Failure() }

    func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { throw Failure() }

    static func service() throws -> AssetService {
        AssetService(
            catalog: BrokenCatalog(), blobs: MemoryBlobStore(), media: BlindEngine(),
            secrets: try Secrets(key: [UInt8](repeating: 7, count: 32)))
    }

    private struct BlindEngine: MediaEngine {
        let headLength = 0

        func inspect(head: ByteBuffer, name: AssetName, size: Int64) async -> MediaInspection {
            MediaInspection(type: nil, info: .emptyObject)
        }
    }
}
