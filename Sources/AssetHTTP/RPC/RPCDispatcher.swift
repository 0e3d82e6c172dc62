import AssetCore
import HTTPTypes
import Hummingbird

/// Finds a call in the tables, checks the token, and wraps the answer.
///
/// GET and POST are both accepted everywhere: the reference is of two minds about some calls, and a GET has no parameters.
struct RPCDispatcher: Sendable {
    let service: AssetService
    let settings: ServerSettings
    let tokens: TokenIssuer
    let live: LiveFeed

    static let globalCalls = merged([RPCGlobal.calls, RPCAccount.calls])
    static let projectCalls = merged([
        RPCProject.calls, RPCSettings.calls, RPCQueries.calls, RPCAssets.calls, RPCBulk.calls,
    ])
    static let syncCalls = RPCSync.calls

    private static func merged(_ tables: [[String: RPCEntry]]) -> [String: RPCEntry] {
        tables.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    }

    func mount(in routes: inout RouteTable) {
        mount("/api/p/{project}/**", Self.projectCalls, in: &routes)
        mount("/api/**", Self.globalCalls, in: &routes)
        mount("/sync/**", Self.syncCalls, in: &routes)
    }

    private func mount(_ path: String, _ calls: [String: RPCEntry], in routes: inout RouteTable) {
        let handler: RouteTable.Handler = { [self] request, context in
            let name = context.parameters.getCatchAll().joined(separator: "/")
            if Dialect(path: request.normalizedPath) == .segment {
                throw AssetError(.notFound, "There is nothing at this path")
            }
            guard let entry = calls[name] else {
                // Unknown calls reveal nothing about tokens or projects.
                throw AssetError(.notImplemented, "Not implemented")
            }
            return try await answer(entry, request, context)
        }
        routes.mount(path, [.get: handler, .post: handler])
    }

    private func answer(_ entry: RPCEntry, _ request: Request, _ context: AppContext) async throws -> Response {
        let project = context.parameters.get("project").map { GID($0) }
        if project == .some(nil) { throw AssetError(.forbidden, "You are not a member of this project") }
        var user: User?
        var caller: Caller?
        var token: TokenIssuer.Verified?
        if entry.access != .open {
            let verified = try await tokens.verify(request.headers[.authorization])
            if let project = project ?? nil, entry.access == .member {
                caller = try await service.caller(verified.user, in: project)
                user = caller?.user
            } else {
                user = try await service.user(verified.user)
            }
            token = verified
        }
        // Whoever is not known yet has nothing large to say.
        let limit = entry.access == .open ? min(settings.maximumJSON, 64 << 10) : settings.maximumJSON
        let parameters = entry.isUpload ? .emptyObject : try await request.jsonObject(limit: limit)
        let call = RPCCall(
            service: service, live: live, request: request, context: context, baseURL: settings.baseURL(of: request),
            parameters: parameters,
            user: user,
            project: project ?? nil, caller: caller)
        let reply = try await entry.handle(call)
        var headers: HTTPFields = [:]
        if let user = reply.loggedIn {
            headers[.authorization] = try await tokens.issue(for: user.gid)
        } else if let token {
            headers[.authorization] = try await tokens.renewed(token)
        }
        headers[.cacheControl] = "no-store"
        return Response(json: reply.json, headers: headers)
    }
}
