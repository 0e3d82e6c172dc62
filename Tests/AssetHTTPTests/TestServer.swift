import AssetCore
import AssetTesting
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import AssetHTTP

/// The service with the demonstration set, behind the router that `serve` uses.
struct TestServer: Sendable {
    let fixture: TestService
    var settings: ServerSettings

    init(settings: ServerSettings = ServerSettings(), limits: ServiceSettings = ServiceSettings()) async throws {
        fixture = try await Self.queue.run { try await TestService.make(settings: limits) }
        self.settings = settings
    }

    /// The demonstration set hashes two passwords, and few of those may wait at the same time.
    private static let queue = OneByOne()

    var service: AssetService { fixture.service }
    var project: Project { fixture.demo.project }

    var app: some ApplicationProtocol { Application(router: buildRouter(service: service, settings: settings)) }

    /// A server whose clients break off: the body of each request is `body`, whatever was sent.
    func app(receiving body: TestBody) -> some ApplicationProtocol {
        let router = buildRouter(service: service, settings: settings)
        return Application(responder: BodyReplacer(inner: router.buildResponder(), body: body))
    }

    // MARK: Calls

    func rpc(_ client: any TestClientProtocol, apiKey: String? = nil) async throws -> RPCClient {
        let uri = "/api/p/\(project.gid)/auth"
        let body: TestJSON = ["api_key": "\(apiKey ?? fixture.demo.apiKey)"]
        let response = try await client.execute(uri: uri, method: .post, body: body.buffer)
        return RPCClient(client: client, project: project.gid, token: try #require(response.headers[.authorization]))
    }

    /// As any user, without logging in.
    func rpc(_ client: any TestClientProtocol, as user: GID) async throws -> RPCClient {
        let token = try await TokenIssuer(service: service).issue(for: user)
        return RPCClient(client: client, project: project.gid, token: token)
    }

    func rest(
        _ client: any TestClientProtocol, key: String? = nil, account: String = "demo"
    ) async throws -> RESTClient {
        let token = try await service.openSession(account: account, key: key ?? fixture.demo.key)
        return RESTClient(client: client, token: token, account: account)
    }

    // MARK: More users and projects

    /// A user with a key and without a password: hashing one takes long.
    func user(
        _ username: String?, key: String, level: User.Level = .manager, account: String = "demo"
    ) async throws -> User {
        try await service.catalog.write { [clock = fixture.clock.clock] tx in
            let account = try tx.account(code: account) ?? tx.insertAccount(code: account, now: clock.now())
            let user = try tx.insertUser(
                UserDraft(
                    account: account, level: level, username: username, email: nil, name: username ?? "API",
                    passwordHash: nil),
                now: clock.now())
            try tx.setKey(StoredKey(hash: Secrets.hash(key), sealed: []), of: user.id)
            return user
        }
    }

    /// An API user of the demonstration project with any role.
    func member(_ role: Member.Role, key: String, status: Member.Status = .active) async throws -> User {
        let user = try await user(nil, key: key, level: .api)
        try await setMember(user, role, status)
        return user
    }

    func setMember(_ user: User, _ role: Member.Role, _ status: Member.Status = .active) async throws {
        try await service.catalog.write { [project] tx in
            try tx.setMember(user.id, of: project.id, role: role, status: status)
        }
    }

    /// Another project, owned by a new manager.
    func otherProject(number: Int64, owner: String, key: String, account: String = "demo") async throws -> Project {
        _ = try await user(owner, key: key, account: account)
        return try await service.createProject(
            account: account, owner: owner, name: "Other", number: number, languages: ["en"])
    }

    func caller(_ user: GID, in project: GID) async throws -> Caller { try await service.caller(user, in: project) }

    /// The bytes of a file.
    func text(of gid: GID) async throws -> String? {
        let location = try await service.catalog.read { [project] tx -> String? in
            guard let content = try tx.asset(gid, in: project.id)?.content else { return nil }
            return try tx.blob(content.blob)?.location
        }
        guard let location else { return nil }
        return String(buffer: try await fixture.blobs.head(location, length: 1 << 20))
    }
}

/// Runs closures one after the other.
private actor OneByOne {
    private var last: Task<Void, Never>?

    func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let previous = last
        let task = Task {
            await previous?.value
            return try await body()
        }
        last = Task { _ = try? await task.value }
        return try await task.value
    }
}

private struct BodyReplacer<Inner: HTTPResponder>: HTTPResponder {
    let inner: Inner
    let body: TestBody

