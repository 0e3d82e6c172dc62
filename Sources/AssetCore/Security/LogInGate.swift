import Synchronization

/// Bounds how many log-ins wait for their password check: beyond that one is refused at once, instead of long after its client
/// has gone.
package final class LogInGate: Sendable {
    private static let maximumWaiting = 16
    private let waiting = Mutex(0)

    package init() {}

    /// - Throws: `rateLimited` when too many wait; what `body` throws.
    func pass<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isFull = waiting.withLock { waiting in
            waiting += 1
            return waiting > Self.maximumWaiting
        }
        defer { waiting.withLock { $0 -= 1 } }
        if isFull { throw AssetError(.rateLimited, "Too many log-ins at the same time") }
        return try await body()
    }
}
