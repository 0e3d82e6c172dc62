import AssetCore
import AssetTesting
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOEmbedded
import Testing

@testable import AssetHTTP

/// What is answered before the framework, and that it is what the framework would answer.
struct QuickDoorTests {
    private let server: TestServer
    private let tokens: TokenIssuer
    private let limiter: RateLimiter
    private static let limit = 10_000

    init() async throws {
        server = try await TestServer()
        tokens = TokenIssuer(service: server.service)
        limiter = RateLimiter(limit: Self.limit, clock: server.service.clock)
    }

    private var app: some ApplicationProtocol {
        Application(router: buildRouter(service: server.service, limiter: limiter, tokens: tokens))
    }

    private var answers: QuickAnswers {
        QuickAnswers(service: server.service, settings: server.settings, tokens: tokens, limiter: limiter)
    }

    /// Sends pieces over one connection; answers what came back, and what was left to the framework.
    private func exchange(
        _ pieces: [String], _ answers: QuickAnswers, isAtRest: Bool = true
    ) throws -> (answer: String, passed: [String]) {
        let channel = EmbeddedChannel(handler: QuickDoor(answers) { isAtRest })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        for piece in pieces { try channel.writeInbound(ByteBuffer(string: piece)) }
        var answer = ByteBuffer()
        while case .byteBuffer(let part)? = try channel.readOutbound(as: IOData.self) {
            answer.writeImmutableBuffer(part)
        }
        var passed: [String] = []
        while let buffer = try channel.readInbound(as: ByteBuffer.self) { passed.append(String(buffer: buffer)) }
        return (String(buffer: answer), passed)
    }

    private struct Call {
        let method: HTTPRequest.Method
        let uri: String
        let headers: HTTPFields
        var body: String?

        var text: String {
            let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
            let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
            return "\(method) \(uri) HTTP/1.1\r\nHost: localhost\r\n\(lines)\(length)\r\n\(body ?? "")"
        }
    }

    /// The answer to a call that may be answered quickly as soon as the framework has answered it. What it remembers lasts a second
    /// only, and tests may be slower than that now and then.
    private func quick(
        _ call: Call, _ client: any TestClientProtocol, _ answers: QuickAnswers
    ) async throws -> (quick: Answer, usual: TestResponse)? {
        for _ in 0..<100 {
            let usual = try await client.send(call.method, call.uri, headers: call.headers, call.body)
            let (text, passed) = try exchange([call.text], answers)
            if passed.isEmpty { return (try Self.response(text), usual) }
        }
        return nil
    }

    private struct Answer {
        let headers: HTTPFields
        let text: String
    }

    private static func response(_ text: String) throws -> Answer {
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        #expect(lines.first == "HTTP/1.1 200 OK")
        var headers: HTTPFields = [:]
        for line in lines.dropFirst() {
            let colon = try #require(line.firstRange(of: ": "))
            let name = try #require(HTTPField.Name(String(line[..<colon.lowerBound])))
            headers.append(HTTPField(name: name, value: String(line[colon.upperBound...])))
        }
        let body = String(text[end.upperBound...])
        #expect(headers[.contentLength] == String(body.utf8.count))
        return Answer(headers: headers, text: body)
    }

    /// The same status, headers and body; without what differs with each answer, and what only a running server adds.
    private func expectSame(_ pair: (quick: Answer, usual: TestResponse)) {
        func comparable(_ headers: HTTPFields) -> [String] {
            headers.filter { ![.date, .server, .requestID].contains($0.name) }
                .map { "\($0.name.canonicalName): \($0.value)" }.sorted()
        }
        #expect(pair.usual.status == .ok)
        #expect(comparable(pair.quick.headers) == comparable(pair.usual.headers))
        #expect(pair.quick.text == pair.usual.text)
        #expect(pair.quick.headers[.date]?.hasSuffix(" GMT") == true && pair.quick.headers[.server] == "Stockroom")
        #expect(pair.quick.headers[.requestID]?.isEmpty == false)
    }

