import HTTPTypes
import Hummingbird
import NIOCore

/// The first handler of a connection: answers what can be answered here and now, on the event loop, and lets everything else pass to the
/// web framework.
///
/// The framework's way, through four handlers, a stream, a task, the router and its middleware, takes four times what an answer takes
/// that needs a look into memory or a few rows. So a request that has come whole in one piece, that `QuickRequest` can read, and that
/// `QuickAnswers` knows the answer to, is answered in the same call that read it. What cannot be answered without waiting, and every
/// error, goes the usual way, and is answered there as if this were not here.
///
/// It follows where a message ends by its `Content-Length` only. After anything else (bytes of a next request before the answer to
/// this one, a head in several pieces, chunks, an upgrade) it lets all that is to come on this connection pass.
final class QuickDoor: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private enum Position {
        /// Where a request begins.
        case start
        /// Within a body, of which so many bytes are to come.
        case body(Int)
        case unknown
    }

    private let answers: QuickAnswers
    /// Whether the framework has answered all that it was given.
    private let isAtRest: () -> Bool
    private let hasAnswered: () -> Void
    private var position = Position.start
    /// Whether the last that was handed over is an answer from here. What the framework sends is its own to wait for (`WireHandler`).
    private var hasAnsweredLast = false
    /// Those that wait until the socket has taken everything.
    private var delayedCloses: [(mode: CloseMode, promise: EventLoopPromise<Void>?)] = []
    private static let closeDelay = TimeAmount.seconds(10)

    /// - Parameter hasAnswered: told of each answer.
    init(_ answers: QuickAnswers, isAtRest: @escaping () -> Bool, hasAnswered: @escaping () -> Void = {}) {
        self.answers = answers
        self.isAtRest = isAtRest
        self.hasAnswered = hasAnswered
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .unknown = position { return context.fireChannelRead(data) }
        let buffer = unwrapInboundIn(data)
        if let answer = answer(to: buffer, context) {
            let head = answer.head(context.channel.allocator)
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
            if let body = answer.separateBody { context.write(wrapOutboundOut(.byteBuffer(body)), promise: nil) }
            context.flush()
            hasAnsweredLast = true
            hasAnswered()
        } else {
            context.fireChannelRead(data)
        }
    }

    /// Moves the position behind these bytes.
    private func answer(to buffer: ByteBuffer, _ context: ChannelHandlerContext) -> QuickAnswer? {
        switch position {
        case .unknown: return nil
        case .body(let length):
            let rest = length - buffer.readableBytes
            position = rest > 0 ? .body(rest) : rest == 0 ? .start : .unknown
            return nil
        case .start:
            guard var request = QuickRequest(buffer) else {
                position = .unknown
                return nil
            }
            let rest = request.headLength + request.contentLength - buffer.readableBytes
            guard rest == 0 else {
                position = rest > 0 ? .body(rest) : .unknown
                return nil
            }
            // A client that does not take its answers gets no more of them from here.
            guard delayedCloses.isEmpty, context.channel.isWritable, isAtRest() else { return nil }
            request.body =
                buffer.getSlice(at: buffer.readerIndex + request.headLength, length: request.contentLength)
                ?? ByteBuffer()
            return answers.answer(to: request)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        hasAnsweredLast = false
        context.write(data, promise: promise)
    }

    /// Of an answer, bytes that the socket has not taken yet would be lost: closing waits for them, but not for a client that has stopped
    /// reading.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let pending = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard mode != .input, hasAnsweredLast, !delayedCloses.isEmpty || pending > 0 else {
            return context.close(mode: mode, promise: promise)
        }
        delayedCloses.append((mode, promise))
        guard delayedCloses.count == 1 else { return }
        // Whichever comes first; a promise is kept once.
        let isOver = context.eventLoop.makePromise(of: Void.self)
        let limit = context.eventLoop.assumeIsolated().scheduleTask(in: Self.closeDelay) { isOver.succeed() }
        isOver.futureResult.assumeIsolated().whenComplete { _ in
            limit.cancel()
            let closes = self.delayedCloses
            self.delayedCloses = []
            for (mode, promise) in closes { context.close(mode: mode, promise: promise) }
        }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in isOver.succeed() }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: written)
    }
}
