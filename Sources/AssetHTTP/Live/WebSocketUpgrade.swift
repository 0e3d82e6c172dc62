import AssetCore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// Turns the connection of a request into a WebSocket, also when it has carried other requests before.
enum WebSocketUpgrade {
    /// Answers 101, puts `session` behind the connection, and returns when the connection has been closed.
    /// - Parameter attach: told of the socket, on its event loop, before the first frame can come.
    /// - Throws: `badParameter("request")` when this is no request for a WebSocket.
    static func run(
        _ request: Request, on channel: any Channel, for session: EngineSession,
        attach: @escaping @Sendable (SocketLink) -> Void
    ) async throws {
        let headers = try await agreement(request, channel)
        try await channel.eventLoop.submit {
            // In one tick, so that nothing that the client sends after the answer meets the parser of HTTP.
            let pipeline = channel.pipeline.syncOperations
            let wire = try pipeline.context(handlerType: WireHandler.self)
            var head = HTTPResponse(status: .switchingProtocols)
            for (name, value) in headers {
                if let name = HTTPField.Name(name) { head.headerFields.append(HTTPField(name: name, value: value)) }
            }
            wire.writeAndFlush(NIOAny(HTTPResponsePart.head(head)), promise: nil)
            // There is none where every request goes to the log.
            if let door = try? pipeline.context(handlerType: QuickDoor.self) {
                pipeline.removeHandler(context: door, promise: nil)
            }
            for context in [
                try pipeline.context(handlerType: HTTPConnectionStateHandler.self), wire,
                try pipeline.context(handlerType: HTTP1ToHTTPServerCodec.self),
                try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self),
                try pipeline.context(handlerType: HTTPResponseEncoder.self),
            ] { pipeline.removeHandler(context: context, promise: nil) }
            let handler = WebSocketHandler(session)
            try pipeline.addHandlers(
                [
                    WebSocketFrameEncoder(),
                    ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: EngineSession.maximumPayload)), handler,
                ], position: .first)
            attach(try handler.linked(channel.eventLoop))
        }.get()
        try? await channel.closeFuture.get()
    }

    /// The headers of the answer, by the rules of RFC 6455, 4.2.
    private static func agreement(_ request: Request, _ channel: any Channel) async throws -> HTTPHeaders {
        let upgrade = request.headers[.upgrade]?.lowercased()
        var headers = HTTPHeaders()
        for field in request.headers { headers.add(name: field.name.rawName, value: field.value) }
        guard request.method == .get, upgrade == "websocket" else {
            throw AssetError.badParameter("request", "This is no request for a WebSocket")
        }
        // Sixteen bytes in base64, which the library does not look at.
        guard headers["Sec-WebSocket-Key"].first.map({ $0.utf8.count == 24 && $0.hasSuffix("==") }) ?? false else {
            throw AssetError.badParameter("request", "The key of this WebSocket request is not 16 bytes")
        }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: request.uri.path, headers: headers)
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        do {
            return try await channel.eventLoop.flatSubmit {
                upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: head, initialResponseHeaders: [:])
            }.get()
        } catch {
            throw AssetError.badParameter("request", "The headers of this WebSocket request are not complete")
        }
    }
}
