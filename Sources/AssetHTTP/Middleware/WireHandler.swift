import AssetCore
import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// What has to be done below the router, on each connection.
///
/// * A client that asks with `Expect: 100-continue` whether to send its body is told to go on; otherwise it waits a second or more
///   before each large upload.
/// * A request that cannot even be parsed is answered by the framework with an empty 400. Clients decode the body of every failure
///   (segment reference 1.4), so it gets one, in a form that suits both dialects.
/// * After an early answer on a connection that is to be closed, the framework stops reading, and a client that first sends its
///   whole body would hang: what it still sends is read and dropped.
/// * When the server stops, the framework closes a connection as soon as it has handed over the end of the answer, and the bytes
///   that the socket has not taken yet would be lost: closing waits for them, but not for a client that has stopped reading.
/// * The framework does not tell who waits for something whether the client is still there: see `AppContext.whilePresent`.
/// * A connection is closed on which nothing has happened for a while but the coming of bytes that are no part of a request yet.
/// * A request that offers another protocol (`Upgrade`), which it does not get, ends HTTP for the parser: the connection is closed
///   behind the answer.
package final class WireHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// Requests whose answer has not been handed over to its end.
    private var openAnswers = 0
    /// Whether a request has begun and its end has not been read.
    private var isReceiving = false
    /// Whether what is still received is dropped, because nobody reads it any more.
    private var isDiscarding = false
    /// Whether the end of an answer has been handed over but not been taken by the socket.
    private var hasPendingEnd = false
    private var delayedCloses: [(mode: CloseMode, promise: EventLoopPromise<Void>?)] = []
    private static let closeDelay = TimeAmount.seconds(10)
    /// Whether the client has closed its end.
    private var hasLeft = false
    private var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    private var nextWatcher = 0
    private var offersUpgrade = false
    /// Whether the parser has given up.
    private var hasFailed = false
    /// When a part of a request last came, or the end of an answer was handed over.
    private var lastActivity = NIODeadline.uptimeNanoseconds(0)
    private var loop: (any EventLoop)?
    private var idleCheck: Scheduled<Void>?
    private static let idleTimeout = TimeAmount.seconds(75)

    package init() {}

    /// Whether every request that has begun has come to its end and is answered, as far as this program goes.
    var isAtRest: Bool { openAnswers == 0 && !isReceiving && !isDiscarding && !hasFailed && delayedCloses.isEmpty }

    /// To be told of requests, too, that never came this far.
    func wasActive() { lastActivity = loop?.now ?? lastActivity }

    package func handlerAdded(context: ChannelHandlerContext) {
        loop = context.eventLoop
        wasActive()
        checkIdleness(in: Self.idleTimeout, context)
    }

    package func handlerRemoved(context: ChannelHandlerContext) { idleCheck?.cancel() }

    private func checkIdleness(in time: TimeAmount, _ context: ChannelHandlerContext) {
        idleCheck = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            let rest = Self.idleTimeout - (context.eventLoop.now - self.lastActivity)
            if self.openAnswers > 0, !self.isReceiving {
                // Who waits for an answer says nothing meanwhile.
                self.checkIdleness(in: Self.idleTimeout, context)
            } else if rest > .zero {
                self.checkIdleness(in: rest, context)
            } else {
                context.close(promise: nil)
            }
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        context.fireErrorCaught(error)
    }

    /// Ends when the client closes its end of the connection.
    fileprivate func departure(_ loop: any EventLoop) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        if hasLeft {
            continuation.finish()
            return stream
        }
        nextWatcher += 1
        let number = nextWatcher
        let handler = NIOLoopBound(self, eventLoop: loop)
        watchers[number] = continuation
        continuation.onTermination = { _ in loop.execute { handler.value.watchers[number] = nil } }
        return stream
    }

    private func leave() {
        hasLeft = true
        for watcher in watchers.values { watcher.finish() }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        idleCheck?.cancel()
        leave()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        wasActive()
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Behind an answer that is still being sent, the client finds out by that answer's end.
            if openAnswers == 0, head.headerFields[.expect]?.lowercased() == "100-continue" {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
            openAnswers += 1
            isReceiving = true
            if head.headerFields[.upgrade] != nil { offersUpgrade = true }
        case .end: isReceiving = false
        case .body: break
        }
        if !isDiscarding { return context.fireChannelRead(data) }
        if !isReceiving { context.close(promise: nil) }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if isDiscarding { context.read() } else { context.fireChannelReadComplete() }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status == .badRequest && head.headerFields[.contentLength] == "0":
            writeParseError(head, context, promise)
        case .head(var head) where offersUpgrade && head.status.kind != .informational:
            head.headerFields[.connection] = "close"
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
            hasPendingEnd = true
            openAnswers -= 1
            wasActive()
            promise.futureResult.assumeIsolated().whenComplete { _ in
                self.hasPendingEnd = false
                self.closeNow(context)
                if self.offersUpgrade, self.openAnswers == 0 { context.close(promise: nil) }
            }
            context.write(data, promise: promise)
        default:
            context.write(data, promise: promise)
        }
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode != .input, hasPendingEnd else { return close(mode, promise, context) }
        delayedCloses.append((mode, promise))
        guard delayedCloses.count == 1 else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.closeDelay) { self.closeNow(context) }
    }

    private func closeNow(_ context: ChannelHandlerContext) {
        let closes = delayedCloses
        delayedCloses = []
        for (mode, promise) in closes { close(mode, promise, context) }
    }

    private func close(_ mode: CloseMode, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        context.close(mode: mode, promise: promise)
        guard mode == .output, isReceiving, !isDiscarding else { return }
        isDiscarding = true
        context.read()
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.closeDelay) { context.close(promise: nil) }
    }

    private func writeParseError(
        _ head: HTTPResponse, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
    ) {
        var head = head
        let reason: JSON = "The request is not valid HTTP"
        let json: JSON = [
            "success": false, "result": ["code": 400, "message": reason, "info": .emptyObject], "data": .emptyObject,
            "error": [
                "operation": .null, "date": .string(RESTModels.date(WallClock.system.now())), "title": reason,
                "details": .null, "errorurl": .null, "messages": [],
            ],
            "reason": reason,
        ]
        var body = context.channel.allocator.buffer(capacity: 512)
        json.write(into: &body)
        head.headerFields[.contentLength] = String(body.readableBytes)
        head.headerFields[.contentType] = "application/json; charset=utf-8"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
    }
}

/// The client has closed its end of the connection, and waits for nothing any more, or only for an end.
struct ClientLeft: Error {}

extension AppContext {
    /// Runs `body`, and cancels it when the client closes its end of the connection meanwhile.
    /// - Throws: `ClientLeft` then.
    func whilePresent<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let departure = try await channel.eventLoop.submit { [channel] in
            // There are no handlers any more on a connection that is closed.
            guard let wire = try? channel.pipeline.syncOperations.handler(type: WireHandler.self) else {
                throw ClientLeft()
            }
            return wire.departure(channel.eventLoop)
        }.get()
        return try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: body)
            group.addTask {
                for await _ in departure {}
                throw ClientLeft()
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }
}