    func respond(to request: Request, context: Inner.Context) async throws -> Response {
        var request = request
        request.body = RequestBody(asyncSequence: body)
        return try await inner.respond(to: request, context: context)
    }
}

// MARK: - Answers

extension TestResponse {
    var text: String { String(buffer: body) }
    var json: TestJSON { TestJSON(parsing: text) }
    var code: Int { status.code }
}

extension TestJSON {
    var buffer: ByteBuffer { ByteBuffer(string: text) }
}

extension TestClientProtocol {
    func send(
        _ method: HTTPRequest.Method, _ uri: String, headers: HTTPFields = [:], _ body: String? = nil
    ) async throws -> TestResponse {
        try await execute(uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) })
    }
}

/// Calls of the project dialect with a token.
struct RPCClient: Sendable {
    let client: any TestClientProtocol
    let project: GID
    var token: String

    var headers: HTTPFields { [.authorization: "Bearer \(token)"] }

    /// - Parameter path: from the root, or below the project's address.
    func call(_ path: String, _ parameters: TestJSON = [:], _ method: HTTPRequest.Method = .post) async throws
        -> TestResponse
    {
        try await client.execute(
            uri: uri(path), method: method, headers: headers, body: method == .get ? nil : parameters.buffer)
    }

    func uri(_ path: String) -> String { path.hasPrefix("/") ? path : "/api/p/\(project)/\(path)" }

    func upload(_ path: String, _ parts: [FormPart], type: String = FormPart.contentType) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = type
        return try await client.execute(uri: uri(path), method: .post, headers: headers, body: FormPart.body(parts))
    }

    /// A call that has to succeed.
    func ok(
        _ path: String, _ parameters: TestJSON = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TestJSON {
        let response = try await call(path, parameters)
        #expect(response.code == 200, "\(path): \(response.text)", sourceLocation: sourceLocation)
        #expect(response.json["success"] == true, sourceLocation: sourceLocation)
        #expect(
            response.headers[.authorization] != nil, "A token comes with every answer", sourceLocation: sourceLocation)
        return response.json
    }

    /// A call that has to fail, with this code.
    func fails(
        _ path: String, _ parameters: TestJSON = [:], _ code: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let response = try await call(path, parameters)
        expectRPCFailure(response, code, "\(path) \(parameters.text)", sourceLocation: sourceLocation)
    }

    func root() async throws -> String { try await ok("assets/root")["result"]["root"].string }

    /// Makes a folder and answers its gid.
    func folder(_ name: String, in parent: String) async throws -> String {
        try await ok("assets/create", ["parent": "\(parent)", "name": "\(name)"])["result"]["asset"].string
    }

    /// Uploads a file and answers its gid.
    func file(_ name: String, in parent: String, _ text: String = "text") async throws -> String {
        let parts: [FormPart] = [.field("parent", parent), .file("upload_file", name, text)]
        return try await upload("assets/upload", parts).json["result"]["asset"].string
    }
}

/// Checks the envelope of a failure of the project dialect, whole.
func expectRPCFailure(
    _ response: TestResponse, _ code: Int, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    let json = response.json
    let comment: Comment = "\(what): \(response.code) \(response.text)"
    #expect(response.code == (code < 1000 ? code : 422), comment, sourceLocation: sourceLocation)
    #expect(json.keys == ["success", "result", "data"], comment, sourceLocation: sourceLocation)
    #expect(json["success"] == false, comment, sourceLocation: sourceLocation)
    #expect(json["data"] == [:], comment, sourceLocation: sourceLocation)
    #expect(json["result"].keys == ["code", "message", "info"], comment, sourceLocation: sourceLocation)
    #expect(json["result"]["code"] == .number(Double(code)), comment, sourceLocation: sourceLocation)
    #expect(!json["result"]["message"].string.isEmpty, comment, sourceLocation: sourceLocation)
    guard case .object = json["result"]["info"] else {
        Issue.record("'info' is no object: \(response.text)", sourceLocation: sourceLocation)
        return
    }
    #expect((response.headers[.wwwAuthenticate] != nil) == (code == 401), comment, sourceLocation: sourceLocation)
    #expect(response.headers[.retryAfter] == nil, "Clients would send the call again", sourceLocation: sourceLocation)
}

/// Calls of the segment dialect with the two headers.
struct RESTClient: Sendable {
    let client: any TestClientProtocol
    var token: String
    var account: String

    var headers: HTTPFields { [.authToken: token, .authAccount: account] }

    func call(
        _ method: HTTPRequest.Method, _ uri: String, _ body: TestJSON? = nil, headers more: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = headers
        for field in more { headers[field.name] = field.value }
        return try await client.execute(uri: uri, method: method, headers: headers, body: body?.buffer)
    }

