package import Logging
import ServiceLifecycle

/// Keeps the feeds from growing for ever: removes the lines that newer lines of the same key make pointless.
///
/// A line is pointless when a newer line of its key has the same action, or is a DELETE. Whatever cursor a client has, the lines that
/// are left behind it tell the same: for each key its last INSERT, its last UPDATE and its last DELETE stay, in their order. So a
/// feed holds a few lines for each object that there is, and one for each that there was.
///
/// A feed is looked at when it has grown by half since the last time, so that the work for each line stays constant.
package struct FeedCompactor: Service {
    private let service: AssetService
    private let logger: Logger
    private let duty: Duty

    private static let interval = Duration.seconds(60)
    /// How many new lines are not worth a pass.
    private static let slack: Int64 = 10_000
    /// How many lines are read or removed in one transaction.
    private static let batch = 2000
    /// How many keys are remembered at a time, at most: more are dealt with in several passes.
    private static let keysAtOnce: Int64 = 200_000

    package init(service: AssetService, logger: Logger) {
        self.service = service
        self.logger = logger
        duty = Duty("compaction", service: service, leaseSeconds: 90)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await duty.perform { _ = try await compact() }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("The feeds cannot be compacted", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// One look at every feed; answers how many lines were removed.
    /// - Parameter slack: how many new lines are not worth a pass.
    @discardableResult
    package func compact(slack: Int64 = Self.slack) async throws -> Int {
        var removed = 0
        for feed in try await service.catalog.read({ try $0.feeds() }) {
            let grown = feed.head - feed.compactedTo
            guard grown > 0, grown >= slack + feed.linesThen / 2 else { continue }
            let count = try await compact(feed)
            removed += count
            if count > 0 {
                logger.info("Feed compacted", metadata: ["feed": "\(feed.name)", "removed": "\(count)"])
            }
        }
        return removed
    }

    private func compact(_ feed: Feed) async throws -> Int {
        let lines = feed.linesThen + feed.head - feed.compactedTo
        let parts = UInt64(lines / Self.keysAtOnce + 1)
        var removed = 0
        for part in 0..<parts { removed += try await compact(feed, part: part, of: parts) }
        let left = lines - Int64(removed)
        try await service.catalog.write(.rows) { try $0.markCompacted(feed.name, to: feed.head, lines: left) }
        return removed
    }

    /// From the newest line to the oldest: the first of its kind for a key is the one that stays.
    private func compact(_ feed: Feed, part: UInt64, of parts: UInt64) async throws -> Int {
        var seen: Set<SeenLine> = []
        var removed = 0
        var before = feed.head + 1
        while true {
            try Task.checkCancellation()
            let start = before
            let lines = try await service.catalog.read {
                try $0.feedLines(of: feed.name, before: start, limit: Self.batch)
            }
            guard let oldest = lines.last else { return removed }
            before = oldest.cursor
            var pointless: [Int64] = []
            for line in lines where line.key.high % parts == part {
                let isDeleted = seen.contains(SeenLine(key: line.key, action: .delete))
                if !seen.insert(SeenLine(key: line.key, action: line.action)).inserted || isDeleted {
                    pointless.append(line.cursor)
                }
            }
            if pointless.isEmpty { continue }
            let cursors = pointless
            try await service.catalog.write(.rows, .bulk) { try $0.removeFeedLines(of: feed.name, cursors) }
            removed += cursors.count
        }
    }

    private struct SeenLine: Hashable {
        let key: FeedKey
        let action: ChangeAction
    }
}
