import AssetCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The two envelopes. What is not the segment dialect's is the project dialect's, also when nothing is mounted there.
enum Dialect {
    case project
    case segment

    init(path: String) {
        let segmentPrefixes = ["/api/auth/", "/api/media/", "/api/resources/", "/api/apps/", "/api/trm/"]
        self = segmentPrefixes.contains { path.hasPrefix($0) } ? .segment : .project
    }

    func response(to error: AssetError) -> Response {
        switch self {
        case .project: RPCErrors.response(to: error)
        case .segment: RESTErrors.response(to: error)
        }
    }
}

/// Turns every error, ours, the framework's or unforeseen, into an answer in the envelope of the dialect, and logs what only the log
/// may know.
struct ErrorMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            throw error
        } catch let range as RangeNotSatisfiable {
            let error = AssetError(.rangeNotSatisfiable, "The file has \(range.size) bytes")
            var response = Dialect(path: request.normalizedPath).response(to: error)
            response.headers[.contentRange] = "bytes */\(range.size)"
            return response
        } catch {
            let error = AssetError(web: error)
            if error.code == .internalError || error.detail != nil {
                context.logger.error("Request failed", metadata: ["error": "\(error)", "path": "\(request.uri.path)"])
            }
            return Dialect(path: request.normalizedPath).response(to: error)
        }
    }
}

extension AssetError {
    /// Errors of the framework as ours.
    init(web error: any Error) {
        if let error = error as? MultipartError {
            self = .badParameter("file", error.message)
        } else if error is NIOTooManyBytesError {
            self.init(.tooLarge, "The body is too large")
        } else if let error = error as? any HTTPResponseError {
            switch error.status {
            case .notFound: self.init(.notFound, "There is nothing at this path")
            case .methodNotAllowed: self.init(.methodNotAllowed, "This method is not allowed here")
            case .contentTooLarge: self.init(.tooLarge, "The body is too large")
            case let status where status.kind == .clientError:
                self.init(.badParameter, status.reasonPhrase, parameter: "request")
            default: self.init(wrapping: error)
            }
        } else {
            self.init(wrapping: error)
        }
    }
}
