package import Hummingbird
import NIOCore

/// What travels with a request.
package struct AppContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The loop that writes to this request's connection.
    let eventLoop: any EventLoop

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        eventLoop = source.channel.eventLoop
    }
}
