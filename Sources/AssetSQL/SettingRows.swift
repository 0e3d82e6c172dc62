import AssetCore

/// Settings of projects and users, pictures, saved queries, and the options of records.
extension SQLTransaction: ProjectTables {
    func update(_ project: Project) throws {
        touched.value.isAccess = true
        try db.execute(
            "UPDATE projects SET name = ?, timezone = ?, languages = ?, status = ? WHERE id = ?",
            [
                .text(project.name), .text(project.timezone), .text(project.languages.joined(separator: " ")),
                .text(project.isActive ? "active" : "deleted"), .id(project.id),
            ])
    }

    func setIcon(of project: ProjectID, to icon: (name: String, blob: BlobID)?, now: Timestamp) throws {
        try setPicture("projects", ("icon", "icon_blob"), project.rawValue, icon, now)
    }

    func setAvatar(of user: UserID, to avatar: (name: String, blob: BlobID)?, now: Timestamp) throws {
        try setPicture("users", ("avatar", "avatar_blob"), user.rawValue, avatar, now)
    }

    private func setPicture(
        _ table: String, _ columns: (name: String, blob: String), _ id: Int64,
        _ picture: (name: String, blob: BlobID)?, _ now: Timestamp
    ) throws {
        touched.value.isAccess = true
        try addCandidates(
            "SELECT \(columns.blob) AS blob_id FROM \(table) WHERE id = ? AND \(columns.blob) IS NOT NULL", [.int(id)],
            since: now)
        try db.execute(
            "UPDATE \(table) SET \(columns.name) = ?, \(columns.blob) = ? WHERE id = ?",
            [.text(ifAny: picture?.name), .id(picture?.blob), .int(id)])
    }

    func picture(_ kind: PictureKind, named name: String) throws -> Blob? {
        // A file name is the gid of its owner with an extension.
        guard let gid = name.split(separator: ".").first.flatMap({ GID($0) }) else { return nil }
        let (table, column, blob) =
            kind == .icons ? ("projects", "icon", "icon_blob") : ("users", "avatar", "avatar_blob")
        let id = try db.first("SELECT \(blob) FROM \(table) WHERE gid = ? AND \(column) = ?", [.gid(gid), .text(name)])
        {
            $0.id(ifAny: 0, BlobID.self)
        }
        return try (id ?? nil).flatMap { try self.blob($0) }
    }

    func update(_ user: User) throws {
        touched.value.isAccess = true
        if let username = user.username, let other = try self.user(username: username), other.id != user.id {
            throw AssetError.unprocessable("The username '\(username)' is taken")
        }
        try db.execute(
            "UPDATE users SET username = ?, name = ?, timezone = ? WHERE id = ?",
            [.text(ifAny: user.username), .text(user.name), .text(user.timezone), .id(user.id)])
    }

    func setPasswordHash(of user: UserID, to hash: String) throws {
        try db.execute("UPDATE users SET password_hash = ? WHERE id = ?", [.text(hash), .id(user)])
    }

    func users(email: String, in account: AccountID) throws -> [User] {
        try db.all(
            "SELECT \(Self.userColumns) FROM users WHERE account_id = ? AND lower(email) = lower(?) ORDER BY id",
            [.id(account), .text(email)], Self.user)
    }

    // MARK: Queries

    private static func query(_ row: any SQLRow) throws -> SavedQuery {
        SavedQuery(
            gid: try row.gid(0), kind: try row.raw(1), name: row.text(2), q: row.text(3),
            filter: try JSON(parsing: row.text(4)))
    }

    func queries(of project: ProjectID) throws -> [SavedQuery] {
        try db.all(
            "SELECT gid, type, name, q, filter FROM queries WHERE project_id = ? ORDER BY type, name", [.id(project)],
            Self.query)
    }

    func query(_ gid: GID, in project: ProjectID) throws -> SavedQuery? {
        try db.first(
            "SELECT gid, type, name, q, filter FROM queries WHERE gid = ? AND project_id = ?",
            [.gid(gid), .id(project)], Self.query)
    }

    func isQueryName(
        _ name: String, of kind: SavedQuery.Kind, takenIn project: ProjectID, butBy gid: GID
    ) throws -> Bool {
        try db.first(
            "SELECT 1 FROM queries WHERE project_id = ? AND type = ? AND name = ? AND gid <> ?",
            [.id(project), .text(kind.rawValue), .text(name), .gid(gid)]
        ) { _ in true } ?? false
    }

    func save(_ query: SavedQuery, in project: ProjectID) throws {
        let saved = try db.execute(
            """
            INSERT INTO queries (gid, project_id, type, name, q, filter) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (gid) DO UPDATE SET name = excluded.name, q = excluded.q, filter = excluded.filter
                WHERE queries.project_id = excluded.project_id
            """,
            [
                .gid(query.gid), .id(project), .text(query.kind.rawValue), .text(query.name), .text(query.q),
                .json(query.filter),
            ])
        guard saved == 1 else { throw AssetError.unprocessable("The query \(query.gid) belongs to another project") }
    }

    func querySize(of project: ProjectID) throws -> (count: Int64, bytes: Int64) {
        try db.first(
            "SELECT COUNT(*), COALESCE(SUM(LENGTH(filter)), 0) FROM queries WHERE project_id = ?", [.id(project)]
        ) { ($0.int(0), $0.int(1)) } ?? (0, 0)
    }

    func deleteQuery(_ gid: GID, in project: ProjectID) throws {
        try db.execute("DELETE FROM queries WHERE gid = ? AND project_id = ?", [.gid(gid), .id(project)])
    }

    // MARK: Options of records

    func recordOptions(of project: ProjectID) throws -> [RecordOption] {
        try db.all("SELECT gid, kind, name FROM record_options WHERE project_id = ? ORDER BY id", [.id(project)]) {
            RecordOption(gid: try $0.gid(0), kind: try $0.raw(1), name: $0.text(2))
        }
    }

    func insert(_ option: RecordOption, in project: ProjectID) throws {
        try db.execute(
            "INSERT INTO record_options (gid, project_id, kind, name) VALUES (?, ?, ?, ?)",
            [.gid(option.gid), .id(project), .text(option.kind.rawValue), .text(option.name)])
    }

    func deleteRecordOption(_ gid: GID, kind: RecordOption.Kind, in project: ProjectID) throws -> Bool {
        try db.execute(
            "DELETE FROM record_options WHERE gid = ? AND kind = ? AND project_id = ?",
            [.gid(gid), .text(kind.rawValue), .id(project)]) > 0
    }
}
