package import HummingbirdCore
package import Logging
package import NIOCore

/// HTTP/1.1 by Hummingbird, with what this server does below it: `WireHandler`, and `QuickDoor` before it.
package struct QuickServer: ServerChildChannel {
    package typealias Value = HTTP1Channel.Value

    private let http1: HTTP1Channel
    private let answers: QuickAnswers?

    /// - Parameter answers: nil when every request is to go through the router, and so into the log.
    package static func builder(_ answers: QuickAnswers?) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            QuickServer(
                http1: HTTP1Channel(
                    responder: responder, configuration: .init(additionalChannelHandlers: [WireHandler()])),
                answers: answers)
        }
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        http1.setup(channel: channel, logger: logger).flatMapThrowing { value in
            guard let answers else { return value }
            let pipeline = channel.pipeline.syncOperations
            let wire = try pipeline.handler(type: WireHandler.self)
            try pipeline.addHandler(
                QuickDoor(answers, isAtRest: { wire.isAtRest }, hasAnswered: { wire.wasActive() }), position: .first)
            return value
        }
    }

    package func handle(value: Value, logger: Logger) async { await http1.handle(value: value, logger: logger) }
}
