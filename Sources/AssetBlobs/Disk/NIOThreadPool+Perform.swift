import AssetCore
import NIOPosix

extension NIOThreadPool {
    /// Runs blocking work on a thread of the pool, to its end even when the task is cancelled: a descriptor must not be closed
    /// while a call on it is under way. Whoever works in many steps asks for cancellation between them.
    ///
    /// `runIfActive` answers a cancelled task without running the work, and (swift-nio 2.101) never forgets the number of an item
    /// that was cancelled while it ran.
    func perform<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit { state in
                switch state {
                case .active: continuation.resume(with: Result(catching: work))
                case .cancelled: continuation.resume(throwing: AssetError(.unavailable, "The server is stopping"))
                }
            }
        }
    }

    /// As `perform`, also when the pool has been stopped: nothing else would close the file.
    func cleanUp(_ work: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            submit { _ in
                work()
                continuation.resume()
            }
        }
    }
}
