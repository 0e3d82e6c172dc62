import AssetCore
import OrderedCollections

/// The calls below `/api/` (project reference 3).
enum RPCGlobal {
    static let calls: [String: RPCEntry] = [
        "ping": RPCEntry(.open) { _ in RPCReply() },
        "languages/get": RPCEntry(.open) { _ in RPCReply(data: ["cc.languages": RPCModels.languages]) },
        "login": RPCEntry(.open) { call in
            let user = try await call.service.logIn(
                username: try call.string("username"), password: try call.string("password"))
            return try await start(call.service, user)
        },
        "init": RPCEntry(.user) { call in try await start(call.service, try call.requireUser()) },
        "projects/get": RPCEntry(.user) { call in
            // Also a deleted one: that is how clients learn of it.
            let (project, _) = try await call.service.anyProject(try call.requireUser(), try call.gid("project"))
            return try await RPCSettings.project(project, call)
        },
        "users/get": RPCEntry(.user) { call in
            let viewer = try call.requireUser()
            let user = try await call.service.user(try call.gid("user"), seenBy: viewer)
            return RPCReply(["user": JSON(user.gid)], data: ["cc.users": RPCModels.users([user], seenBy: viewer)])
        },
        "members/get": RPCEntry(.user) { call in
            let caller = try await call.service.caller(try call.requireUser().gid, in: try call.gid("project"))
            return try await RPCProject.member(call, caller)
        },
    ]

    /// What an application gets that starts without a project.
    private static func start(_ service: AssetService, _ user: User) async throws -> RPCReply {
        let overview = try await service.overview(of: user)
        return RPCReply(
            [
                "user": JSON(user.gid), "user_projects": RPCModels.roles(overview.memberships),
                "cc.version": RPCModels.version, "cc.cursor": .int(overview.cursor),
            ],
            data: [
                "cc.users": RPCModels.users(overview.users, seenBy: user),
                "cc.projects": .object(
                    OrderedDictionary(
                        overview.projects.map { ($0.gid.description, RPCModels.shortProject($0)) },
                        uniquingKeysWith: { first, _ in first })),
                "cc.projects_members": .array(overview.memberships.map(RPCModels.member)),
                "cc.languages": RPCModels.languages,
            ], loggedIn: user)
    }
}
