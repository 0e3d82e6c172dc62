import AssetCore
import HTTPTypes
import Hummingbird

/// `/api/auth/token` (segment reference 2). These calls do not count against the allowance.
struct RESTAuth: Sendable {
    let service: AssetService
    let sessions: RESTSessions

    func mount(in routes: inout RouteTable) {
        routes.mount("/api/auth/token", [.post: open, .delete: close])
    }

    @Sendable private func open(_ request: Request, _ context: AppContext) async throws -> Response {
        let body = RESTQuery(try await request.jsonObject(limit: 64 << 10))
        let account = try body.require("accountid")
        let token = try await service.openSession(account: account, key: try body.require("key"))
        return Response(json: .string(token), headers: [.cacheControl: "no-store"])
    }

    @Sendable private func close(_ request: Request, _ context: AppContext) async throws -> Response {
        let (token, account) = try RESTSessions.headers(request)
        _ = try await service.session(token: token, account: account)
        try await service.closeSession(token: token)
        return Response(status: .ok)
    }
}
