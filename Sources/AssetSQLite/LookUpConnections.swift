import GRDB
import Synchronization

/// Connections for look-ups that whoever asks does on its own thread: the way through a pool's threads and back costs several times
/// what the look-up takes.
final class LookUpConnections: Sendable {
    private struct State {
        var idle: [DatabaseQueue] = []
        var count = 0
    }

    private let path: String
    private let configuration: Configuration
    private let state = Mutex(State())

    /// As many threads as ever look something up at the same time, and some more: beyond, the pool does it.
    private static let maximumCount = 8

    init(path: String, configuration: Configuration) {
        self.path = path
        var configuration = configuration
        configuration.readonly = true
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA cache_size = -4096") }
        self.configuration = configuration
    }

    /// nil when all are in use.
    func take() throws -> DatabaseQueue? {
        let (known, mayOpen) = state.withLock { state -> (DatabaseQueue?, Bool) in
            if let known = state.idle.popLast() { return (known, false) }
            guard state.count < Self.maximumCount else { return (nil, false) }
            state.count += 1
            return (nil, true)
        }
        guard mayOpen else { return known }
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            state.withLock { $0.count -= 1 }
            throw error
        }
    }

    /// Those that nobody uses just now.
    func close() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for connection in idle { try? connection.close() }
    }

    func giveBack(_ connection: DatabaseQueue) { state.withLock { $0.idle.append(connection) } }
}

extension DatabaseQueue {
    /// Not asynchronous, so that it is done here and now.
    func look<Value>(_ body: (Database) throws -> Value) throws -> Value { try unsafeRead(body) }
}
