package import AssetCore
import Synchronization

/// A write of one caller.
package final class QueuedWrite<Value: Sendable>: WriteQueue.Item {
    private struct State {
        var value: Value?
        var isCancelled = false
        var continuation: CheckedContinuation<Value, any Error>?
    }

    private let size: WriteSize
    private let body: @Sendable (any SQLConnection) throws -> Value
    private let state = Mutex(State())

    package init(_ size: WriteSize = .small, _ body: @escaping @Sendable (any SQLConnection) throws -> Value) {
        self.size = size
        self.body = body
    }

    /// Waits in the queue, and for the commit.
    package func run(in queue: WriteQueue) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.continuation = continuation }
                queue.add(self)
            }
        } onCancel: {
            state.withLock { $0.isCancelled = true }
        }
    }

    package var isAlone: Bool { size == .bulk }

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    package func run(_ db: any SQLConnection) throws {
        let value = try body(db)
        // Cancelled while it ran: nothing is changed.
        try state.withLock { state in
            if state.isCancelled { throw CancellationError() }
            state.value = value
        }
    }

    package func succeed() {
        let (value, continuation) = state.withLock { ($0.value, $0.continuation) }
        if let value { continuation?.resume(returning: value) }
    }

    package func fail(_ error: any Error) {
        let continuation = state.withLock { $0.continuation }
        continuation?.resume(throwing: error)
    }
}
