import AssetCore
import AssetSQL
import NIOPosix
import Synchronization

/// Begins what sees one state of the database to its end.
private let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

/// A read of one caller: waits for a thread, runs in a snapshot, and is given up when its task is cancelled.
final class QueuedRead<Value: Sendable>: Sendable {
    private struct State {
        var isCancelled = false
        var connection: PostgresConnection?
    }

    private let body: @Sendable (any SQLConnection) throws -> Value
    private let state = Mutex(State())

    init(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) { self.body = body }

    func run(on threads: PostgresThreads) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                threads.submit { connection in continuation.resume(with: Result { try self.attempt(connection) }) }
            }
        } onCancel: {
            let isRunning = state.withLock { state in
                state.isCancelled = true
                return state.connection != nil
            }
            // That blocks too.
            if isRunning { NIOThreadPool.singleton.submit { _ in self.cancelStatement() } }
        }
    }

    /// Asked again until it has ended: a request that comes between two statements is lost.
    private func cancelStatement() {
        for _ in 0..<100 {
            // Under the lock, so that the connection is not somebody else's meanwhile.
            let isOver = state.withLock { state in
                state.connection?.cancel()
                return state.connection == nil
            }
            if isOver { return }
            Pause.wait(.milliseconds(20))
        }
    }

    private func attempt(_ connection: PostgresConnection?) throws -> Value {
        guard let connection else { throw AssetError(.unavailable, "The server is stopping") }
        let transaction = PostgresTransaction(
            connection: connection, beginning: snapshot, isCancelled: { self.state.withLock { $0.isCancelled } })
        var attempts = 0
        while true {
            do {
                try take(connection)
                defer { state.withLock { $0.connection = nil } }
                try transaction.begin()
                let value = try body(transaction)
                try connection.run("COMMIT")
                return value
            } catch {
                transaction.rollBack()
                attempts += 1
                if state.withLock({ $0.isCancelled }) { throw CancellationError() }
                if !transaction.shouldRepeat(after: error, attempts: attempts) { throw error }
            }
        }
    }

    /// From now on a cancellation ends the statement that runs.
    private func take(_ connection: PostgresConnection) throws {
        try state.withLock { state in
            if state.isCancelled { throw CancellationError() }
            state.connection = connection
        }
    }
}
