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
                "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(response.status.code)",
                "ms": "\(took / .milliseconds(1))",
            ])
        return response
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-Id")!
}