    func get(_ uri: String, headers: HTTPFields = [:]) async throws -> TestResponse {
        try await call(.get, uri, headers: headers)
    }

    func upload(
        _ uri: String, _ parts: [FormPart], type: String = FormPart.contentType
    ) async throws -> TestResponse {
        var headers = headers
        headers[.contentType] = type
        return try await client.execute(uri: uri, method: .post, headers: headers, body: FormPart.body(parts))
    }

    /// Stores a file and answers its token.
    func store(_ name: String, _ text: String = "text") async throws -> String {
        let response = try await upload("/api/media/upload", [.file("file", name, text)])
        #expect(response.code == 200, "\(response.text)")
        return response.json["result"]["token"].string
    }

    /// Attaches a new file to a segment; answers the asset object.
    @discardableResult
    func attach(
        _ name: String, _ text: String = "text", _ more: [String: TestJSON] = [:],
        to uri: String = Segment.uri(Segment.first)
    ) async throws -> TestJSON {
        let token = try await store(name, text)
        let response = try await call(
            .post, uri, .object(more.merging(["filetoken": "\(token)"]) { first, _ in first }))
        #expect(response.code == 200, "\(response.text)")
        return response.json
    }

    /// A call that has to fail with this status and, unless nil, this reason.
    func fails(
        _ method: HTTPRequest.Method, _ uri: String, _ status: Int, _ reason: String? = nil, body: TestJSON? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let response = try await call(method, uri, body)
        expectRESTFailure(response, status, reason, "\(method) \(uri)", sourceLocation: sourceLocation)
    }
}

/// Checks the body of a failure of the segment dialect.
/// - Parameter reason: how `reason` begins.
func expectRESTFailure(
    _ response: TestResponse, _ status: Int, _ reason: String? = nil, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let json = response.json
    let comment: Comment = "\(what): \(response.code) \(response.text)"
    #expect(response.code == status, comment, sourceLocation: sourceLocation)
    #expect(json.keys == ["error", "reason"], comment, sourceLocation: sourceLocation)
    #expect(!json["reason"].string.isEmpty, comment, sourceLocation: sourceLocation)
    if let reason { #expect(json["reason"].string.hasPrefix(reason), comment, sourceLocation: sourceLocation) }
    #expect(response.headers[.wwwAuthenticate] == nil, comment, sourceLocation: sourceLocation)
    if status == 429 { return }
    #expect(
        json["error"].keys == ["operation", "date", "title", "details", "errorurl", "messages"], comment,
        sourceLocation: sourceLocation)
    #expect(json["error"]["operation"] == nil, comment, sourceLocation: sourceLocation)
    #expect(json["error"]["errorurl"] == nil, comment, sourceLocation: sourceLocation)
    let isDate = json["error"]["date"].string.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z/) != nil
    #expect(isDate, comment, sourceLocation: sourceLocation)
    if status != 401 { #expect(json["error"]["title"] == json["reason"], comment, sourceLocation: sourceLocation) }
}

/// Addresses of segments of the demonstration set.
enum Segment {
    /// In document 19641.
    static let first = 27_665_601
    /// In the Flex document 19914.
    static let flex = 27_667_801

    static func uri(_ segment: Int, scope: String = "pr7214", query: String = "") -> String {
        "/api/resources/assets/\(segment)?scope=\(scope)\(query)"
    }

    static func list(_ segment: Int, scope: String = "pr7214") -> String {
        "/api/resources/assets/\(segment)/list?scope=\(scope)"
    }

    static func flexURI(_ segment: Int, document: String = "19914", query: String = "") -> String {
        "/api/apps/wbflex/documents/\(document)/assets/\(segment)\(query)"
    }
}

/// A part of a `multipart/form-data` body, as clients send it.
enum FormPart: Sendable {
    case field(String, String)
    case file(String, String, String)

    static let contentType = "multipart/form-data; boundary=AaB03x"

    static func text(_ parts: [FormPart], isClosed: Bool = true) -> String {
        let body = parts.map { part in
            switch part {
            case .field(let name, let value):
                "--AaB03x\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            case .file(let name, let fileName, let text):
                "--AaB03x\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(fileName)\"\r\n\r\n\(text)\r\n"
            }
        }.joined()
        return isClosed ? body + "--AaB03x--\r\n" : body
    }

    static func body(_ parts: [FormPart]) -> ByteBuffer { ByteBuffer(string: text(parts)) }
}
