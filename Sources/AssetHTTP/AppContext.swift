package import Hummingbird
import NIOCore

/// What travels with a request.
package struct AppContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// This request's connection.
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
