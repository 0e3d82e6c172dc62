package import Logging
import ServiceLifecycle

/// Removes what nobody needs any more: bytes without a row, unfinished uploads, expired tokens, sessions, cursors, old jobs,
/// deleted backups and unfinished imports; and the values of metadata entries whose image is gone.
///
/// Bytes go in two steps, so that no reader and no writer is ever surprised: first the row, in a transaction that has seen that
/// nothing refers to it; then, when the grace period has passed, the bytes. A location is never used twice, so that what is
/// removed cannot be somebody's new file.
package struct BlobSweeper: Service {
    private let service: AssetService
    private let logger: Logger
    /// Uploads that were begun before this are finished or dead: when this process is alone, its own start.
    private let aloneSince: Timestamp?

    private static let interval = Duration.seconds(60)
    /// Bytes without a row may belong to an upload that still runs: a day is longer than any.
    private static let orphanSeconds = 24.0 * 3600
    private static let batch = 200
    private let duty: Duty

    /// - Parameter aloneSince: when this process, alone on its data, was started; nil when there are others.
    package init(service: AssetService, aloneSince: Timestamp?, logger: Logger) {
        self.service = service
        self.aloneSince = aloneSince
        self.logger = logger
        duty = Duty("sweeping", service: service, leaseSeconds: 90)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var passes = 0
            while !Task.isCancelled {
                do {
                    // Looking for orphans goes through all of the store: at the start, and once an hour.
                    let findsOrphans = passes % 60 == 0
                    try await duty.perform { try await sweep(findsOrphans: findsOrphans) }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("Sweeping failed", metadata: ["error": "\(error)"])
                }
                passes += 1
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// One pass.
    package func sweep(findsOrphans: Bool = true) async throws {
        let now = service.clock.now()
        let settings = service.settings
        let old = now.adding(seconds: -settings.gracePeriod)
        // One part that fails does not keep the others from their work.
        try await part("backups") { try await all { tx, limit in try tx.purgeBackups(limit: 5 * limit, now: now) } }
        try await part("projects") { try await purgeHiddenProjects(now: now) }
        try await part("images") {
            try await all { tx, limit in try Self.dropLostImages(tx, limit: limit, now: now) }
        }
        try await part("rows") {
            try await all { tx, limit in
                try tx.expireExports(before: now.adding(seconds: -Self.orphanSeconds))
                    + tx.deleteExpiredFileTokens(now: now, limit: limit)
                    + tx.deleteExpiredSelections(now: now, limit: limit)
                    + tx.deleteExpiredSessions(now: now, limit: limit)
                    + tx.deleteFinishedJobs(before: now.adding(seconds: -settings.finishedJobLifetime), limit: limit)
            }
        }
        try await part("blobs") {
            try await all { tx, limit in try tx.releaseBlobs(before: old, now: now, limit: limit) }
            try await removeReleased(before: old)
        }
        if findsOrphans { try await part("orphans") { try await removeOrphans(now: now) } }
    }

    private func part(_ name: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.error("Sweeping failed", metadata: ["part": "\(name)", "error": "\(error)"])
        }
    }

    /// Metadata entries that name a purged image become null (project reference 2.6).
    private static func dropLostImages(_ tx: any CatalogTransaction, limit: Int, now: Timestamp) throws -> Int {
        let ids = try tx.assetsWithLostImages(limit: limit)
        for asset in try tx.assets(ids) {
            var changed = asset
            let entries = try asset.metadataEntries(losing: { try tx.asset($0, in: asset.project) == nil })
            try changed.setMetadata(entries)
            guard changed.metadata.text != asset.metadata.text else { continue }
            _ = try tx.update(changed, now: now)
            try tx.append(.update, .assets, [asset.gid], in: asset.project)
        }
        try tx.forgetLostImages(of: ids)
        return ids.count
    }

    /// What an import left that never came to its end.
    private func purgeHiddenProjects(now: Timestamp) async throws {
        let moment = now.adding(seconds: -Self.orphanSeconds)
        for project in try await service.catalog.read({ try $0.hiddenProjects(before: moment) }) {
            try await all { tx, limit in try tx.purge(project, limit: limit, now: now) ?? 0 }
        }
    }

    /// Repeats short transactions until one finds nothing more.
    private func all(_ body: @escaping @Sendable (any CatalogTransaction, Int) throws -> Int) async throws {
        while try await service.catalog.write(.everything, .bulk, { try body($0, Self.batch) }) > 0 {
            try Task.checkCancellation()
        }
    }

    private func removeReleased(before moment: Timestamp) async throws {
        while true {
            let locations = try await service.catalog.read {
                try $0.removableLocations(before: moment, limit: Self.batch)
            }
            if locations.isEmpty { return }
            try await service.blobs.remove(locations)
            try await service.catalog.write { try $0.forgetLocations(locations) }
        }
    }

    private func removeOrphans(now: Timestamp) async throws {
        // A store whose clock is behind ours says of what has just come that it is older than this process.
        let start = aloneSince?.adding(seconds: -service.blobs.clockTolerance)
        let moment = max(start ?? Timestamp(microseconds: 0), now.adding(seconds: -Self.orphanSeconds))
        let unfinished = try await service.blobs.removeUnfinished(before: moment)
        if unfinished > 0 { logger.info("Unfinished uploads removed", metadata: ["count": "\(unfinished)"]) }
        try await service.blobs.forEachBatch { batch in
            try Task.checkCancellation()
            let old = batch.filter { $0.storedOn < moment }.map(\.location)
            if old.isEmpty { return }
            let orphans = try await service.catalog.read { try $0.unknownLocations(among: old) }
            for orphan in orphans {
                logger.info("Bytes without a row removed", metadata: ["location": "\(orphan)"])
            }
            if !orphans.isEmpty { try await service.blobs.remove(orphans) }
        }
    }
}
