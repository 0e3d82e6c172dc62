import Logging
import Synchronization
import Testing

@testable import AssetSQLite

struct WriterTurnsTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private struct Collector: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let facts = (event.metadata ?? [:]).filter { !$0.key.hasSuffix("milliseconds") }
            let text = facts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            lines.add("\(event.level) \(event.message): \(text)")
        }
    }

    private func lines(limit: Duration) -> [String] {
        let lines = Lines()
        let turns = WriterTurns(logger: Logger(label: "test") { _ in Collector(lines: lines) }, limit: limit)
        for kind in [WriterTurns.Kind.merge, .write, .write] { turns.measure(kind) {} }
        turns.tell()
        return lines.all
    }

    @Test func `all turns are counted by their kind`() {
        #expect(
            lines(limit: .seconds(600)) == [
                "debug The writer's turns: count=2 kind=write long=0",
                "debug The writer's turns: count=1 kind=merge long=0",
            ])
    }

    @Test func `each that is too long is told at once`() {
        #expect(
            lines(limit: .zero) == [
                "debug The writer was held for long: kind=merge", "debug The writer was held for long: kind=write",
                "debug The writer was held for long: kind=write",
                "debug The writer's turns: count=2 kind=write long=2",
                "debug The writer's turns: count=1 kind=merge long=1",
            ])
    }
}
