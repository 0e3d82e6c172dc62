import AssetCore
import OrderedCollections

/// The calls below `/api/p/<project>/` that are not about assets (project reference 4).
enum RPCProject {
    static let calls: [String: RPCEntry] = [
        "auth": RPCEntry(.open) { call in
            let project = try requireProject(call)
            return try await start(
                call.service, try await call.service.authenticate(apiKey: try call.string("api_key"), project: project))
        },
        "login": RPCEntry(.open) { call in
            let project = try requireProject(call)
            let user = try await call.service.logIn(
                username: try call.string("username"), password: try call.string("password"))
            return try await start(call.service, try await call.service.caller(user.gid, in: project))
        },
        "init": RPCEntry(.member) { call in try await start(call.service, try call.requireCaller()) },
        "members/get": RPCEntry(.member) { call in try await member(call, try call.requireCaller()) },
        "members/invite": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return one(try await call.service.invite(caller, try call.string("username_or_email")), seenBy: caller)
        },
        "members/resend_invite": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return one(try await call.service.resendInvite(caller, try call.gid("user")), seenBy: caller)
        },
        "members/remove": RPCEntry(.member) { call in
            try await call.service.removeMember(try call.requireCaller(), try call.gid("user"))
            return RPCReply()
        },
        "apikeys/create": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let member = try await call.service.createAPIKey(caller, name: try call.name())
            return one(member, seenBy: caller)
        },
        "apikeys/get": RPCEntry(.member) { call in
            let key = try await call.service.apiKey(try call.requireCaller(), of: try call.gid("user"))
            return RPCReply(["apikey": .string(key)])
        },
    ]

    private static func requireProject(_ call: RPCCall) throws -> GID {
        guard let project = call.project else { throw AssetError(.unknownUser, "Unknown user") }
        return project
    }

    /// `{"member"}` or `{"members":[…]}`; of the plural form, the ones that are no members are left out.
    static func member(_ call: RPCCall, _ caller: Caller) async throws -> RPCReply {
        if call.value("member") != nil {
            let members = try await call.service.members(caller, [try call.gid("member")])
            guard let member = members.first else { throw AssetError.unprocessable("There is no such member") }
            return one(member, seenBy: caller)
        }
        guard call.value("members") != nil else {
            throw AssetError.badParameter("member", "This parameter is required")
        }
        let members = try await call.service.members(caller, try call.gids("members"))
        return RPCReply(
            ["users": .array(members.map { JSON($0.user.gid) })], data: data(of: members, seenBy: caller.user))
    }

    private static func one(_ member: Member, seenBy caller: Caller) -> RPCReply {
        RPCReply(["user": JSON(member.user.gid)], data: data(of: [member], seenBy: caller.user))
    }

    private static func data(of members: [Member], seenBy viewer: User) -> OrderedDictionary<String, JSON> {
        [
            "cc.users": RPCModels.users(members.map(\.user), seenBy: viewer),
            "cc.projects_members": .array(members.map(RPCModels.member)),
        ]
    }

    /// What a client gets that opens a project. The sets of records are there, and empty: clients index them.
    private static func start(_ service: AssetService, _ caller: Caller) async throws -> RPCReply {
        let overview = try await service.overview(caller)
        let user = caller.user
        var projects: OrderedDictionary<String, JSON> = [:]
        for project in overview.overview.projects {
            projects[project.gid.description] = RPCModels.shortProject(project)
        }
        projects[caller.project.gid.description] = RPCModels.project(overview.details)
        let others = overview.overview.memberships.filter { $0.project != caller.project.id }
        return RPCReply(
            [
                "user": JSON(user.gid),
                "user_projects": RPCModels.roles(overview.overview.memberships),
                "project": JSON(caller.project.gid),
                "project_members": .array(overview.members.map { JSON($0.user.gid) }),
                "last_backed_up": overview.details.backups.lastBackedUp.map { .double($0.seconds) } ?? .null,
                "cc.version": RPCModels.version,
                "cc.cursor": .int(overview.overview.cursor),
                "cursor": .int(overview.cursor),
            ],
            data: [
                "cc.users": RPCModels.users(overview.overview.users, seenBy: user),
                "cc.projects": .object(projects),
                "cc.projects_members": .array((overview.members + others).map(RPCModels.member)),
                "cc.languages": RPCModels.languages,
                "definitions": .emptyObject, "classes": .emptyObject, "fields": .emptyObject,
                "layouts": .emptyObject, "queries": RPCModels.queries(overview.queries),
            ], loggedIn: user)
    }
}
