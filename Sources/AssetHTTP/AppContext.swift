package import Hummingbird

/// What travels with a request.
package struct AppContext: RequestContext {
    package var coreContext: CoreRequestContextStorage

    package init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }
}
