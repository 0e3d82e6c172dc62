import AssetCore

extension SQLTransaction: JobTables {
    private static let columns = """
        id, token, kind, project_id, user_id, status, parameters, selection_id, position, folder_id, after_name,
        is_in_files, total, succeeded, failed, error, is_silent, is_cancelled, created_on, updated_on, reported_on
        """

    /// Without the parameters, which can be megabytes.
    private static let listedColumns = """
        id, token, kind, project_id, user_id, status, '{}', selection_id, position, folder_id, after_name,
        is_in_files, total, succeeded, failed, error, is_silent, is_cancelled, created_on, updated_on, reported_on
        """

    private static func job(_ row: any SQLRow) throws -> Job {
        Job(
            id: row.id(0), token: try row.gid(1), kind: try row.raw(2), project: row.id(3), user: row.id(4),
            status: try row.raw(5), parameters: try JSON(parsing: row.text(6)), selection: row.id(ifAny: 7),
            position: row.int(8), folder: row.id(ifAny: 9), afterName: row.text(ifAny: 10), isInFiles: row.int(11) == 1,
            total: row.int(ifAny: 12), succeeded: row.int(13), failed: row.int(14), error: row.text(ifAny: 15),
            isSilent: row.int(16) == 1, isCancelled: row.int(17) == 1, createdOn: row.time(18),
            updatedOn: row.time(19), reportedOn: row.time(20))
    }

    /// Of these, a project's jobs run one after the other, in the order of their calls.
    private static let exclusiveKinds = [Job.Kind.backup, .restore, .addLanguage, .removeLanguage]
        .map { "'\($0.rawValue)'" }.joined(separator: ", ")

    /// A restore does not end these: they change no assets, or all of them.
    private static let keptKinds = [Job.Kind.backup, .restore, .purgeProject, .tellPathnames]
        .map { "'\($0.rawValue)'" }.joined(separator: ", ")

    /// The projects that have a restore that has not ended.
    static let projectsInRestore = """
        SELECT project_id FROM jobs WHERE status IN ('queued', 'processing') AND kind = '\(Job.Kind.restore.rawValue)'
        """

    func insertJob(
        _ kind: Job.Kind, project: ProjectID, user: UserID, parameters: JSON, isSilent: Bool, now: Timestamp
    ) throws -> Job {
        let token = GID()
        let id = try db.insert(
            """
            INSERT INTO jobs (token, kind, project_id, user_id, status, parameters, is_silent, created_on, updated_on, reported_on)
            VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)
            """,
            [
                .gid(token), .text(kind.rawValue), .id(project), .id(user), .json(parameters), .bool(isSilent),
                .time(now), .time(now), .time(now),
            ])
        return Job(
            id: JobID(rawValue: id), token: token, kind: kind, project: project, user: user, status: .queued,
            parameters: parameters, selection: nil, position: 0, folder: nil, afterName: nil, isInFiles: false,
            total: nil, succeeded: 0, failed: 0, error: nil, isSilent: isSilent, isCancelled: false, createdOn: now,
            updatedOn: now, reportedOn: now)
    }

    func claimJob(owner: String, now: Timestamp, until: Timestamp) throws -> Job? {
        try db.first(
            """
            UPDATE jobs SET lease_owner = ?, lease_until = ? WHERE id = (
                SELECT id FROM jobs WHERE status IN ('queued', 'processing') AND lease_until <= ?
                    AND NOT (kind IN (\(Self.exclusiveKinds)) AND EXISTS (
                        SELECT 1 FROM jobs earlier WHERE earlier.project_id = jobs.project_id AND earlier.id < jobs.id
                            AND earlier.kind IN (\(Self.exclusiveKinds))
                            AND earlier.status IN ('queued', 'processing')
                    ))
                    AND NOT EXISTS (
                        SELECT 1 FROM jobs earlier WHERE earlier.project_id = jobs.project_id AND earlier.id < jobs.id
                            AND earlier.kind = '\(Job.Kind.restore.rawValue)'
                            AND earlier.status IN ('queued', 'processing')
                    )
                ORDER BY id LIMIT 1 \(Self.skippingLocked(db.dialect))
            )
            RETURNING \(Self.columns)
            """, [.text(owner), .time(until), .time(now)], Self.job)
    }

