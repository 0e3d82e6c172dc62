package import Logging
import OrderedCollections
import ServiceLifecycle

/// Claims jobs and works them off, in short transactions that each save the job's position.
///
/// A job belongs to the runner that holds its lease; the lease is renewed in every transaction. When the process dies, the lease
/// runs out (or the next start of a process that is alone gives it back), and another runner goes on at the saved position.
package struct JobRunner: Service {
    private let service: AssetService
    private let logger: Logger
    private static let workers = 2
    private static let leaseSeconds = 20.0
    private static let attempts = 5

    package init(service: AssetService, logger: Logger) {
        self.service = service
        self.logger = logger
    }

    /// Works until the service group shuts down: the transaction that runs is finished, its job is given back.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            for _ in 0..<Self.workers { group.addTask { await work(as: GID().description) } }
            group.addTask { await look() }
        }
    }

    /// Not by cancellation: the transaction that runs shall end, and the lease be given back.
    private var isStopping: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    /// Works off what there is, in the calling task, and returns: for tests and tools.
    package func drain() async throws {
        let owner = GID().description
        while let job = try await claim(owner) { await run(job, as: owner) }
    }

    /// - Parameter owner: names this worker in leases.
    private func work(as owner: String) async {
        // One iteration for the whole life: a stream whose iteration is cancelled has ended for good.
        for await _ in service.signal.wakeUps().cancelOnGracefulShutdown() {
            do {
                while !isStopping, let job = try await claim(owner) { await run(job, as: owner) }
            } catch is CancellationError {
                return
            } catch {
                logger.error("Jobs cannot be claimed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Once a second somebody looks: jobs of other processes, their ends, and lapsed leases are not announced.
    private func look() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                service.signal.wake()
                service.signal.lookAgain()
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func claim(_ owner: String) async throws -> Job? {
        try await service.catalog.write(.rows) { [service] tx in
            let now = service.clock.now()
            return try tx.claimJob(owner: owner, now: now, until: now.adding(seconds: Self.leaseSeconds))
        }
    }

    private func run(_ job: Job, as owner: String) async {
        var failures = 0
        while true {
            do {
                try await advance(job, owner)
                break
            } catch is CancellationError {
                break
            } catch let error as AssetError where error.code == .unavailable {
                // That says nothing of the job: it goes on when the database answers again.
                logger.warning("Job waits", metadata: ["job": "\(job.token)", "error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            } catch let error as AssetError where error.code != .internalError || failures == Self.attempts {
                logger.warning("Job failed", metadata: ["job": "\(job.token)", "error": "\(error)"])
                if (try? await end(job, owner, with: error)) != nil { break }
                // The database does not answer: not again at once.
                try? await Task.sleep(for: .seconds(1))
            } catch {
                failures += 1
                logger.error("Job will be tried again", metadata: ["job": "\(job.token)", "error": "\(error)"])
                try? await Task.sleep(for: .milliseconds(100 << failures))
            }
            if isStopping { break }
        }
        // Of a job that has not ended: the next runner should not have to wait for the lease to run out.
        try? await service.catalog.write(.rows) { tx in try tx.releaseLease(job.id, owner: owner) }
        service.signal.finished(job.id)
    }

    /// Evaluates the selection if that has not been done, then steps until the end.
    private func advance(_ claimed: Job, _ owner: String) async throws {
        if claimed.total == nil {
            guard let job = try await start(claimed, owner) else { return }
            // Unless an attempt before has done it.
            if job.total == nil {
                try await keepingLease(of: claimed.id, owner) { try await prepare(claimed, owner) }
            }
        }
        var limit = 500
        while true {
            if isStopping { return }
            guard let began = try await step(claimed, owner, limit: limit) else { return }
            let took = ContinuousClock.now - began
            if took > service.settings.stepTime * 2 {
                logger.debug(
                    "A step took long",
                    metadata: [
                        "kind": "\(claimed.kind.rawValue)", "job": "\(claimed.token)", "limit": "\(limit)",
                        "seconds": "\(took / .seconds(1))",
                    ])
            }
            // Towards the target, but by no more than half or double at a time.
            let ratio = service.settings.stepTime / max(took, .microseconds(100))
            limit = min(max(Int(Double(limit) * min(max(ratio, 0.5), 2)), 50), 10_000)
            await Task.yield()
        }
    }

    /// Begins, unless the user has lost the right to it meanwhile: then, and when it is another runner's, nil. The feed hears of it when the
    /// selection has been counted.
    private func start(_ job: Job, _ owner: String) async throws -> Job? {
        try await service.catalog.write(.project(job.project)) { [service] tx in
            guard var job = try lease(job.id, owner, tx), let project = try tx.project(job.project) else { return nil }
            let now = service.clock.now()
            if let objection = try objection(to: job, tx) {
                try reject(&job, objection, in: project, tx, now: now)
                return nil
            }
            if job.status == .queued {
                job.status = .processing
                job.updatedOn = now
                try tx.save(job)
            }
            return job
        }
    }

    /// Renews the lease while something runs that may take longer than it lasts.
    private func keepingLease(of id: JobID, _ owner: String, _ body: @escaping @Sendable () async throws -> Void)
        async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(Self.leaseSeconds / 3))
                    _ = try await service.catalog.write(.rows) { tx in try lease(id, owner, tx) }
                }
            }
            group.addTask { try await body() }
            // The first to end is the work, or the failure of either.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Finds out what there is to do: freezes what the job will work through, and counts it.
    private func prepare(_ job: Job, _ owner: String) async throws {
        switch job.kind {
        case .bulkDelete, .bulkUndelete, .bulkPermanentDelete, .bulkMove:
            let selection = try Selection(parsing: job.parameters[key: "selection"])
            let ids = try await service.selecting(selection, AssetService.jobSearchTime) { [service] tx -> [AssetID] in
                guard let project = try tx.project(job.project) else { return [] }
                let ids = try selection.evaluate(tx, in: project, now: service.clock.now())
                return job.kind == .bulkUndelete ? try tx.foldersFirst(ids) : ids
            }
            try await freeze(ids, for: job, owner)
        case .backup, .restore, .undo, .addLanguage, .removeLanguage, .purgeProject, .tellPathnames:
            let total = try await service.catalog.read { tx in
                try tx.project(job.project).map { try JobHandlers.size(of: job, tx, in: $0) }
            }
            try await service.catalog.write(.project(job.project)) { [service] tx in
                guard var job = try lease(job.id, owner, tx), job.status == .processing,
                    let project = try tx.project(job.project)
                else { return }
                job.total = total ?? 0
                try begin(&job, in: project, tx, now: service.clock.now())
            }
        }
    }

    private func freeze(_ ids: [AssetID], for job: Job, _ owner: String) async throws {
        // Until the job names it, the frozen selection would be cleared away after a day.
        let frozen = try await service.freeze(
            ids, project: job.project, user: job.user, expiresOn: service.clock.now().adding(seconds: 24 * 3600))
        let total = try await service.catalog.read { try $0.countSubtrees(of: frozen.id) }
        try await service.catalog.write(.project(job.project)) { [service] tx in
            guard var job = try lease(job.id, owner, tx), job.selection == nil, job.status == .processing,
                let project = try tx.project(job.project)
            else {
                // The sweeper takes it, in parts.
                try tx.setExpiry(of: frozen.id, to: service.clock.now())
                return
            }
            try tx.setExpiry(of: frozen.id, to: nil)
            job.selection = frozen.id
            job.forgetSelection()
            job.total = job.kind.countsSubtrees ? total : Int64(ids.count)
            try begin(&job, in: project, tx, now: service.clock.now())
        }
    }

    private func begin(_ job: inout Job, in project: Project, _ tx: any CatalogTransaction, now: Timestamp) throws {
        job.updatedOn = now
        job.reportedOn = now
        try tx.report(job, in: project)
        try tx.save(job)
    }

    /// One transaction of work; answers when it got the writer, or nil when there is nothing more to do.
    private func step(_ job: Job, _ owner: String, limit: Int) async throws -> ContinuousClock.Instant? {
        try await service.catalog.write(.project(job.project), .bulk) { [service] tx in
            let began = ContinuousClock.now
            guard var job = try lease(job.id, owner, tx), job.status == .processing,
                let project = try tx.project(job.project)
            else { return nil }
            let now = service.clock.now()
            if let objection = try objection(to: job, tx) {
                try reject(&job, objection, in: project, tx, now: now)
                return nil
            }
            let isFinished = try JobHandlers.work(
                on: &job, tx, limit: limit, until: began + service.settings.stepTime, now: now)
            job.updatedOn = now
            if isFinished {
                try finish(&job, in: project, tx, now: now)
                return nil
            }
            // Progress is told at most once a second.
            if now >= job.reportedOn.adding(seconds: 1) {
                job.reportedOn = now
                try tx.report(job, in: project)
            }
            try tx.save(job)
            return began
        }
    }

    /// Why a job must not go on: it was cancelled, or the user has lost the right to it. A silent job was checked by the call that
    /// waits for it.
    private func objection(to job: Job, _ tx: any CatalogTransaction) throws -> String? {
        if job.mustEnd { return nil }
        if job.isCancelled { return "The job was cancelled" }
        if job.isSilent { return nil }
        let member = try tx.member(job.user, of: job.project)
        guard let member, member.status == .active, member.user.isActive,
            member.role.rights.isSuperset(of: JobHandlers.right(for: job))
        else { return "The user has no right to this any more" }
        return nil
    }

    /// Clients follow a job until it is done, so that `done` comes after `rejected` (project reference 9).
    private func reject(
        _ job: inout Job, _ reason: String, in project: Project, _ tx: any CatalogTransaction, now: Timestamp
    ) throws {
        job.status = .rejected
        job.error = reason
        job.updatedOn = now
        try tx.report(job, in: project)
        try JobHandlers.abandon(job, tx, in: project)
        try finish(&job, in: project, tx, now: now)
    }

    private func end(_ job: Job, _ owner: String, with error: AssetError) async throws {
        try await service.catalog.write(.project(job.project)) { [service] tx in
            guard var job = try lease(job.id, owner, tx), let project = try tx.project(job.project) else { return }
            try reject(&job, error.message, in: project, tx, now: service.clock.now())
        }
    }

    private func finish(_ job: inout Job, in project: Project, _ tx: any CatalogTransaction, now: Timestamp) throws {
        job.status = .done
        job.updatedOn = now
        job.forgetSelection()
        try tx.report(job, in: project)
        try tx.save(job)
    }

    /// The job as last saved, if it is still ours.
    private func lease(_ id: JobID, _ owner: String, _ tx: any CatalogTransaction) throws -> Job? {
        try tx.renewLease(id, owner: owner, until: service.clock.now().adding(seconds: Self.leaseSeconds))
    }
}