    private func get(_ asset: String, _ rpc: RPCClient) -> Call {
        Call(method: .post, uri: rpc.uri("assets/get"), headers: rpc.headers, body: "{\"asset\":\"\(asset)\"}")
    }

    private func download(_ query: String, _ rest: RESTClient) -> Call {
        Call(method: .get, uri: Segment.uri(Segment.first, query: query), headers: rest.headers)
    }

    // MARK: The same answers

    @Test func `an asset is answered as by the framework`() async throws {
        try await app.test(.router) { client in
            let rpc = try await server.rpc(client)
            let answers = answers
            let root = try await rpc.root()
            let folder = try await rpc.folder("Größe \"1\"", in: root)
            let file = try await rpc.file("fünf.txt", in: folder)
            _ = try await rpc.ok("assets/update", ["asset": "\(file)", "title": ["en": "A \\ title\n"]])
            for asset in [root, folder, file] {
                expectSame(try #require(try await quick(get(asset, rpc), client, answers)))
            }
        }
    }

    @Test func `a file of a segment is answered as by the framework`() async throws {
        try await app.test(.router) { client in
            let rest = try await server.rest(client)
            let answers = answers
            try await rest.attach("Größe 1.txt", "one")
            try await rest.attach("a.pdf", "two", ["locale": "nl", "relativePath": "x/y"])
            try await rest.attach("empty", "")
            for query in [
                "&filename=Gr%C3%B6%C3%9Fe+1.txt", "&FileName=Gr%C3%B6%C3%9Fe%201.txt&v=2",
                "&filename=a.pdf&locale=NL&relativePath=x%2Fy",
                "&filename=empty&filename=other",
            ] {
                let pair = try #require(try await quick(download(query, rest), client, answers))
                expectSame(pair)
                #expect(pair.usual.code == 200)
            }
        }
    }

    // MARK: What changes

    @Test func `a change counts at once`() async throws {
        try await app.test(.router) { client in
            let (rpc, rest, answers) = (try await server.rpc(client), try await server.rest(client), answers)
            let root = try await rpc.root()
            let folder = try await rpc.folder("before", in: root)
            let call = get(try await rpc.file("a.txt", in: folder), rpc)
            #expect(try #require(try await quick(call, client, answers)).quick.text.contains("/before/a.txt"))
            _ = try await rpc.ok("assets/update", ["asset": "\(folder)", "name": "after"])
            #expect(try !exchange([call.text], answers).answer.contains("/before/"))
            #expect(try #require(try await quick(call, client, answers)).quick.text.contains("/after/a.txt"))

            let file = download("&filename=a.txt", rest)
            try await rest.attach("a.txt", "old bytes")
            #expect(try #require(try await quick(file, client, answers)).quick.text == "old bytes")
            try await rest.attach("a.txt", "new bytes")
            #expect(try !exchange([file.text], answers).answer.contains("old bytes"))
            #expect(try #require(try await quick(file, client, answers)).quick.text == "new bytes")
            #expect(try await rest.call(.delete, file.uri).code == 200)
            #expect(try exchange([file.text], answers).passed.count == 1)
        }
    }

    @Test func `who has lost the right gets no answer here`() async throws {
        try await app.test(.router) { client in
            let answers = answers
            let user = try await server.member(.viewer, key: "k")
            let rpc = try await server.rpc(client, as: user.gid)
            let rest = try await server.rest(client)
            let call = get(try await rpc.root(), rpc)
            let file = download("&filename=a.txt", rest)
            try await rest.attach("a.txt")
            #expect(try await quick(call, client, answers) != nil)
            try await server.setMember(user, .viewer, .deactivated)
            #expect(try exchange([call.text], answers).passed == [call.text])
            #expect(try await quick(file, client, answers) != nil)
            try await server.service.closeSession(token: rest.token)
            #expect(try exchange([file.text], answers).passed == [file.text])
        }
    }

    @Test func `a token that has expired, or is to be renewed, is left to the framework`() async throws {
        try await app.test(.router) { client in
            let (rpc, answers) = (try await server.rpc(client), answers)
            let call = get(try await rpc.root(), rpc)
            #expect(try await quick(call, client, answers) != nil)
            server.fixture.clock.advance(seconds: 2.5 * 3600)
            #expect(try await quick(call, client, answers) == nil)
        }
    }

    @Test func `calls count once, and none is answered beyond the allowance`() async throws {
        try await app.test(.router) { client in
            let (rest, answers) = (try await server.rest(client), answers)
            try await rest.attach("a.txt")
            let call = download("&filename=a.txt", rest)
            var answered = 0
            #expect(try await quick(call, client, answers) != nil)
            for _ in 0..<(2 * Self.limit) {
                if try exchange([call.text], answers).passed.isEmpty { answered += 1 }
                // What is remembered is renewed by the framework, whose calls count too.
                if answered.isMultiple(of: 1000),
                    try await client.send(.get, call.uri, headers: call.headers).code == 429
                {
                    break
                }
            }
            #expect(answered > 0 && answered < Self.limit)
            #expect(try exchange([call.text], answers).passed == [call.text])
        }
    }

    // MARK: What passes

    @Test func `errors and everything unusual pass`() async throws {
        try await app.test(.router) { client in
            let (rpc, rest, answers) = (try await server.rpc(client), try await server.rest(client), answers)
            let root = try await rpc.root()
            let good = get(root, rpc)
            try await rest.attach("a.txt")
            let file = download("&filename=a.txt", rest)
            func json(_ body: String) -> String {
                Call(method: .post, uri: good.uri, headers: good.headers, body: body).text
            }
            let texts = [
                json("{\"asset\":\"\(GID())\"}"), json("{\"assets\":[\"\(root)\"]}"),
                json("{\"asset\":\"\(root)\",\"x\":1}"),
                json("{\"asset\":1}"), json("{\"asset\":"), json(""), json("{\"pathname\":\"/\"}"),
                good.text.replacing("Bearer ", with: "Bearer x"), good.text.replacing("Authorization", with: "X-Other"),
                good.text.replacing(server.project.gid.description, with: GID().description),
                good.text.replacing("POST", with: "GET"), good.text.replacing("/assets/get", with: "/x/assets/get"),
                file.text.replacing("a.txt", with: "b.txt"), file.text.replacing("GET", with: "HEAD"),
                file.text.replacing("\r\n\r\n", with: "\r\nRange: bytes=0-0\r\n\r\n"),
                file.text.replacing("\r\n\r\n", with: "\r\nIf-None-Match: *\r\n\r\n"),
                file.text.replacing("demo", with: "other"), file.text.replacing("pr7214", with: "pr7215"),
                file.text.replacing("scope=pr7214", with: "scope=pr7214%"), file.text.replacing("27665601", with: "x"),
                file.text.replacing("?scope", with: "/list?scope"),
            ]
            #expect(try await quick(good, client, answers) != nil)
            #expect(try await quick(file, client, answers) != nil)
            for text in texts { #expect(try exchange([text], answers).passed == [text], "\(text)") }
        }
    }

    @Test func `it knows where the next request begins, or lets everything pass`() async throws {
        try await app.test(.router) { client in
            let (rpc, answers) = (try await server.rpc(client), answers)
            let good = get(try await rpc.root(), rpc)
            let other = Call(method: .put, uri: "/x", headers: [:], body: String(repeating: "y", count: 100)).text
            let middle = other.index(other.endIndex, offsetBy: -40)
            let halves = [String(other[..<middle]), String(other[middle...])]
            /// How many of the good requests in it are answered, and that all else passes.
            func expect(_ pieces: [String], answered: Int, isAtRest: Bool = true, _ line: Int = #line) async throws {
                for attempt in 0... {
                    _ = try await client.send(good.method, good.uri, headers: good.headers, good.body)
                    let (answer, passed) = try exchange(pieces, answers, isAtRest: isAtRest)
                    let count = answer.ranges(of: "HTTP/1.1 200 OK").count
                    #expect(
                        passed.joined().utf8.count == pieces.joined().utf8.count - answered * good.text.utf8.count
                            || count < answered)
                    if count >= answered || attempt == 100 {
                        #expect(count == answered, "line \(line)")
                        break
                    }
                }
            }
            try await expect([good.text, good.text, good.text], answered: 3)
            try await expect([other, good.text], answered: 1)
            try await expect(halves + [good.text], answered: 1)
            try await expect([good.text] + halves + [good.text, other, good.text], answered: 3)
            // More than one request in a piece.
            try await expect([good.text + good.text, good.text], answered: 0)
            try await expect([halves[0], halves[1] + good.text, good.text], answered: 0)
            // A head, or a body that would have been answered, in pieces.
            try await expect(["POST ", String(good.text.dropFirst(5)), good.text], answered: 0)
            try await expect([String(good.text.dropLast(3)), String(good.text.suffix(3)), good.text], answered: 1)
            // Chunks, an upgrade, an end.
            for line in [
                "Transfer-Encoding: chunked", "Upgrade: websocket", "Connection: close", "Expect: 100-continue",
            ] {
                try await expect(
                    [good.text.replacing("\r\nHost", with: "\r\n\(line)\r\nHost"), good.text], answered: 0)
            }
            // While the framework is at work on another request.
            try await expect([good.text], answered: 0, isAtRest: false)
        }
    }

    // MARK: Closing

    /// A connection with an answer that the socket has not taken.
    private func pending(_ text: String) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: FlushHolder())
        try channel.pipeline.syncOperations.addHandler(QuickDoor(answers) { true })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.writeInbound(ByteBuffer(string: text))
        return channel
    }

    @Test func `closing waits for an answer, but not for a client that has stopped reading`() async throws {
        try await app.test(.router) { client in
            let (rpc, answers) = (try await server.rpc(client), answers)
            let call = get(try await rpc.root(), rpc)
            #expect(try await quick(call, client, answers) != nil)
            func check() throws -> Bool {
                let channel = try pending(call.text)
                if try channel.readInbound(as: ByteBuffer.self) != nil { return false }
                let holder = try channel.pipeline.syncOperations.handler(type: FlushHolder.self)
                channel.close(mode: .output, promise: nil)
                channel.close(promise: nil)
                channel.embeddedEventLoop.advanceTime(by: .seconds(9))
                #expect(channel.isActive)
                holder.release()
                channel.embeddedEventLoop.run()
                #expect(!channel.isActive)
                guard case .byteBuffer(let answer)? = try channel.readOutbound(as: IOData.self) else {
                    Issue.record("It was dropped")
                    return true
                }
                #expect(String(buffer: answer).hasPrefix("HTTP/1.1 200 OK"))

                let other = try pending(call.text)
                other.close(promise: nil)
                other.embeddedEventLoop.advanceTime(by: .seconds(10))
                #expect(!other.isActive)
                return true
            }
            for _ in 0..<100 {
                if try check() { return }
                _ = try await quick(call, client, answers)
            }
            Issue.record("It was never answered")
        }
    }

    /// What the framework has not sent to its end is lost anyway, and a server that stops waits for nobody who does not read.
    @Test func `closing does not wait for what is not from here`() throws {
        let channel = EmbeddedChannel(handler: FlushHolder())
        try channel.pipeline.syncOperations.addHandler(QuickDoor(answers) { true })
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.writeAndFlush(IOData.byteBuffer(ByteBuffer(string: "half an answer")), promise: nil)
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
        #expect(!channel.isActive)
    }
}

/// A socket that takes nothing until it is told to.
private final class FlushHolder: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    private var context: ChannelHandlerContext?
    private var isOpen = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func flush(context: ChannelHandlerContext) { if isOpen { context.flush() } }

    func release() {
        isOpen = true
        context?.flush()
    }
}
