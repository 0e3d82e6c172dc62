extension AssetService {
    /// Moves an asset and all that lies below it to the trash (project reference 5.13).
    /// - Throws: `unprocessable` when it does not exist, is deleted already, or is the root.
    package func delete(_ caller: Caller, _ reference: AssetReference) async throws -> LocatedAsset {
        try caller.require(.delete)
        return try await changeStatus(caller, reference, .bulkDelete)
    }

    /// Takes an asset and all that lies below it out of the trash (project reference 5.14).
    /// - Throws: `unprocessable` when it does not exist, is not deleted, or its folder is deleted.
    package func undelete(_ caller: Caller, _ reference: AssetReference) async throws -> LocatedAsset {
        try caller.require(.delete)
        return try await changeStatus(caller, reference, .bulkUndelete)
    }

    /// Removes a deleted asset and all that lies below it for good (project reference 5.15); answers its folder.
    /// - Throws: `unprocessable` when it does not exist, is not deleted, or is the root.
    package func permanentDelete(_ caller: Caller, _ reference: AssetReference) async throws -> LocatedAsset {
        try caller.require(.purge)
        let parent = try await whole(caller) { tx, now in
            let asset = try tx.require(reference, in: caller.project)
            guard let parent = asset.parent else { throw AssetError.unprocessable("The root cannot be deleted") }
            guard asset.status == .deleted else { throw AssetError.unprocessable("The asset is not deleted") }
            return (parent, try tx.beginPurge(of: asset, user: caller.user.id, now: now))
        }
        return try await catalog.read { tx in
            guard let parent = try tx.asset(parent) else { throw AssetError.unprocessable("The folder does not exist") }
            return try tx.located(parent)
        }
    }

    private func changeStatus(
        _ caller: Caller, _ reference: AssetReference, _ kind: Job.Kind
    ) async throws -> LocatedAsset {
        let id = try await whole(caller) { tx, now in
            let asset = try tx.require(reference, in: caller.project)
            return (asset.id, try tx.beginStatusChange(of: asset, kind, user: caller.user.id, now: now))
        }
        return try await catalog.read { tx in
            guard let asset = try tx.asset(id) else { throw AssetError.unprocessable("The asset does not exist") }
            return try tx.located(asset)
        }
    }

    /// How many rows a call that answers its result itself changes in one transaction, as long as that takes no longer than a job's
    /// step.
    private static let inlineLimit = 2000

    /// Runs work on a whole subtree and returns when all of it is done.
    ///
    /// A small subtree is one transaction. A larger one begins as a silent job in the same transaction, so that other writers are
    /// not held up, and so that it is carried through whatever happens to the caller or the process.
    func whole<Value: Sendable>(
        _ caller: Caller,
        _ begin: @escaping @Sendable (any CatalogTransaction, Timestamp) throws -> (Value, Job?)
    ) async throws -> Value {
        let (value, job) = try await catalog.write(.project(caller.project.id)) {
            [clock, settings] tx -> (Value, Job?) in
            let now = clock.now()
            var (value, job) = try begin(tx, now)
            if var open = job {
                if try JobHandlers.work(
                    on: &open, tx, limit: Self.inlineLimit, until: .now + settings.stepTime, now: now)
                {
                    try tx.deleteJob(open.id)
                    job = nil
                } else {
                    try tx.save(open)
                    job = open
                }
            }
            return (value, job)
        }
        if let job {
            let ends = signal.ends(of: job.id)
            signal.wake()
            try await waitForEnd(of: job.id, ends)
        }
        return value
    }

    private func waitForEnd(of id: JobID, _ ends: AsyncStream<Void>) async throws {
        var events = ends.makeAsyncIterator()
        while let job = try await catalog.read({ try $0.job(id) }) {
            if job.status == .done {
                if let error = job.error { throw AssetError.unprocessable(error) }
                return
            }
            guard await events.next() != nil else { throw CancellationError() }
        }
    }
}

extension AssetTables where Self: ChangeTables & JobTables {
    /// Changes the asset itself; answers the job that does the rest, if there is a rest.
    fileprivate func beginStatusChange(of asset: Asset, _ kind: Job.Kind, user: UserID, now: Timestamp) throws -> Job? {
        guard let parent = asset.parent else { throw AssetError.unprocessable("The root cannot be deleted") }
        let isDelete = kind == .bulkDelete
        guard asset.status == (isDelete ? .published : .deleted) else {
            throw AssetError.unprocessable(isDelete ? "The asset is deleted already" : "The asset is not deleted")
        }
        if !isDelete, try self.asset(parent)?.status != .published {
            throw AssetError.unprocessable("The folder of the asset is deleted: undelete that first")
        }
        let hasChildren = asset.fileCount + asset.folderCount > 0
        var job: Job?
        if hasChildren {
            job = try insertSilentJob(kind, asset, user: user, now: now)
        }
        let change = StatusChange(
            project: asset.project, from: asset.status, to: isDelete ? .deleted : .published, job: job?.id, now: now)
        _ = try apply(change, to: [asset.id])
        return job
    }

    /// Puts the asset into the trash, if it is not there, and answers the job that removes it with all below it.
    func beginPurge(of asset: Asset, user: UserID, now: Timestamp) throws -> Job? {
        guard let parent = asset.parent else { throw AssetError.unprocessable("The root cannot be deleted") }
        if asset.isFile {
            try purge([asset.id], childrenOf: parent, project: asset.project, files: true, now: now)
            try appendUpdate(of: parent, in: asset.project)
            return nil
        }
        if asset.status == .published { try setStatus(of: asset.id, to: .deleted, now: now) }
        try detach(asset, from: parent, now: now)
        return try insertSilentJob(.bulkPermanentDelete, asset, user: user, now: now)
    }

    /// Takes a folder that is being purged out of its path, so that what is uploaded there meanwhile makes a new folder instead of
    /// bringing this one back.
    func detach(_ folder: Asset, from parent: AssetID, now: Timestamp) throws {
        try move(folder, to: parent, name: "purged-\(folder.gid)", now: now)
    }

    /// A job that begins with a folder, and shows nothing in the feed; not saved yet.
    func insertSilentJob(_ kind: Job.Kind, _ folder: Asset, user: UserID, now: Timestamp) throws -> Job {
        var job = try insertJob(
            kind, project: folder.project, user: user, parameters: .emptyObject, isSilent: true, now: now)
        job.folder = folder.id
        job.status = .processing
        job.total = 0
        return job
    }
}
