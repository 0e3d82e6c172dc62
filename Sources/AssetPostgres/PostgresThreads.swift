import AssetCore
import NIOPosix
import Synchronization

/// A bounded pool: threads that each have a connection. Who finds none free waits in line.
final class PostgresThreads: Sendable {
    private let url: String
    private let name: String
    private let threads: NIOThreadPool
    private let reach = PostgresReach()
    private let idle = Mutex<[PostgresConnection]>([])

    init(url: String, name: String, count: Int) {
        self.url = url
        self.name = name
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    /// Runs `work` to its end, also when the task is cancelled.
    func perform<Value: Sendable>(_ work: @escaping @Sendable (PostgresConnection) throws -> Value) async throws
        -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            submit { connection in
                continuation.resume(
                    with: Result {
                        guard let connection else { throw AssetError(.unavailable, "The server is stopping") }
                        return try work(connection)
                    })
            }
        }
    }

    /// Runs `work` on a thread with a connection that is its own meanwhile; with nil when the pool has been stopped.
    func submit(_ work: @escaping @Sendable (PostgresConnection?) -> Void) {
        threads.submit { [self] state in
            guard case .active = state else { return work(nil) }
            let connection = idle.withLock { $0.popLast() } ?? PostgresConnection(url: url, name: name, reach: reach)
            work(connection)
            idle.withLock { $0.append(connection) }
        }
    }
}
