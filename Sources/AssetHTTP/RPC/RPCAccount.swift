import AssetCore
import OrderedCollections

/// The calls by which users change projects and themselves (project reference 3).
enum RPCAccount {
    static let calls: [String: RPCEntry] = [
        "projects/create": RPCEntry(.user) { call in
            let user = try call.requireUser()
            let project = try await call.service.createProject(
                user, name: try call.optionalString("name"), timezone: try call.optionalString("timezone"))
            var reply = try await RPCSettings.project(project, call)
            reply.result["project_members"] = [JSON(user.gid)]
            return reply
        },
        "projects/update": RPCEntry(.user) { call in
            let caller = try await projectCaller(call)
            let (name, timezone) = (try call.optionalString("name"), try call.optionalString("timezone"))
            return try await RPCSettings.project(
                try await call.service.updateProject(caller, name: name, timezone: timezone), call)
        },
        "projects/delete": RPCEntry(.user) { call in
            try await RPCSettings.project(
                try await call.service.deleteProject(try call.requireUser(), try call.gid("project")), call)
        },
        "projects/undelete": RPCEntry(.user) { call in
            try await RPCSettings.project(
                try await call.service.undeleteProject(try call.requireUser(), try call.gid("project")), call)
        },
        "projects/permanent_delete": RPCEntry(.user) { call in
            try await call.service.permanentDeleteProject(try call.requireUser(), try call.gid("project"))
            return RPCReply()
        },
        "projects/upload_icon": RPCEntry(.user, isUpload: true) { call in
            let user = try call.requireUser()
            let received = try await RPCUploads.receive(
                call, fields: ["project"], limit: AssetService.maximumPicture)
            guard let gid = received.fields["project"].flatMap({ GID($0) }) else {
                await call.service.discard(received.file)
                throw AssetError.badParameter("project", "Expected a gid")
            }
            let caller: Caller
            do {
                caller = try await call.service.caller(user.gid, in: gid)
            } catch {
                await call.service.discard(received.file)
                throw error
            }
            return try await RPCSettings.project(try await call.service.setIcon(caller, received.file), call)
        },
        "projects/delete_icon": RPCEntry(.user) { call in
            try await RPCSettings.project(try await call.service.deleteIcon(try await projectCaller(call)), call)
        },
        "account/update": RPCEntry(.user) { call in try await update(call) },
        "account/upload_avatar": RPCEntry(.user, isUpload: true) { call in
            let user = try call.requireUser()
            let received = try await RPCUploads.receive(call, fields: [], limit: AssetService.maximumPicture)
            return reply(try await call.service.setAvatar(user, received.file))
        },
        "account/delete_avatar": RPCEntry(.user) { call in
            reply(try await call.service.deleteAvatar(try call.requireUser()))
        },
        "account/accept_invite": RPCEntry(.user) { call in
            let (project, member) = try await call.service.acceptInvite(
                try call.requireUser(), try call.gid("project"))
            var reply = try await RPCSettings.project(project, call)
            reply.data["cc.projects_members"] = [RPCModels.member(member)]
            return reply
        },
        "account/decline_invite": RPCEntry(.user) { call in
            try await call.service.declineInvite(try call.requireUser(), try call.gid("project"))
            return RPCReply()
        },
        "account/leave_project": RPCEntry(.user) { call in
            try await call.service.leaveProject(try call.requireUser(), try call.gid("project"))
            return RPCReply()
        },
    ]

    private static func projectCaller(_ call: RPCCall) async throws -> Caller {
        try await call.service.caller(try call.requireUser().gid, in: try call.gid("project"))
    }

    private static func update(_ call: RPCCall) async throws -> RPCReply {
        var edit = AssetService.ProfileEdit()
        edit.username = try call.optionalString("username")
        edit.password = try call.optionalString("password")
        edit.name = try call.optionalString("name")
        edit.timezone = try call.optionalString("timezone")
        if let language = try call.optionalString("language"), language != "en" {
            throw AssetError.badParameter("language", "The user interface has 'en' only")
        }
        return reply(try await call.service.updateProfile(try call.requireUser(), edit))
    }

    private static func reply(_ user: User) -> RPCReply {
        RPCReply(["user": JSON(user.gid)], data: ["cc.users": RPCModels.users([user], seenBy: user)])
    }
}
