/// How users become members of projects, and cease to be (project reference 3, 4.3). There is no mail: an invited user accepts by
/// a call, or the administrator does it on the command line.
extension AssetService {
    /// Invites a user of the same account: by username, or by e-mail address in any letter case.
    /// - Throws: `unprocessable` when there is no such user, or it is a member; `inviteInvalid` after a decline or deactivation.
    package func invite(_ caller: Caller, _ name: String) async throws -> Member {
        try caller.require(.administer)
        return try await catalog.write { tx in
            let project = caller.project
            let byName = try tx.user(username: name).flatMap { $0.account == project.account ? $0 : nil }
            let byEmail = try tx.users(email: name, in: project.account).filter { $0.level == .manager }
            let found = Set((byEmail + [byName].compactMap(\.self)).map(\.id))
            guard found.count == 1, let user = byName ?? byEmail.first, user.isActive, user.level == .manager else {
                throw AssetError.unprocessable("There is no user of this name or address that can be invited")
            }
            if let member = try tx.member(user.id, of: project.id) {
                try member.status.checkInvitable()
                if member.status == .active { throw AssetError.unprocessable("The user is a member already") }
                return member
            }
            try tx.setMember(user.id, of: project.id, role: .member, status: .invited)
            return try tx.tell(.insert, user, of: project)
        }
    }

    /// - Throws: `unprocessable` when the user is not invited; `inviteInvalid` after a decline or deactivation.
    package func resendInvite(_ caller: Caller, _ gid: GID) async throws -> Member {
        try caller.require(.administer)
        return try await catalog.write { tx in
            guard let user = try tx.user(gid), let member = try tx.member(user.id, of: caller.project.id) else {
                throw AssetError.unprocessable("The user is not invited")
            }
            try member.status.checkInvitable()
            guard member.status == .invited else { throw AssetError.unprocessable("The user is a member already") }
            return try tx.tell(.update, user, of: caller.project)
        }
    }

    /// The owner removes anyone but the owner; a member removes himself.
    package func removeMember(_ caller: Caller, _ gid: GID) async throws {
        if gid != caller.user.gid { try caller.require(.administer) }
        try await catalog.write { tx in
            guard let user = try tx.user(gid), try tx.member(user.id, of: caller.project.id) != nil else {
                throw AssetError.unprocessable("The user is not a member of the project")
            }
            try tx.removeMember(user, from: caller.project)
        }
    }

    /// - Throws: `unprocessable` when the user is the owner; `forbidden` when not a member.
    package func leaveProject(_ user: User, _ gid: GID) async throws {
        let (project, _) = try await anyProject(user, gid)
        try await catalog.write { tx in try tx.removeMember(user, from: project) }
    }

    /// - Throws: `unprocessable` when the user is not invited.
    package func acceptInvite(_ user: User, _ gid: GID) async throws -> (project: Project, member: Member) {
        try await answerInvite(user, gid, with: .active)
    }

    /// - Throws: `unprocessable` when the user is not invited.
    package func declineInvite(_ user: User, _ gid: GID) async throws {
        _ = try await answerInvite(user, gid, with: .declined)
    }

    private func answerInvite(
        _ user: User, _ gid: GID, with status: Member.Status
    ) async throws -> (project: Project, member: Member) {
        try await catalog.write { tx in
            guard let project = try tx.project(gid) else { throw AssetError.unprocessable("You are not invited") }
            return (project, try tx.answerInvite(of: user, to: project, with: status))
        }
    }
}

extension Member.Status {
    /// - Throws: `inviteInvalid` when there is no way back by an invitation.
    fileprivate func checkInvitable() throws(AssetError) {
        switch self {
        case .active, .invited: break
        case .declined: throw AssetError(.inviteInvalid, "The user has declined")
        case .deactivated: throw AssetError(.inviteInvalid, "The user is deactivated in this project")
        }
    }
}

extension AccountTables where Self: ChangeTables {
    /// Tells the members of the project, and the user, who may not be one.
    fileprivate func tell(_ action: ChangeAction, _ user: User, of project: Project) throws -> Member {
        guard let member = try member(user.id, of: project.id) else {
            throw AssetError.unprocessable("The member does not exist")
        }
        let key = "\(project.gid)/\(user.gid)"
        try append(action, .members, key: key, data: nil, for: .project(project.id))
        if member.status != .active { try append(action, .members, key: key, data: nil, for: .only(user.id)) }
        return member
    }

    func answerInvite(of user: User, to project: Project, with status: Member.Status) throws -> Member {
        guard let member = try member(user.id, of: project.id), member.status == .invited else {
            throw AssetError.unprocessable("The user is not invited to this project")
        }
        try setMember(user.id, of: project.id, role: member.role, status: status)
        return try tell(.update, user, of: project)
    }

    /// The user and the remaining members are told; an API user is nothing without its project, and is deactivated by it.
    /// - Throws: `unprocessable` for the owner.
    func removeMember(_ user: User, from project: Project) throws {
        guard user.gid != project.owner else { throw AssetError.unprocessable("The owner cannot be removed") }
        guard try removeMember(user.id, of: project.id) else {
            throw AssetError.unprocessable("The user is not a member of the project")
        }
        let key = "\(project.gid)/\(user.gid)"
        try append(.delete, .members, key: key, data: nil, for: .project(project.id))
        try append(.delete, .members, key: key, data: nil, for: .only(user.id))
    }
}
