import AssetCore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

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
        } catch let error as HTTPParserError {
            // Answered below the router, which also closes the connection: see `WireHandler`.
            throw error
        } catch let error as AnswerError {
            var response = answer(to: error.error, request)
            response.headers.append(contentsOf: error.headers)
            return response
        } catch {
            let error = AssetError(web: error)
            if error.code == .internalError || error.detail != nil {
                // A file that cannot be decoded is no failure of the server.
                context.logger.log(
                    level: error.code == .processFailed ? .notice : .error, "Request failed",
                    metadata: ["error": "\(error)", "path": "\(request.loggedPath(context))"])
            }
            return answer(to: error, request)
        }
    }

    private func answer(to error: AssetError, _ request: Request) -> Response {
        let response = Dialect(path: request.normalizedPath).response(to: error)
        return request.method == .head ? response.createHeadResponse() : response
    }
}

extension AssetError {
    /// Errors of the framework as ours.
    init(web error: any Error) {
        if error is CancellationError {
            self.init(.unavailable, "The server is stopping")
        } else if let error = error as? MultipartError {
            self = .badParameter("file", error.message)
        } else if error is IOError || error is ChannelError || error is ChannelPipelineError || error is ClientLeft {
            self = .badParameter("body", "The connection broke off")
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

/// An error whose answer has headers of its own.
struct AnswerError: Error {
    let error: AssetError
    let headers: HTTPFields

    init(_ error: AssetError, headers: HTTPFields) {
        self.error = error
        self.headers = headers
    }
}
