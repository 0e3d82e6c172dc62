import Synchronization

/// Wakes the runner when there is work, and whoever waits for a job to end: within this process only. Across processes, a look
/// once a second finds the work, and the end of what another one has done.
package final class JobSignal: Sendable {
    private struct State {
        var workers: [Int: AsyncStream<Void>.Continuation] = [:]
        var waiters: [Int: (job: JobID, continuation: AsyncStream<Void>.Continuation)] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// There is a new job.
    package func wake() {
        let workers = state.withLock { Array($0.workers.values) }
        for worker in workers { worker.yield() }
    }

    /// A job has ended, or its runner has given it back.
    package func finished(_ job: JobID) {
        let waiting = state.withLock { state in
            state.waiters.values.filter { $0.job == job }.map(\.continuation)
        }
        for waiter in waiting { waiter.yield() }
    }

    /// Any job may have ended in another process.
    package func lookAgain() {
        let waiting = state.withLock { $0.waiters.values.map(\.continuation) }
        for waiter in waiting { waiter.yield() }
    }

    /// Wake-ups for a worker, from now on; several while it is busy count as one.
    package func wakeUps() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.workers[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.workers[number] = nil }
        }
        return stream
    }

    /// An element whenever `job` has ended, or may have; ends with the task. Ask before looking at the job, so that nothing is missed.
    package func ends(of job: JobID) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.waiters[state.next] = (job, continuation)
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.waiters[number] = nil }
        }
        return stream
    }
}
