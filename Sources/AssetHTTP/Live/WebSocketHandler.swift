import NIOCore
import NIOWebSocket

/// The server's end of a WebSocket (RFC 6455) that carries text: joins fragments, answers pings and the closing handshake, and pulls
/// what is to be sent from the session as fast as the client takes it.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let session: EngineSession
    private var link: SocketLink?
    /// What has come of a message so far; nil between messages.
    private var message: ByteBuffer?
    private var isClosing = false

    init(_ session: EngineSession) { self.session = session }

    func handlerAdded(context: ChannelHandlerContext) {
        link = SocketLink(channel: context.channel, handler: NIOLoopBound(self, eventLoop: context.eventLoop))
    }

    /// The handler as seen from outside its event loop; there once it is in a pipeline.
    func linked(_ loop: any EventLoop) throws -> SocketLink {
        guard let link else { throw ChannelError.inappropriateOperationForState }
        return link
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        if isClosing { return }
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return close(context, .protocolError) }
        switch frame.opcode {
        case .text, .continuation:
            guard (frame.opcode == .text) == (message == nil) else { return close(context, .protocolError) }
            receive(frame, context)
        case .ping:
            guard frame.fin, frame.length <= 125 else { return close(context, .protocolError) }
            // Pings without end would fill the memory with pongs.
            guard context.channel.isWritable else { return close(context, .policyViolation) }
            write(.pong, frame.unmaskedData, context)
        case .connectionClose: close(context, .normalClosure)
        case .pong: break
        case .binary: close(context, .unacceptableData)
        default: close(context, .protocolError)
        }
    }

    private func receive(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        var whole = message ?? context.channel.allocator.buffer(capacity: frame.length)
        guard whole.readableBytes + frame.length <= EngineSession.maximumPayload else {
            return close(context, .messageTooLarge)
        }
        var bytes = frame.unmaskedData
        whole.writeBuffer(&bytes)
        guard frame.fin else {
            message = whole
            return
        }
        message = nil
        guard let text = String(validating: whole.readableBytesView, as: UTF8.self) else {
            return close(context, .dataInconsistentWithMessage)
        }
        if let link { session.receive(text, from: link) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pump(context)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        if let link { session.closed(link) }
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // It refers to this handler.
        link = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(context, .goingAway)
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? NIOWebSocketError else { return context.close(promise: nil) }
        close(context, error == .invalidFrameLength ? .messageTooLarge : .protocolError)
    }

    fileprivate func pump() { if let context { pump(context) } }

    fileprivate func send(_ text: String) {
        if let context, !isClosing { write(.text, context.channel.allocator.buffer(string: text), context) }
    }

    fileprivate func close() { if let context { close(context, .normalClosure) } }

    /// As this handler stays in its pipeline, so does its context.
    private var context: ChannelHandlerContext? {
        try? link?.channel.pipeline.syncOperations.context(handler: self)
    }

    private func pump(_ context: ChannelHandlerContext) {
        var hasWritten = false
        while !isClosing, context.channel.isWritable, let link, let packet = session.nextPacket(for: link) {
            let frame = WebSocketFrame(
                fin: true, opcode: .text, data: context.channel.allocator.buffer(string: packet))
            context.write(wrapOutboundOut(frame), promise: nil)
            hasWritten = true
        }
        if hasWritten { context.flush() }
    }

    private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    private func close(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        if isClosing { return }
        isClosing = true
        var reason = context.channel.allocator.buffer(capacity: 2)
        reason.write(webSocketErrorCode: code)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: reason)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(frame)).whenComplete { _ in channel.close(promise: nil) }
        // A client that takes nothing more does not keep the connection.
        context.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
        if let link { session.closed(link) }
    }
}

/// A WebSocket as seen from outside its event loop.
struct SocketLink: Sendable, Equatable {
    fileprivate let channel: any Channel
    fileprivate let handler: NIOLoopBound<WebSocketHandler>

    static func == (one: SocketLink, other: SocketLink) -> Bool { one.channel === other.channel }

    /// There is something to send.
    func pump() { channel.eventLoop.execute { handler.value.pump() } }

    /// Sends beside the session's queue.
    func send(_ text: String) { channel.eventLoop.execute { handler.value.send(text) } }

    func close() { channel.eventLoop.execute { handler.value.close() } }
}
