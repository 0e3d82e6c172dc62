import Logging
import Synchronization

/// Measures for how long each piece of work holds the writer. At level `debug` the log tells of each that others had to wait for longer
/// than they should, and in the end how many there were.
final class WriterTurns: Sendable {
    enum Kind: String, CaseIterable {
        /// The writes of callers, with their commit.
        case write
        /// See `SearchMerges`.
        case merge
        /// The same when nobody waits for its end.
        case quietMerge
        /// See `Checkpoints`.
        case checkpoint
    }

    private struct Figures {
        var count = 0
        var longCount = 0
        var longest = Duration.zero

        mutating func add(_ took: Duration, isLong: Bool) {
            count += 1
            if isLong { longCount += 1 }
            longest = max(longest, took)
        }
    }

    private let logger: Logger
    private let limit: Duration
    private let figures = Mutex<[Kind: Figures]>([:])

    static let standardLimit = Duration.milliseconds(50)

    /// - Parameter limit: what takes longer is long.
    init(logger: Logger, limit: Duration = standardLimit) {
        self.logger = logger
        self.limit = limit
    }

    func measure(_ kind: Kind, _ body: () -> Void) {
        let began = ContinuousClock.now
        body()
        add(ContinuousClock.now - began, to: kind)
    }

    func add(_ took: Duration, to kind: Kind) {
        let isLong = took > limit
        figures.withLock { $0[kind, default: Figures()].add(took, isLong: isLong) }
        if isLong {
            logger.debug(
                "The writer was held for long", metadata: ["kind": "\(kind)", "milliseconds": Self.milliseconds(took)])
        }
    }

    func tell() {
        let figures = figures.withLock { $0 }
        for kind in Kind.allCases {
            guard let figures = figures[kind] else { continue }
            logger.debug(
                "The writer's turns",
                metadata: [
                    "kind": "\(kind)", "count": "\(figures.count)", "long": "\(figures.longCount)",
                    "longest_milliseconds": Self.milliseconds(figures.longest),
                ])
        }
    }

    private static func milliseconds(_ duration: Duration) -> Logger.MetadataValue {
        "\(Int(duration / .milliseconds(1)))"
    }
}
