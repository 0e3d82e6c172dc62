import AssetCore
import HTTPTypes
import Hummingbird

/// The error envelope of the project dialect (project reference 1.4).
enum RPCErrors {
    static func response(to error: AssetError) -> Response {
        var headers: HTTPFields = [.cacheControl: "no-store"]
        // The client drops its token whenever it sees this header, so it stands on token failures only.
        if error.code == .unauthenticated { headers[.wwwAuthenticate] = "Bearer realm=\"JWT access to Unicat.\"" }
        return Response(
            status: HTTPResponse.Status(code: row(for: error).status),
            json: ["success": false, "result": result(of: error), "data": .emptyObject], headers: headers)
    }

    /// What went wrong: `code`, `message`, `info`.
    static func result(of error: AssetError) -> JSON {
        let row = row(for: error)
        var info: JSON = .emptyObject
        var message = row.message
        switch (error.code, error.parameter) {
        case (.validation, let field?): info = [field: .string(error.message)]
        case (.processFailed, let process?): info = ["process": .string(process)]
        case (_, let parameter?):
            info = ["parameter": .string(parameter), "reason": .string(error.message)]
            message += ": \(parameter)"
        case (_, nil): break
        }
        if error.message != row.message { message += ": \(error.message)" }
        return ["code": .int(row.code), "message": .string(message), "info": info]
    }

    private static func row(for error: AssetError) -> (code: Int64, message: String, status: Int) {
        switch error.code {
        case .badParameter: (400, "Bad request", 400)
        case .unauthenticated: (401, "Permission denied", 401)
        case .unknownUser: (403, "Unknown user", 403)
        case .forbidden: (403, "Forbidden", 403)
        case .unprocessable: (422, "Unprocessable Entity", 422)
        // Below `/media` only (11.5).
        case .fileNotFound: (404, "Not found", 404)
        case .validation: (1001, "Validation error", 422)
        case .searchFailed: (1002, "Search error", 422)
        case .processFailed: (1003, "Process error", 422)
        case .inviteInvalid: (1004, "Invite invalid", 422)
        case .badSelection: (1006, "Bulk selection error", 422)
        case .rangeNotSatisfiable: (416, "Range Not Satisfiable", 416)
        case .tooLarge: (413, "Content Too Large", 413)
        case .rateLimited: (429, "Too Many Requests", 429)
        // The dialect has no 404: a call that does not exist is one that is not there yet.
        case .notFound, .notImplemented: (501, "Not implemented", 501)
        case .methodNotAllowed: (405, "Method not allowed", 405)
        case .unavailable: (503, "Service unavailable", 503)
        case .internalError: (500, AssetError.internalMessage, 500)
        }
    }
}
