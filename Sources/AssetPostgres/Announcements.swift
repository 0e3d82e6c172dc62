import AssetCore
import Synchronization

/// What this server has touched and not yet told the others.
final class Announcements: Sendable {
    private let touched = Mutex(Touched())
    private let (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    func add(_ new: Touched) {
        if new.isEmpty { return }
        touched.withLock { $0.formUnion(new) }
        wake.yield()
    }

    /// One element, or more, after each addition. For one reader.
    var additions: AsyncStream<Void> { wakeUps }

    func take() -> Touched {
        touched.withLock { touched in
            defer { touched = Touched() }
            return touched
        }
    }
}

extension Touched {
    /// A notification holds less than 8000 bytes.
    private static let projectsAtOnce = 300

    /// The texts of notifications: who tells it, and what was touched.
    func payloads(from server: String) -> [String] {
        let flags = (isGlobal ? ["g"] : []) + (isAccess ? ["a"] : [])
        let numbers = projects.map { "\($0.rawValue)" }
        let parts = stride(from: 0, to: max(numbers.count, 1), by: Self.projectsAtOnce).map {
            numbers[$0..<min($0 + Self.projectsAtOnce, numbers.count)]
        }
        return parts.map { ([server] + flags + $0).joined(separator: " ") }
    }

    /// What another server tells; nil for what `server` has told itself.
    init?(payload: String, at server: String) {
        let words = payload.split(separator: " ")
        guard let sender = words.first, sender != server else { return nil }
        self.init()
        for word in words.dropFirst() {
            switch word {
            case "g": isGlobal = true
            case "a": isAccess = true
            default: if let number = Int64(word) { projects.insert(ProjectID(rawValue: number)) }
            }
        }
    }
}
