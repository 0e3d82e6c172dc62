import AssetCore

/// The two feeds. The counter row is written before the lines, so that writers of one feed queue behind each other, and the
/// order of cursors is the order of commits on every database.
extension SQLTransaction: ChangeTables {
    func append(
        _ action: ChangeAction, _ dataType: ProjectChange.DataType, _ keys: [GID], in project: ProjectID
    ) throws {
        if keys.isEmpty { return }
        var cursor = try lockCursor(of: project, adding: Int64(keys.count)) - Int64(keys.count)
        for key in keys {
            cursor += 1
            try db.execute(
                "INSERT INTO project_changes (project_id, cursor, action, data_type, key) VALUES (?, ?, ?, ?, ?)",
                [.id(project), .int(cursor), .int(action.rawValue), .int(dataType.rawValue), .gid(key)])
        }
    }

    /// One line for each asset that fulfils `condition`; answers how many.
    func appendChanges(
        _ action: ChangeAction, ofAssetsWhere condition: String, _ values: [SQLValue], in project: ProjectID,
        isCached: Bool = false
    ) throws -> Int {
        let cursor = try lockCursor(of: project, adding: 0)
        let count = try db.execute(
            """
            INSERT INTO project_changes (project_id, cursor, action, data_type, key)
            SELECT ?, ? + ROW_NUMBER() OVER (), ?, ?, gid FROM assets WHERE \(condition)
            """,
            [
                .id(project), .int(cursor), .int(action.rawValue), .int(ProjectChange.DataType.assets.rawValue),
            ] + values, isCached: isCached)
        _ = try lockCursor(of: project, adding: Int64(count))
        return count
    }

    func appendUpdates(below folder: AssetID, in project: ProjectID) throws -> Int {
        var count = 0
        var frontier = [folder]
        while let next = frontier.popLast() {
            count += try appendChanges(.update, ofAssetsWhere: "parent_id = ?", [.id(next)], in: project)
            frontier += try db.all("SELECT id FROM assets WHERE parent_id = ? AND is_file = 0", [.id(next)]) {
                $0.id(0)
            }
        }
        return count
    }

    func appendUpdates(
        in project: ProjectID, after id: AssetID, limit: Int
    ) throws -> (count: Int, last: AssetID)? {
        let ids = try db.all(
            "SELECT id FROM assets WHERE id > ? AND project_id = ? ORDER BY id LIMIT ?",
            [.id(id), .id(project), .count(limit)]
        ) { $0.id(0, AssetID.self) }
        guard let first = ids.first, let last = ids.last else { return nil }
        let count = try appendChanges(
            .update, ofAssetsWhere: "id BETWEEN ? AND ? AND +project_id = ?", [.id(first), .id(last), .id(project)],
            in: project, isCached: true)
        return (count, last)
    }

    /// One line for each of some assets whose row numbers follow each other without a gap.
    func appendUpdates(ofRunFrom first: Int64, to last: Int64, in project: ProjectID) throws {
        let cursor = try lockCursor(of: project, adding: last - first + 1)
        try db.execute(
            """
            INSERT INTO project_changes (project_id, cursor, action, data_type, key)
            SELECT ?, ? + id, ?, ?, gid FROM assets WHERE id BETWEEN ? AND ?
            """,
            [
                .id(project), .int(cursor - last), .int(ChangeAction.update.rawValue),
                .int(ProjectChange.DataType.assets.rawValue), .int(first), .int(last),
            ])
    }

    private func lockCursor(of project: ProjectID, adding count: Int64) throws -> Int64 {
        touched.value.projects.insert(project)
        return try db.first(
            "UPDATE projects SET cursor = cursor + ? WHERE id = ? RETURNING cursor", [.int(count), .id(project)]
        ) { $0.int(0) } ?? 0
    }

    func append(
        _ action: ChangeAction, _ dataType: GlobalChange.DataType, key: String, data: JSON?, for audience: Audience
    ) throws {
        touched.value.isGlobal = true
        let cursor =
            try db.first("UPDATE counters SET value = value + 1 WHERE name = 'global_cursor' RETURNING value", []) {
                $0.int(0)
            } ?? 0
        var project: ProjectID?
        var user: UserID?
        var isPrivate = false
        switch audience {
        case .project(let id): project = id
        case .user(let id): user = id
        case .only(let id):
            user = id
            isPrivate = true
        }
        try db.execute(
            """
            INSERT INTO global_changes (cursor, action, data_type, key, data, project_id, user_id, is_private)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .int(cursor), .int(action.rawValue), .text(dataType.rawValue), .text(key),
                .text(ifAny: data?.text), .id(project), .id(user), .bool(isPrivate),
            ])
    }

    func projectCursor(_ project: ProjectID) throws -> Int64 {
        try db.first("SELECT cursor FROM projects WHERE id = ?", [.id(project)]) { $0.int(0) } ?? 0
    }

    func globalCursor() throws -> Int64 {
        try db.first("SELECT value FROM counters WHERE name = 'global_cursor'", []) { $0.int(0) } ?? 0
    }

    func changes(in project: ProjectID, after cursor: Int64, limit: Int) throws -> [ProjectChange] {
        try db.all(
            """
            SELECT cursor, action, data_type, key FROM project_changes WHERE project_id = ? AND cursor > ?
            ORDER BY cursor LIMIT ?
            """, [.id(project), .int(cursor), .count(limit)]
        ) { row in
            guard let action = ChangeAction(rawValue: row.int(1)) else { throw CorruptRow(column: 1, what: "action") }
            guard let type = ProjectChange.DataType(rawValue: row.int(2)) else {
                throw CorruptRow(column: 2, what: "data type")
            }
            return ProjectChange(cursor: row.int(0), action: action, dataType: type, key: try row.gid(3))
        }
    }

    func globalChanges(for user: UserID, after cursor: Int64, limit: Int) throws -> [GlobalChange] {
        try db.all(
            """
            SELECT cursor, action, data_type, key, data FROM global_changes
            WHERE cursor > ? AND (
                user_id = ?
                OR project_id IN (SELECT project_id FROM members WHERE user_id = ? AND status = 'active')
                OR is_private = 0 AND user_id IN (
                    SELECT other.user_id FROM members mine JOIN members other ON other.project_id = mine.project_id
                    WHERE mine.user_id = ? AND mine.status = 'active'
                )
            )
            ORDER BY cursor LIMIT ?
            """, [.int(cursor), .id(user), .id(user), .id(user), .count(limit)]
        ) { row in
            guard let action = ChangeAction(rawValue: row.int(1)) else { throw CorruptRow(column: 1, what: "action") }
            return GlobalChange(
                cursor: row.int(0), action: action, dataType: try row.raw(2), key: row.text(3),
                data: row.text(ifAny: 4).map(JSON.raw))
        }
    }
}
