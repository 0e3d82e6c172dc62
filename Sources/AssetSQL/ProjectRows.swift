import AssetCore

/// Projects and their members.
extension SQLTransaction {
    private static let projectColumns = """
        projects.id, projects.gid, projects.number, projects.account_id, owner.gid, projects.name, projects.icon,
        projects.status, projects.timezone, projects.languages, root.id, projects.created_on
        """

    private static let projectTables = """
        projects JOIN users owner ON owner.id = projects.owner_id
        JOIN assets root ON root.project_id = projects.id AND root.parent_id IS NULL
        """

    private static func project(_ row: any SQLRow) throws -> Project {
        Project(
            id: row.id(0), gid: try row.gid(1), number: row.int(2), account: row.id(3), owner: try row.gid(4),
            name: row.text(5), icon: row.text(ifAny: 6), isActive: row.text(7) == "active", timezone: row.text(8),
            languages: row.text(9).split(separator: " ").map(String.init), root: row.id(10), createdOn: row.time(11))
    }

    func project(_ id: ProjectID) throws -> Project? {
        try db.first(
            "SELECT \(Self.projectColumns) FROM \(Self.projectTables) WHERE projects.id = ?", [.id(id)], Self.project)
    }

    func project(_ gid: GID) throws -> Project? {
        try db.first(
            "SELECT \(Self.projectColumns) FROM \(Self.projectTables) WHERE projects.gid = ? AND hidden_since IS NULL",
            [.gid(gid)],
            Self.project)
    }

    func project(number: Int64) throws -> Project? {
        try db.first(
            "SELECT \(Self.projectColumns) FROM \(Self.projectTables) WHERE projects.number = ? AND hidden_since IS NULL",
            [.int(number)], Self.project)
    }

    func insertProject(_ draft: ProjectDraft) throws -> Project {
        let number =
            try draft.number
            ?? db.first("SELECT COALESCE(MAX(number), 0) + 1 FROM projects", []) { $0.int(0) }
            ?? 1
        let row = try db.insertUnlessTaken(
            """
            INSERT INTO projects (gid, number, account_id, owner_id, name, timezone, languages, created_on)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .gid(draft.gid), .int(number), .id(draft.account), .id(draft.owner.id), .text(draft.name),
                .text(draft.timezone), .text(draft.languages.joined(separator: " ")), .time(draft.createdOn),
            ])
        guard let row else { throw AssetError.unprocessable("The project number \(number) or its gid is taken") }
        let id = ProjectID(rawValue: row)
        _ = try db.insert(
            """
            INSERT INTO assets (gid, project_id, parent_id, name, is_file, created_on, updated_on)
            VALUES (?, ?, NULL, '', 0, ?, ?)
            """, [.gid(draft.root), .id(id), .time(draft.createdOn), .time(draft.createdOn)])
        try setMember(draft.owner.id, of: id, role: .owner, status: .active)
        guard let project = try project(id) else { throw CorruptRow(column: 0, what: "project") }
        return project
    }

    private static let memberColumns = "members.project_id, projects.gid, members.status, members.role, \(userColumns)"

    private static let memberTables = """
        members JOIN users ON users.id = members.user_id JOIN projects ON projects.id = members.project_id
        """

    private static func member(_ row: any SQLRow) throws -> Member {
        Member(
            project: row.id(0), projectGID: try row.gid(1), user: try user(row, from: 4), status: try row.raw(2),
            role: try row.raw(3))
    }

    func members(of project: ProjectID) throws -> [Member] {
        try db.all(
            "SELECT \(Self.memberColumns) FROM \(Self.memberTables) WHERE members.project_id = ? ORDER BY users.id",
            [.id(project)], Self.member)
    }

    func member(_ user: UserID, of project: ProjectID) throws -> Member? {
        try db.first(
            """
            SELECT \(Self.memberColumns) FROM \(Self.memberTables)
            WHERE members.project_id = ? AND members.user_id = ?
            """, [.id(project), .id(user)], Self.member)
    }

    func memberships(of user: UserID) throws -> [Member] {
        try db.all(
            """
            SELECT \(Self.memberColumns) FROM \(Self.memberTables)
            WHERE members.user_id = ? AND members.status IN ('active', 'invited') AND projects.hidden_since IS NULL
            ORDER BY projects.id
            """, [.id(user)], Self.member)
    }

    func setMember(_ user: UserID, of project: ProjectID, role: Member.Role, status: Member.Status) throws {
        touched.value.isAccess = true
        try db.execute(
            """
            INSERT INTO members (project_id, user_id, status, role) VALUES (?, ?, ?, ?)
            ON CONFLICT (project_id, user_id) DO UPDATE SET status = excluded.status, role = excluded.role
            """, [.id(project), .id(user), .text(status.rawValue), .text(role.rawValue)])
    }

    func removeMember(_ user: UserID, of project: ProjectID) throws -> Bool {
        touched.value.isAccess = true
        return try db.execute("DELETE FROM members WHERE project_id = ? AND user_id = ?", [.id(project), .id(user)]) > 0
    }
}
