import AssetCore

/// Projects that are hidden, and removing one with all that belongs to it.
extension SQLTransaction {
    func hideProject(_ project: ProjectID, since: Timestamp?) throws {
        touched.value.isAccess = true
        try db.execute("UPDATE projects SET hidden_since = ? WHERE id = ?", [.time(since), .id(project)])
    }

    func hiddenProjects(before moment: Timestamp) throws -> [ProjectID] {
        try db.all("SELECT id FROM projects WHERE hidden_since < ?", [.time(moment)]) { $0.id(0) }
    }

    /// From the leaves to the root: files, folders, what refers to the project, the project. Each part is gone before the next
    /// begins, so that this can stop and go on at any moment.
    func purge(_ project: ProjectID, limit: Int, now: Timestamp) throws -> Int? {
        guard let found = try self.project(project), try isHidden(project) else { return nil }
        let limit = min(max(limit, 1), 1000)
        for part in [
            purgeFiles, purgeFolders, purgeBackups, purgeChanges, purgeJobs, purgeSelections, purgeSegments, purgeRows,
        ] {
            let count = try part(found, limit, now)
            if count > 0 { return count }
        }
        try purgeProjectItself(found, now)
        return 1
    }

    private func isHidden(_ project: ProjectID) throws -> Bool {
        try db.first("SELECT 1 FROM projects WHERE id = ? AND hidden_since IS NOT NULL", [.id(project)]) { _ in true }
            ?? false
    }

    private func purgeFiles(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        let ids = try db.all(
            "SELECT id FROM assets WHERE project_id = ? AND is_file = 1 LIMIT ?", [.id(project.id), .count(limit)]
        ) { $0.id(0, AssetID.self) }
        if ids.isEmpty { return 0 }
        try addCandidates(of: ids, since: now)
        try unindex(ids)
        return try db.execute("DELETE FROM assets WHERE id IN (\(list(ids)))", [], isCached: false)
    }

    private func purgeFolders(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        // Going down counts for nothing: a limit that is less than the depth would never be used up for a row.
        var way = [project.root]
        var spent = 0
        while spent < limit, let folder = way.last {
            if let child = try children(of: folder, files: false, after: nil, limit: 1).first {
                way.append(child.id)
            } else if folder == project.root {
                break
            } else {
                try db.execute("DELETE FROM assets WHERE id = ?", [.id(folder)])
                way.removeLast()
                spent += 1
            }
        }
        return spent
    }

    private func purgeBackups(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        try db.execute(
            "UPDATE backups SET status = 'deleting' WHERE project_id = ? AND status <> 'deleting'", [.id(project.id)])
        let isLeft =
            try db.first("SELECT 1 FROM backups WHERE project_id = ? LIMIT 1", [.id(project.id)]) { _ in true } ?? false
        return isLeft ? try purgeBackups(limit: limit, now: now) : 0
    }

    private func purgeChanges(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        try db.delete(limit, from: "project_changes", of: "project_id", .id(project.id), by: "cursor")
    }

    private func purgeJobs(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        let ids = try db.all(
            "SELECT id FROM jobs WHERE project_id = ? AND kind <> '\(Job.Kind.purgeProject.rawValue)' LIMIT ?",
            [.id(project.id), .count(limit)]
        ) { $0.id(0, JobID.self) }
        return try deleteJobs(ids, limit: limit)
    }

    private func purgeSelections(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        let ids = try db.all(
            "SELECT id FROM selections WHERE project_id = ? LIMIT ?", [.id(project.id), .count(limit)]
        ) { $0.id(0, SelectionID.self) }
        return try deleteSelections(ids, limit: limit)
    }

    private func purgeSegments(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        try db.execute(
            """
            DELETE FROM segments WHERE first IN (
                SELECT first FROM segments WHERE document IN (SELECT number FROM documents WHERE project_id = ?) LIMIT ?
            )
            """, [.id(project.id), .count(limit)])
    }

    /// What there is little of: in one step.
    private func purgeRows(_ project: Project, _ limit: Int, _ now: Timestamp) throws -> Int {
        touched.value.isAccess = true
        let documents = "SELECT number FROM documents WHERE project_id = ?"
        let scopes = "SELECT job FROM job_scopes WHERE document IN (\(documents))"
        return try [
            "DELETE FROM global_changes WHERE project_id = ?",
            "DELETE FROM queries WHERE project_id = ?",
            "DELETE FROM record_options WHERE project_id = ?",
            "DELETE FROM assignments WHERE job IN (\(scopes))",
            "DELETE FROM job_scopes WHERE document IN (\(documents))",
            "DELETE FROM documents WHERE project_id = ?",
        ].reduce(0) { try $0 + db.execute($1, [.id(project.id)]) }
    }

    private func purgeProjectItself(_ project: Project, _ now: Timestamp) throws {
        touched.value.isAccess = true
        try setIcon(of: project.id, to: nil, now: now)
        let keyHolders = try members(of: project.id).map(\.user).filter { $0.level == .api }
        try db.execute("DELETE FROM members WHERE project_id = ?", [.id(project.id)])
        for user in keyHolders {
            try setAvatar(of: user.id, to: nil, now: now)
            try addCandidates("SELECT DISTINCT blob_id FROM file_tokens WHERE user_id = ?", [.id(user.id)], since: now)
            try db.execute("DELETE FROM file_tokens WHERE user_id = ?", [.id(user.id)])
            try db.execute("DELETE FROM sessions WHERE user_id = ?", [.id(user.id)])
            // Other projects' rows may name this user as the one who did something; then only the key goes.
            try db.execute(
                "UPDATE users SET key_hash = NULL, key_sealed = NULL, is_active = 0 WHERE id = ?", [.id(user.id)])
        }
        try db.execute("DELETE FROM jobs WHERE project_id = ?", [.id(project.id)])
        for user in keyHolders {
            try db.execute(
                """
                DELETE FROM users WHERE id = ? AND NOT EXISTS (SELECT 1 FROM members WHERE members.user_id = users.id)
                """, [.id(user.id)])
        }
        try db.execute("DELETE FROM assets WHERE project_id = ?", [.id(project.id)])
        try db.execute("DELETE FROM projects WHERE id = ?", [.id(project.id)])
    }
}
