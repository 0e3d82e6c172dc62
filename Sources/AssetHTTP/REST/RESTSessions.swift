import AssetCore
import HTTPTypes
import Hummingbird

/// The two headers that every call carries (segment reference 2.2).
struct RESTSessions: Sendable {
    let service: AssetService
    let limiter: RateLimiter?

    /// The user of the session; counts the call.
    /// - Throws: `unauthenticated`; `rateLimited`.
    func user(_ request: Request) async throws -> User {
        let (token, account) = try Self.headers(request)
        let user = try await service.session(token: token, account: account)
        try limiter?.count(user.id)
        return user
    }

    static func headers(_ request: Request) throws(AssetError) -> (token: String, account: String) {
        guard let token = request.headers[.authToken], let account = request.headers[.authAccount] else {
            throw AssetError(.unauthenticated, "Token invalid or expired.")
        }
        return (unquoted(token), account)
    }

    /// Clients send the JSON string that they got (segment reference 2.1).
    static func unquoted(_ token: String) -> String {
        token.utf8.contains(UInt8(ascii: "\"")) ? token.filter { $0 != "\"" } : token
    }
}

extension HTTPField.Name {
    static let authToken = HTTPField.Name("X-Auth-Token")!
    static let authAccount = HTTPField.Name("X-Auth-AccountId")!
}
