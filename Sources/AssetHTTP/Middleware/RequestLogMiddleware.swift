import HTTPTypes
import Hummingbird
import Logging

/// One line for each request when it has been answered; at level `debug` unless it failed. Query strings and headers may hold
/// secrets and are not logged.
struct RequestLogMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        var response = try await next(request, context)
        let took = ContinuousClock.now - began
        response.headers[.requestID] = context.id
        let level: Logger.Level = response.status.code >= 500 && response.status != .notImplemented ? .error : .debug
        context.logger.log(
            level: level, "Request",
            metadata: [
                "method": "\(request.method)", "path": "\(request.loggedPath(context))",
                "status": "\(response.status.code)",
                "ms": "\(took / .milliseconds(1))",
            ])
        return response
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-Id")!
}

extension Request {
    /// In the segment dialect a path can hold a file token, so that only the route is logged.
    func loggedPath(_ context: AppContext) -> String {
        switch Dialect(path: normalizedPath) {
        case .project: uri.path
        case .segment: context.endpointPath ?? "-"
        }
    }
}
