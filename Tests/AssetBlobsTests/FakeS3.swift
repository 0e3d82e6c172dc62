import AssetTesting
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

@testable import AssetBlobs

/// A server that does what a test says, such as failing in ways that a real store seldom does.
final class FakeS3: Sendable {
    struct Call: Sendable {
        let method: HTTPMethod
        /// With the query.
        let uri: String
        let headers: HTTPHeaders
        /// From 0.
        let number: Int

        var line: String { "\(method.rawValue) \(uri)" }
        func has(_ text: String) -> Bool { uri.contains(text) }
    }

    enum Reply: Sendable {
        case answer(Int, HTTPHeaders = [:], String = "")
        /// Says that `length` bytes come, sends fewer, and closes the connection.
        case cut(HTTPHeaders, length: Int, bytes: [UInt8])
        case bytes(Int, HTTPHeaders, [UInt8])
        /// Closes the connection before the body of the request has been read.
        case close
        /// Never answers.
        case hang

        static func error(_ status: Int, _ code: String, _ more: String = "", headers: HTTPHeaders = [:]) -> Reply {
            .answer(
                status, headers,
                "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>Said so</Message>\(more)</Error>")
        }
    }

    struct Script: Sendable { let reply: @Sendable (Call) -> Reply }

    private struct State {
        var calls: [Call] = []
        var bodies: [Int: Int] = [:]
    }

    private let state = Mutex(State())
    private let script: Script
    private let arrivals = AsyncStream<Call>.makeStream()

    private init(_ script: Script) { self.script = script }

    /// Runs `body` with a store on such a server, whose clients lose patience soon.
    static func run(
        _ more: String = "", partSize: Int = 1024, silence: TimeAmount = .seconds(20), tries: Int = 4,
        script: Script, _ body: (FakeS3, S3BlobStore) async throws -> Void
    ) async throws {
        let fake = FakeS3(script)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 64)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(fake))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var timeouts = S3Client.Timeouts()
        timeouts.silence = silence
        let http = S3Client.makeHTTPClient(timeouts)
        do {
            let settings = try S3Settings(
                url: "s3://bucket/in?endpoint=http://127.0.0.1:\(channel.localAddress?.port ?? 0)\(more)",
                environment: ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"])
            var client = S3Client(settings: settings, http: http, timeouts: timeouts)
            client.retry = S3Retry(tries: tries, firstDelay: .milliseconds(1), longestDelay: .milliseconds(1))
            var store = S3BlobStore(client)
            store.cut.smallestPart = partSize
            store.cut.largestPart = partSize
            try await body(fake, store)
        } catch {
            try await http.shutdown()
            try await channel.close()
            throw error
        }
        try await http.shutdown()
        try await channel.close()
    }

    /// What has been asked for, in the order of arrival.
    var lines: [String] { state.withLock { $0.calls.map(\.line) } }
    var calls: [Call] { state.withLock { $0.calls } }

    /// How many bytes the body of a call had.
    func bodySize(_ call: Int) -> Int? { state.withLock { $0.bodies[call] } }

    /// Returns when a call has come that fits.
    func awaitCall(_ fits: (Call) -> Bool) async {
        for await call in arrivals.stream where fits(call) { return }
    }

    fileprivate func reply(to head: HTTPRequestHead) -> (number: Int, reply: Reply) {
        let call = state.withLock { state in
            let call = Call(method: head.method, uri: head.uri, headers: head.headers, number: state.calls.count)
            state.calls.append(call)
            return call
        }
        defer { arrivals.continuation.yield(call) }
        return (call.number, script.reply(call))
    }

    fileprivate func received(_ count: Int, of call: Int) { state.withLock { $0.bodies[call, default: 0] += count } }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let fake: FakeS3
        private var current: (number: Int, reply: Reply)?

        init(_ fake: FakeS3) { self.fake = fake }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                let current = fake.reply(to: head)
                self.current = current
                if case .close = current.reply { context.close(promise: nil) }
            case .body(let bytes):
                if let current { fake.received(bytes.readableBytes, of: current.number) }
            case .end:
                if let current { answer(current.reply, context) }
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        private func answer(_ reply: Reply, _ context: ChannelHandlerContext) {
            switch reply {
            case .answer(let status, let headers, let text):
                send(status, headers, length: text.utf8.count, Array(text.utf8), context)
            case .bytes(let status, let headers, let bytes): send(status, headers, length: bytes.count, bytes, context)
            case .cut(let headers, let length, let bytes):
                send(206, headers, length: length, bytes, context)
            case .close, .hang: break
            }
        }

        private func send(
            _ status: Int, _ headers: HTTPHeaders, length: Int, _ bytes: [UInt8], _ context: ChannelHandlerContext
        ) {
            var headers = headers
            if !headers.contains(name: "Content-Length") { headers.add(name: "Content-Length", value: String(length)) }
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if !bytes.isEmpty {
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
            }
            guard bytes.count == length else {
                // Closed behind the encoder's back, when the bytes have gone.
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer())))).whenComplete { _ in
                    bound.value.close(promise: nil)
                }
                return
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
