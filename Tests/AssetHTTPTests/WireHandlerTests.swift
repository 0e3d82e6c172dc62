import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import Testing

@testable import AssetHTTP

/// What happens below the router, on a connection.
struct WireHandlerTests {
    private static func head(expect: String? = nil) -> HTTPRequestPart {
        var request = HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/api/media/upload")
        if let expect { request.headerFields[.expect] = expect }
        return .head(request)
    }

    private static func response(_ status: HTTPResponse.Status, length: String?) -> HTTPResponsePart {
        var fields: HTTPFields = [:]
        fields[.contentLength] = length
        return .head(HTTPResponse(status: status, headerFields: fields))
    }

    @Test(
        arguments: [("100-continue", true), ("100-Continue", true), ("200-ok", false), (nil, false)]
            as [(String?, Bool)])
    func `a client that asks whether to go on is told so`(expect: String?, isTold: Bool) throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        try channel.writeInbound(Self.head(expect: expect))
        guard case .head = try channel.readInbound(as: HTTPRequestPart.self) else {
            Issue.record("The request did not come through")
            return
        }
        let told = try channel.readOutbound(as: HTTPResponsePart.self)
        if isTold {
            #expect(told == .head(HTTPResponse(status: .continue)))
            #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
        } else {
            #expect(told == nil)
        }
    }

    @Test func `a request behind an unfinished answer is not told to go on`() throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        try channel.writeInbound(Self.head())
        try channel.writeInbound(Self.head(expect: "100-continue"))
        #expect(
            try channel.readOutbound(as: HTTPResponsePart.self) == nil, "It would stand in the middle of that answer")
        for _ in 0..<2 {
            try channel.writeOutbound(Self.response(.ok, length: "0"))
            try channel.writeOutbound(HTTPResponsePart.end(nil))
            while try channel.readOutbound(as: HTTPResponsePart.self) != nil {}
        }
        try channel.writeInbound(Self.head(expect: "100-continue"))
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == .head(HTTPResponse(status: .continue)))
    }

    @Test func `an empty 400 gets a body that suits both dialects`() throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        try channel.writeOutbound(Self.response(.badRequest, length: "0"))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        guard case .head(let head)? = try channel.readOutbound(as: HTTPResponsePart.self),
            case .body(let body)? = try channel.readOutbound(as: HTTPResponsePart.self),
            case .end? = try channel.readOutbound(as: HTTPResponsePart.self)
        else {
            Issue.record("Expected head, body and end")
            return
        }
        #expect(head.status == .badRequest)
        #expect(head.headerFields[.contentLength] == String(body.readableBytes))
        #expect(head.headerFields[.contentType] == "application/json; charset=utf-8")
        let json = TestJSON(parsing: String(buffer: body))
        #expect(json["success"] == false && json["data"] == [:] && json["result"]["code"] == 400)
        #expect(json["result"].keys == ["code", "message", "info"])
        #expect(!json["reason"].string.isEmpty && json["error"]["title"] == json["reason"])
        #expect(json["error"].keys == ["operation", "date", "title", "details", "errorurl", "messages"])
    }

    @Test(
        arguments: [(HTTPResponse.Status.ok, "0"), (.badRequest, "5"), (.badRequest, nil)]
            as [(HTTPResponse.Status, String?)])
    func `other answers pass unchanged`(status: HTTPResponse.Status, length: String?) throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        let part = Self.response(status, length: length)
        try channel.writeOutbound(part)
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == part)
        #expect(try channel.readOutbound(as: HTTPResponsePart.self) == nil)
    }

    @Test func `closing waits until the end of the answer has been taken`() throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        // Not flushed: the socket has not taken it.
        channel.write(HTTPResponsePart.end(nil), promise: nil)
        let closed = channel.close()
        channel.embeddedEventLoop.run()
        #expect(channel.isActive || !closed.isFulfilled)
        #expect(!closed.isFulfilled)
        channel.flush()
        channel.embeddedEventLoop.run()
        #expect(closed.isFulfilled)
    }

    @Test func `closing does not wait for a client that has stopped reading`() throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        channel.write(HTTPResponsePart.end(nil), promise: nil)
        let closed = channel.close()
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        #expect(!closed.isFulfilled)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(closed.isFulfilled)
    }

    @Test func `a second close waits with the first`() throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        channel.write(HTTPResponsePart.end(nil), promise: nil)
        channel.close(mode: .output, promise: nil)
        let closed = channel.close()
        channel.embeddedEventLoop.run()
        #expect(!closed.isFulfilled)
        channel.flush()
        channel.embeddedEventLoop.run()
        #expect(closed.isFulfilled)
    }

    // MARK: Idle connections

    private static func isClosed(_ channel: EmbeddedChannel, after seconds: Int64) -> Bool {
        let closed = channel.closeFuture
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds))
        return closed.isFulfilled
    }

    private static func connected() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: WireHandler())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    @Test
    func `a connection without requests, with half a request, or with one that cannot be read is closed in the end`()
        throws
    {
        #expect(try Self.isClosed(Self.connected(), after: 200))
        let half = try Self.connected()
        try half.writeInbound(Self.head())
        #expect(Self.isClosed(half, after: 200))
        let wrong = try Self.connected()
        // An answer to what was no request.
        try wrong.writeOutbound(Self.response(.badRequest, length: "0"))
        try wrong.writeOutbound(HTTPResponsePart.end(nil))
        #expect(Self.isClosed(wrong, after: 200))
    }

    @Test func `who waits for an answer is not idle`() throws {
        let channel = try Self.connected()
        try channel.writeInbound(Self.head())
        try channel.writeInbound(HTTPRequestPart.end(nil))
        #expect(!Self.isClosed(channel, after: 1000))
    }

    @Test func `a parser that has given up is not at rest`() throws {
        let channel = try Self.connected()
        let wire = try channel.pipeline.syncOperations.handler(type: WireHandler.self)
        #expect(wire.isAtRest)
        channel.pipeline.fireErrorCaught(HTTPParserError.invalidMethod)
        #expect(!wire.isAtRest)
    }

    @Test func `closing is immediate when no answer is under way`() throws {
        let channel = EmbeddedChannel(handler: WireHandler())
        try channel.writeOutbound(Self.response(.ok, length: "0"))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        let closed = channel.close()
        channel.embeddedEventLoop.run()
        #expect(closed.isFulfilled)
    }
}

extension EventLoopFuture {
    /// Whether there is a result already; only on the event loop's thread.
    fileprivate var isFulfilled: Bool {
        var isFulfilled = false
        assumeIsolated().whenComplete { _ in isFulfilled = true }
        return isFulfilled
    }
}
