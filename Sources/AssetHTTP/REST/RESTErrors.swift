import AssetCore
import Foundation
import HTTPTypes
import Hummingbird

/// The error body of the segment dialect (segment reference 1.4). Clients decode the body of every failure, so none is ever empty.
enum RESTErrors {
    private static let notAuthenticated = "API construct session from token failed with error: Not authenticated"

    static func response(to error: AssetError) -> Response {
        let status = status(of: error)
        switch error.code {
        case .unauthenticated:
            return Response(
                status: status,
                json: body(
                    title: "Token invalid or expired.", details: "Token invalid or expired.",
                    messages: [
                        ["title": "Not authenticated", "details": .string(notAuthenticated), "errorurl": .null]
                    ], reason: "Not authenticated - \(notAuthenticated)"))
        case .rateLimited:
            return Response(
                status: status,
                json: [
                    "error": ["type": "Throttling error", "message": .string(error.message)],
                    "reason": .string(error.message),
                ])
        default:
            let title = error.parameter.map { "Invalid parameter '\($0)': \(error.message)" } ?? error.message
            return Response(status: status, json: body(title: title, details: nil, messages: [], reason: title))
        }
    }

    private static func body(title: String, details: String?, messages: [JSON], reason: String) -> JSON {
        [
            "error": [
                "operation": .null, "date": .string(RESTModels.date(WallClock.system.now())), "title": .string(title),
                "details": JSON(details), "errorurl": .null, "messages": .array(messages),
            ],
            "reason": .string(reason),
        ]
    }

    private static func status(of error: AssetError) -> HTTPResponse.Status {
        switch error.code {
        case .badParameter, .unknownUser, .unprocessable, .badSelection, .validation, .inviteInvalid, .processFailed,
            .searchFailed:
            .badRequest
        case .unauthenticated: .unauthorized
        case .forbidden: .forbidden
        case .fileNotFound, .notFound: .notFound
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .tooLarge: .contentTooLarge
        case .rateLimited: .tooManyRequests
        case .methodNotAllowed: .methodNotAllowed
        case .notImplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .internalError: .internalServerError
        }
    }
}
