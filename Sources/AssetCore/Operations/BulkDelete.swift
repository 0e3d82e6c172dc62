import OrderedCollections

extension AssetService {
    /// Moves the assets of a selection, and all that lies below them, to the trash in the background; answers the job's token
    /// (project reference 5.18). Assets in the wrong state fail one by one.
    package func bulkDelete(_ caller: Caller, _ selection: JSON?) async throws -> GID {
        try caller.require(.delete)
        return try await begin(.bulkDelete, caller, selection)
    }

    /// Takes the assets of a selection, and all that lies below them, out of the trash in the background.
    package func bulkUndelete(_ caller: Caller, _ selection: JSON?) async throws -> GID {
        try caller.require(.delete)
        return try await begin(.bulkUndelete, caller, selection)
    }

    /// Removes the deleted assets of a selection, and all that lies below them, for good in the background.
    package func bulkPermanentDelete(_ caller: Caller, _ selection: JSON?) async throws -> GID {
        try caller.require(.purge)
        return try await begin(.bulkPermanentDelete, caller, selection)
    }

    /// Moves the assets of a selection into a folder in the background; taken names get a number.
    /// - Throws: `unprocessable` when the parent is missing, no folder, or deleted.
    package func bulkMove(_ caller: Caller, _ selection: JSON?, to parent: GID) async throws -> GID {
        try caller.require(.write)
        _ = try await catalog.read { tx in try tx.requireParent(.gid(parent), in: caller.project) }
        return try await begin(.bulkMove, caller, selection, ["parent": JSON(parent)])
    }

    /// The most jobs of a project that wait or run.
    package static let maximumOpenJobs = 1000

    /// Checks the selection's form and writes the job down; evaluating the selection is the job's first step.
    private func begin(
        _ kind: Job.Kind, _ caller: Caller, _ selection: JSON?, _ parameters: [String: JSON] = [:]
    ) async throws -> GID {
        _ = try Selection(parsing: selection)
        var members: [(String, JSON)] = [("selection", selection ?? .null)]
        members += parameters.map { ($0.key, $0.value) }
        let stored = JSON.object(.init(uniqueKeysWithValues: members))
        let token = try await catalog.write(.project(caller.project.id)) { [clock] tx in
            guard try tx.openJobs(in: caller.project.id) < Self.maximumOpenJobs else {
                throw AssetError.unprocessable("\(Self.maximumOpenJobs) jobs of this project have not ended yet")
            }
            let job = try tx.insertJob(
                kind, project: caller.project.id, user: caller.user.id, parameters: stored, isSilent: false,
                now: clock.now())
            try tx.report(job, in: caller.project)
            return job.token
        }
        signal.wake()
        return token
    }
}
