/// A job with the gid of the user who began it.
package struct JobOverview: Sendable {
    package let job: Job
    package let user: GID?
}

/// Looking at jobs, ending them, and taking back what they did. Our own calls: see docs/project-dialect.md.
extension AssetService {
    /// The project's jobs that are known, the newest first: the open ones, and those that ended in the last days.
    package func jobs(_ caller: Caller, top: Int, size: Int) async throws -> (jobs: [JobOverview], total: Int64) {
        try caller.require(.read)
        return try await catalog.read { tx in
            let (jobs, total) = try tx.jobs(in: caller.project.id, top: top, size: size)
            return (try jobs.map { JobOverview(job: $0, user: try tx.user($0.user)?.gid) }, total)
        }
    }

    /// - Throws: `unprocessable` when the project has no such job.
    package func job(_ caller: Caller, _ token: GID) async throws -> JobOverview {
        try caller.require(.read)
        return try await catalog.read { tx in
            let job = try tx.requireJob(token, in: caller.project)
            return JobOverview(job: job, user: try tx.user(job.user)?.gid)
        }
    }

    /// The selected items that a job could not change, in the order in which it met them.
    package func failures(
        _ caller: Caller, of token: GID, top: Int, size: Int
    ) async throws -> (failures: [JobFailure], total: Int64) {
        try caller.require(.read)
        return try await catalog.read { tx in
            try tx.failures(of: try tx.requireJob(token, in: caller.project).id, top: top, size: size)
        }
    }

    /// Asks a job to end before its time: within its next step. What it has done stays; it can be undone.
    /// - Throws: `forbidden` without the right that the job itself needs; `unprocessable` when it has ended.
    package func cancelJob(_ caller: Caller, _ token: GID) async throws -> JobOverview {
        let overview = try await catalog.write(.project(caller.project.id)) { tx in
            let job = try tx.requireJob(token, in: caller.project)
            try caller.require(JobHandlers.right(for: job))
            guard job.kind != .addLanguage, job.kind != .removeLanguage else {
                throw AssetError.unprocessable("Half a language is none: the job cannot be cancelled")
            }
            guard !job.mustEnd else {
                throw AssetError.unprocessable("The restore has begun to change the project, and goes to its end")
            }
            guard try tx.cancelJob(job.id) else { throw AssetError.unprocessable("The job has ended") }
            return JobOverview(job: job, user: try tx.user(job.user)?.gid)
        }
        signal.wake()
        return overview
    }

    /// Begins to take back what a bulk delete, undelete or move did; answers the new job's token.
    /// - Throws: `unprocessable` when the job has not ended, or is of another kind.
    package func undoJob(_ caller: Caller, _ token: GID) async throws -> GID {
        let undo = try await catalog.write(.project(caller.project.id)) { [clock] tx in
            let job = try tx.requireJob(token, in: caller.project)
            guard job.kind.canBeUndone else { throw AssetError.unprocessable("A job of this kind cannot be undone") }
            guard job.status == .done else { throw AssetError.unprocessable("The job has not ended") }
            try caller.require(JobHandlers.right(for: job))
            let undo = try tx.insertJob(
                .undo, project: job.project, user: caller.user.id,
                parameters: ["of": .int(job.id.rawValue), "kind": .string(job.kind.rawValue)], isSilent: false,
                now: clock.now())
            try tx.report(undo, in: caller.project)
            return undo.token
        }
        signal.wake()
        return undo
    }
}

extension JobTables {
    fileprivate func requireJob(_ token: GID, in project: Project) throws -> Job {
        guard let job = try job(token: token, in: project.id) else {
            throw AssetError.unprocessable("The project has no such job")
        }
        return job
    }
}
