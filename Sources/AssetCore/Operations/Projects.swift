/// Projects as their members and owners change them (project reference 3).
extension AssetService {
    /// Makes a project in English and Dutch that belongs to the user.
    /// - Throws: `forbidden` for workers and API users; `badParameter` for name or timezone.
    package func createProject(_ user: User, name: String?, timezone: String?) async throws -> Project {
        guard user.level == .manager else { throw AssetError(.forbidden, "Only managers can make projects") }
        let name = try Self.checkedName(name ?? "untitled project")
        let timezone = try Self.checkedTimezone(timezone ?? "Europe/Amsterdam")
        return try await catalog.write { [clock] tx in
            try tx.addProject(
                ProjectDraft(
                    account: user.account, owner: user, name: name, number: nil, languages: ["en", "nl"],
                    timezone: timezone, createdOn: clock.now()))
        }
    }

    /// What is nil stays.
    package func updateProject(_ caller: Caller, name: String?, timezone: String?) async throws -> Project {
        try caller.require(.write)
        let name = try name.map { try Self.checkedName($0) }
        let timezone = try timezone.map { try Self.checkedTimezone($0) }
        return try await change(caller.project) { project in
            project.name = name ?? project.name
            project.timezone = timezone ?? project.timezone
        }
    }

    /// Puts a project away: nobody reaches its content until it is undeleted.
    /// - Throws: `unprocessable` when it is deleted already.
    package func deleteProject(_ user: User, _ gid: GID) async throws -> Project {
        try await change(try await ownProject(user, gid)) { project in
            guard project.isActive else { throw AssetError.unprocessable("The project is deleted already") }
            project.isActive = false
        }
    }

    /// - Throws: `unprocessable` when it is not deleted.
    package func undeleteProject(_ user: User, _ gid: GID) async throws -> Project {
        try await change(try await ownProject(user, gid)) { project in
            guard !project.isActive else { throw AssetError.unprocessable("The project is not deleted") }
            project.isActive = true
        }
    }

    /// Removes a deleted project with all its data. It is gone for everybody when this returns; its rows and bytes follow in the
    /// background.
    /// - Throws: `unprocessable` when it is not deleted.
    package func permanentDeleteProject(_ user: User, _ gid: GID) async throws {
        let project = try await ownProject(user, gid)
        try await catalog.write { [clock] tx in
            guard let project = try tx.project(project.gid) else { return }
            guard !project.isActive else { throw AssetError.unprocessable("The project is not deleted") }
            let now = clock.now()
            // The members' own lines: nobody is a member of what is gone.
            for member in try tx.members(of: project.id) where member.status == .active {
                try tx.append(.delete, .projects, key: project.gid.description, data: nil, for: .only(member.user.id))
            }
            try tx.hideProject(project.id, since: Timestamp(microseconds: 0))
            try tx.insertPurge(of: project.id, user: user.id, now: now)
        }
        signal.wake()
    }

    /// A project of which the user is an active member, also a deleted one.
    /// - Throws: `forbidden`, also for a project that does not exist.
    package func anyProject(_ user: User, _ gid: GID) async throws -> (project: Project, member: Member) {
        let found = try await catalog.read { tx -> (Project, Member)? in
            guard let project = try tx.project(gid), let member = try tx.member(user.id, of: project.id),
                member.status == .active
            else { return nil }
            return (project, member)
        }
        guard let found else { throw AssetError(.forbidden, "You are not a member of this project") }
        return found
    }

    /// - Throws: `forbidden` for everybody but the owner.
    private func ownProject(_ user: User, _ gid: GID) async throws -> Project {
        let (project, member) = try await anyProject(user, gid)
        guard member.role == .owner else { throw AssetError(.forbidden, "Only the owner of the project may do this") }
        return project
    }

    private func change(
        _ project: Project, _ body: @escaping @Sendable (inout Project) throws -> Void
    ) async throws -> Project {
        try await catalog.write { tx in
            guard var project = try tx.project(project.gid) else {
                throw AssetError.unprocessable("The project does not exist")
            }
            try body(&project)
            try tx.update(project)
            try tx.appendUpdate(of: project)
            return project
        }
    }

    static func checkedName(_ name: String) throws(AssetError) -> String {
        guard !name.isEmpty, name.utf8.count <= 255 else { throw .badParameter("name", "Use 1 to 255 bytes") }
        return name
    }

    /// A name from the time zone database, or what has its form: which names exist differs from machine to machine.
    static func checkedTimezone(_ name: String) throws(AssetError) -> String {
        let isName = name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789/_+-".unicodeScalars.contains(scalar))
        }
        guard isName, (1...64).contains(name.utf8.count) else {
            throw .badParameter("timezone", "Expected a name such as Europe/Amsterdam")
        }
        return name
    }
}

extension AccountTables where Self: ChangeTables {
    /// Makes the project and tells its owner.
    func addProject(_ draft: ProjectDraft) throws -> Project {
        let project = try insertProject(draft)
        try append(.insert, .projects, key: project.gid.description, data: nil, for: .project(project.id))
        try append(
            .insert, .members, key: "\(project.gid)/\(draft.owner.gid)", data: nil, for: .project(project.id))
        return project
    }
}

extension JobTables {
    /// The job that removes a hidden project.
    func insertPurge(of project: ProjectID, user: UserID, now: Timestamp) throws {
        var job = try insertJob(
            .purgeProject, project: project, user: user, parameters: .emptyObject, isSilent: true, now: now)
        job.status = .processing
        job.total = 0
        try save(job)
    }
}
