package import AssetCore
import HTTPTypes
package import Hummingbird

/// Everything that answers requests, and where it is mounted. `serve` and every test use this one function.
package func buildRouter(
    service: AssetService, settings: ServerSettings = ServerSettings(), health: Health = Health(),
    live: LiveFeed? = nil, limiter: RateLimiter? = nil, tokens: TokenIssuer? = nil
) -> Router<AppContext> {
    let router = Router(context: AppContext.self)
    router.add(middleware: RequestLogMiddleware())
    router.add(middleware: ErrorMiddleware())
    routeTable(service, settings, health, live, limiter, tokens).register(in: router)
    return router
}

/// Every path of the server.
func routeTable(
    _ service: AssetService, _ settings: ServerSettings, _ health: Health, _ live: LiveFeed? = nil,
    _ limiter: RateLimiter? = nil, _ tokens: TokenIssuer? = nil
) -> RouteTable {
    var routes = RouteTable()
    let live = live ?? LiveFeed(service: service, maximum: ServerSettings.standardLiveConnections)
    let tokens = tokens ?? TokenIssuer(service: service)
    let delivery = Delivery(blobs: service.blobs, accelRedirect: settings.accelRedirect)
    RPCDispatcher(service: service, settings: settings, tokens: tokens, live: live).mount(in: &routes)
    EngineRoutes(service: service, tokens: tokens, live: live).mount(in: &routes)
    EventStream(service: service, tokens: tokens, live: live).mount(in: &routes)
    let sessions = RESTSessions(
        service: service, limiter: limiter ?? settings.rateLimit.map { RateLimiter(limit: $0, clock: service.clock) })
    RESTAuth(service: service, sessions: sessions).mount(in: &routes)
    RESTMedia(service: service, sessions: sessions, delivery: delivery).mount(in: &routes)
    RESTSegmentAssets(service: service, sessions: sessions, delivery: delivery, settings: settings).mount(in: &routes)
    RPCMedia(service: service, settings: settings, tokens: tokens, delivery: delivery).mount(in: &routes)
    PublicMedia(service: service, delivery: delivery).mount(in: &routes)
    health.mount(service, in: &routes)
    OpenAPIDocument.mount(in: &routes)
    return routes
}

/// Paths and what each answers, kept as data: a method that a path does not know gets 405 in the dialect's own envelope.
struct RouteTable {
    typealias Handler = @Sendable (Request, AppContext) async throws -> Response

    private(set) var paths: [(path: String, handlers: [HTTPRequest.Method: Handler])] = []
    private static let methods: [HTTPRequest.Method] =
        [.get, .head, .post, .put, .patch, .delete, .options, .trace] + [HTTPRequest.Method("QUERY")].compactMap(\.self)

    mutating func mount(_ path: String, _ handlers: [HTTPRequest.Method: Handler]) { paths.append((path, handlers)) }

    func register(in router: Router<AppContext>) {
        for (path, handlers) in paths {
            let allowed = handlers.keys.map(\.rawValue).sorted().joined(separator: ", ")
            for method in Self.methods {
                let handler =
                    handlers[method] ?? { _, _ in
                        throw AnswerError(
                            AssetError(.methodNotAllowed, "Allowed here: \(allowed)"), headers: [.allow: allowed])
                    }
                router.on(RouterPath(path), method: method, use: handler)
            }
        }
    }
}
