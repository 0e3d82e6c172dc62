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
        /// See `Checkpoints`.
        case checkpoint
    }

    private struct Figures {
        var count = 0
        var longCount = 0
        var longest = Duration.zero

        mutating func add(_ took: Duration) {
            count += 1
            if took > WriterTurns.limit { longCount += 1 }
            longest = max(longest, took)
        }
    }

    private let logger: Logger
    private let figures = Mutex<[Kind: Figures]>([:])

    static let limit = Duration.milliseconds(50)

    init(logger: Logger) { self.logger = logger }

    func measure(_ kind: Kind, _ body: () -> Void) {
        let began = ContinuousClock.now
        body()
        let took = ContinuousClock.now - began
        figures.withLock { figures in
            figures[kind, default: Figures()].add(took)
        }
        if took > Self.limit {
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
