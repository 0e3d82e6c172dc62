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
package final class WireHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    package init() {}

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), head.headerFields[.expect]?.lowercased() == "100-continue" {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.contentLength] == "0"
        else {
            context.write(data, promise: promise)
            return
        }
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
