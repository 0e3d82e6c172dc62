/// What a user sees of projects, members and users (project reference 2.2 to 2.4, 3, 4).
package struct Overview: Sendable {
    package let user: User
    /// The memberships of the user, invitations included, with their projects.
    package let memberships: [Member]
    package let projects: [Project]
    /// The user, and all who share a project.
    package let users: [User]
    package let cursor: Int64
}

/// A project as its members see it.
package struct ProjectOverview: Sendable {
    package let overview: Overview
    package let details: ProjectDetails
    package let members: [Member]
    package let queries: [SavedQuery]
    package let cursor: Int64
}

/// A project with what its complete form shows (project reference 2.3).
package struct ProjectDetails: Sendable {
    package let project: Project
    package let backups: BackupOverview
    /// Beside the fixed ones.
    package let options: [RecordOption]
}

extension AssetService {
    /// What an application needs when it starts without a project.
    package func overview(of user: User) async throws -> Overview {
        try await catalog.read { tx in try tx.overview(of: user) }
    }

    /// What a client needs when it opens a project.
    package func overview(_ caller: Caller) async throws -> ProjectOverview {
        try caller.require(.read)
        return try await catalog.read { tx in
            ProjectOverview(
                overview: try tx.overview(of: caller.user), details: try tx.details(of: caller.project),
                members: try tx.members(of: caller.project.id), queries: try tx.queries(of: caller.project.id),
                cursor: try tx.projectCursor(caller.project.id))
        }
    }

    /// The project as it is now, with what its complete form shows.
    package func details(of project: Project) async throws -> ProjectDetails {
        try await catalog.read { tx in try tx.details(of: try tx.project(project.gid) ?? project) }
    }

    /// A user whom `user` may see: oneself, and those who share a project.
    /// - Throws: `unprocessable`.
    package func user(_ gid: GID, seenBy user: User) async throws -> User {
        let found = try await catalog.read { tx in
            try tx.usersSharingProjects(with: user.id).first { $0.gid == gid }
        }
        guard let found else { throw AssetError.unprocessable("There is no information on this user") }
        return found
    }

    /// Members of the caller's project, in the order of `gids`; the ones that are none are left out.
    package func members(_ caller: Caller, _ gids: [GID]) async throws -> [Member] {
        try caller.require(.read)
        let members = try await catalog.read { try $0.members(of: caller.project.id) }
        let byGID = Dictionary(members.map { ($0.user.gid, $0) }, uniquingKeysWith: { first, _ in first })
        return gids.compactMap { byGID[$0] }
    }

    /// Makes an API user for the caller's project; only its owner may (project reference 4.2).
    package func createAPIKey(_ caller: Caller, name: String) async throws -> Member {
        try caller.require(.administer)
        return try await catalog.write { [clock, secrets] tx in
            try tx.createAPIUser(name: name, in: caller.project, secrets: secrets, now: clock.now())
        }
    }

    /// The key of an API user of the caller's project; only its owner may see it.
    /// - Throws: `unprocessable` when this is no API user of the project.
    package func apiKey(_ caller: Caller, of user: GID) async throws -> String {
        try caller.require(.administer)
        return try await catalog.read { [secrets] tx in
            guard let user = try tx.user(user), user.level == .api,
                try tx.member(user.id, of: caller.project.id) != nil, let key = try tx.storedKey(of: user.id)
            else { throw AssetError.unprocessable("This is not an API user of the project") }
            return try secrets.unseal(key.sealed)
        }
    }
}

extension ProjectTables where Self: BackupTables {
    fileprivate func details(of project: Project) throws -> ProjectDetails {
        ProjectDetails(
            project: project,
            backups: BackupOverview(
                backups: try backups(of: project.id), nextVersion: try nextBackup(of: project.id)),
            options: try recordOptions(of: project.id))
    }
}

extension AccountTables where Self: ChangeTables {
    fileprivate func overview(of user: User) throws -> Overview {
        let memberships = try memberships(of: user.id)
        let projects = try memberships.compactMap { try project($0.project) }
        return Overview(
            user: user, memberships: memberships, projects: projects, users: try usersSharingProjects(with: user.id),
            cursor: try globalCursor())
    }

    func createAPIUser(name: String, in project: Project, secrets: Secrets, now: Timestamp) throws -> Member {
        let user = try insertUser(
            UserDraft(
                account: project.account, level: .api, username: nil, email: nil, name: name, passwordHash: nil),
            now: now)
        try setKey(try secrets.newKey(), of: user.id)
        try append(.insert, .users, key: user.gid.description, data: nil, for: .user(user.id))
        return try addMember(user, to: project, role: .api)
    }

    /// Adds a member, or changes the role, and tells the feed.
    func addMember(_ user: User, to project: Project, role: Member.Role) throws -> Member {
        let isNew = try member(user.id, of: project.id) == nil
        try setMember(user.id, of: project.id, role: role, status: .active)
        try append(
            isNew ? .insert : .update, .members, key: "\(project.gid)/\(user.gid)", data: nil,
            for: .project(project.id))
        guard let member = try member(user.id, of: project.id) else {
            throw AssetError.unprocessable("The member does not exist")
        }
        return member
    }
}

extension Secrets {
    /// A new key in its stored form.
    func newKey() throws -> StoredKey {
        let key = Self.randomKey()
        return StoredKey(hash: Self.hash(key), sealed: try seal(key))
    }
}