    /// Several servers look at the same moment: each takes another job.
    private static func skippingLocked(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite: ""
        case .postgres: "FOR UPDATE OF jobs SKIP LOCKED"
        }
    }

    func renewLease(_ id: JobID, owner: String, until: Timestamp) throws -> Job? {
        try db.first(
            "UPDATE jobs SET lease_until = ? WHERE id = ? AND lease_owner = ? RETURNING \(Self.columns)",
            [.time(until), .id(id), .text(owner)], Self.job)
    }

    func releaseAllLeases() throws {
        try db.execute("UPDATE jobs SET lease_owner = NULL, lease_until = 0 WHERE lease_owner IS NOT NULL", [])
        try db.execute("DELETE FROM duties", [])
    }

    func releaseLease(_ id: JobID, owner: String) throws {
        try db.execute(
            "UPDATE jobs SET lease_owner = NULL, lease_until = 0 WHERE id = ? AND lease_owner = ?",
            [.id(id), .text(owner)])
    }

    func save(_ job: Job) throws {
        try db.execute(
            """
            UPDATE jobs SET status = ?, parameters = ?, selection_id = ?, position = ?, folder_id = ?, after_name = ?, is_in_files = ?,
                total = ?, succeeded = ?, failed = ?, error = ?, updated_on = ?, reported_on = ?
            WHERE id = ?
            """,
            [
                .text(job.status.rawValue), .json(job.parameters), .id(job.selection), .int(job.position),
                .id(job.folder),
                .text(ifAny: job.afterName), .bool(job.isInFiles), .int(ifAny: job.total), .int(job.succeeded),
                .int(job.failed), .text(ifAny: job.error), .time(job.updatedOn), .time(job.reportedOn), .id(job.id),
            ])
    }

    func job(_ id: JobID) throws -> Job? {
        try db.first("SELECT \(Self.columns) FROM jobs WHERE id = ?", [.id(id)], Self.job)
    }

    func deleteJob(_ id: JobID) throws {
        let selection = try selection(of: id)
        try db.execute("DELETE FROM jobs WHERE id = ?", [.id(id)])
        if let selection { try deleteSelection(selection) }
    }

    private func selection(of job: JobID) throws -> SelectionID? {
        try db.first("SELECT selection_id FROM jobs WHERE id = ? AND selection_id IS NOT NULL", [.id(job)]) { $0.id(0) }
    }

    func deleteFinishedJobs(before moment: Timestamp, limit: Int) throws -> Int {
        let ids = try db.all(
            "SELECT id FROM jobs WHERE status = 'done' AND updated_on < ? LIMIT ?", [.time(moment), .count(limit)]
        ) { $0.id(0, JobID.self) }
        return try deleteJobs(ids, limit: limit)
    }

    /// About as many as have `limit` rows together: what belongs to one may be a line for each of a million assets. Answers how many rows
    /// that were.
    func deleteJobs(_ ids: [JobID], limit: Int) throws -> Int {
        var left = limit
        for id in ids {
            for (table, key) in [("job_errors", "number"), ("job_moves", "number"), ("job_folders", "id")] {
                left -= try db.delete(left, from: table, of: "job_id", .id(id), by: key)
            }
            if let selection = try selection(of: id) { left -= try emptySelection(selection, limit: left) }
            if left <= 0 { break }
            try deleteJob(id)
            left -= 1
        }
        return limit - left
    }

    func job(token: GID, in project: ProjectID) throws -> Job? {
        try db.first(
            "SELECT \(Self.columns) FROM jobs WHERE token = ? AND project_id = ? AND is_silent = 0",
            [.gid(token), .id(project)], Self.job)
    }

    func jobs(in project: ProjectID, top: Int, size: Int) throws -> (jobs: [Job], total: Int64) {
        let jobs = try db.all(
            """
            SELECT \(Self.listedColumns) FROM jobs WHERE project_id = ? AND is_silent = 0
            ORDER BY id DESC LIMIT ? OFFSET ?
            """, [.id(project), .count(size), .count(top)], Self.job)
        let total = try db.first("SELECT COUNT(*) FROM jobs WHERE project_id = ? AND is_silent = 0", [.id(project)]) {
            $0.int(0)
        }
        return (jobs, total ?? 0)
    }

    func openJobs(in project: ProjectID) throws -> Int {
        Int(
            try db.first(
                "SELECT COUNT(*) FROM jobs WHERE project_id = ? AND status IN ('queued', 'processing')", [.id(project)]
            ) { $0.int(0) } ?? 0)
    }

    func cancelJob(_ id: JobID) throws -> Bool {
        try db.execute(
            "UPDATE jobs SET is_cancelled = 1 WHERE id = ? AND status IN ('queued', 'processing')", [.id(id)]) > 0
    }

    func cancelJobs(in project: ProjectID, except id: JobID) throws {
        try db.execute(
            """
            UPDATE jobs SET is_cancelled = 1
            WHERE project_id = ? AND id <> ? AND status IN ('queued', 'processing')
                AND (id < ? OR status = 'processing') AND kind NOT IN (\(Self.keptKinds))
            """, [.id(project), .id(id), .id(id)])
    }

    func isInRestore(_ project: ProjectID) throws -> Bool {
        try db.first("SELECT 1 WHERE CAST(? AS BIGINT) IN (\(Self.projectsInRestore))", [.id(project)]) { _ in true }
            ?? false
    }

    func append(_ failures: [JobFailure], to job: JobID) throws {
        if failures.isEmpty { return }
        var number =
            try db.first("SELECT COALESCE(MAX(number), 0) FROM job_errors WHERE job_id = ?", [.id(job)]) { $0.int(0) }
            ?? 0
        for failure in failures {
            number += 1
            try db.execute(
                "INSERT INTO job_errors (job_id, number, asset_gid, reason) VALUES (?, ?, ?, ?)",
                [.id(job), .int(number), .gid(failure.asset), .text(failure.reason)])
        }
    }

    func failures(of job: JobID, top: Int, size: Int) throws -> (failures: [JobFailure], total: Int64) {
        let failures = try db.all(
            "SELECT asset_gid, reason FROM job_errors WHERE job_id = ? ORDER BY number LIMIT ? OFFSET ?",
            [.id(job), .count(size), .count(top)]
        ) { JobFailure(asset: try $0.gid(0), reason: $0.text(1)) }
        let total = try db.first("SELECT COUNT(*) FROM job_errors WHERE job_id = ?", [.id(job)]) { $0.int(0) }
        return (failures, total ?? 0)
    }

    func append(_ move: JobMove, to job: JobID) throws {
        try db.execute(
            """
            INSERT INTO job_moves (job_id, number, asset_id, from_parent, from_name, to_parent, to_name)
            VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM job_moves WHERE job_id = ?), ?, ?, ?, ?, ?)
            """,
            [
                .id(job), .id(job), .id(move.asset), .id(move.fromParent), .text(move.fromName), .id(move.toParent),
                .text(move.toName),
            ])
    }

    func lastMove(of job: JobID, before number: Int64) throws -> (number: Int64, move: JobMove)? {
        try db.first(
            """
            SELECT number, asset_id, from_parent, from_name, to_parent, to_name FROM job_moves
            WHERE job_id = ? AND number < ? ORDER BY number DESC LIMIT 1
            """, [.id(job), .int(number)]
        ) { row in
            (
                row.int(0),
                JobMove(
                    asset: row.id(1), fromParent: row.id(2), fromName: row.text(3), toParent: row.id(4),
                    toName: row.text(5))
            )
        }
    }

    func pushFolders(_ folders: [AssetID], of job: JobID) throws {
        for folder in folders {
            try db.execute("INSERT INTO job_folders (job_id, folder_id) VALUES (?, ?)", [.id(job), .id(folder)])
        }
    }

    func pushFolders(in folders: [AssetID], with status: Asset.Status, of job: JobID) throws {
        if folders.isEmpty { return }
        try db.execute(
            """
            INSERT INTO job_folders (job_id, folder_id)
            SELECT ?, id FROM assets
            WHERE parent_id IN (\(list(folders))) AND is_file = 0 AND status = ? AND +status_job = ?
            """, [.id(job), .text(status.rawValue), .id(job)], isCached: false)
    }

    func nextFolders(of job: JobID, limit: Int) throws -> [AssetID] {
        try db.all(
            "SELECT folder_id FROM job_folders WHERE job_id = ? ORDER BY id LIMIT ?", [.id(job), .count(limit)]
        ) { $0.id(0) }
    }

    func folder(of job: JobID, after number: Int64) throws -> (number: Int64, folder: AssetID)? {
        try db.first(
            "SELECT id, folder_id FROM job_folders WHERE job_id = ? AND id > ? ORDER BY id LIMIT 1",
            [.id(job), .int(number)]
        ) { ($0.int(0), $0.id(1)) }
    }

    func folders(of job: JobID, before number: Int64, limit: Int) throws -> [(number: Int64, folder: AssetID)] {
        try db.all(
            "SELECT id, folder_id FROM job_folders WHERE job_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
            [.id(job), .int(number), .count(limit)]
        ) { ($0.int(0), $0.id(1)) }
    }

    func dropFolders(_ count: Int, of job: JobID) throws {
        try db.execute(
            """
            DELETE FROM job_folders WHERE id IN (SELECT id FROM job_folders WHERE job_id = ? ORDER BY id LIMIT ?)
            """, [.id(job), .count(count)])
    }
}
