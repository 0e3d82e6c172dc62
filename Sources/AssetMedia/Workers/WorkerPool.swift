import AssetCore
import Foundation
import Logging
import NIOPosix
import Synchronization

/// Worker processes, as many as there are places; each is started when it is first needed, and replaced when it has died or worked
/// for long.
final class WorkerPool: Sendable {
    private let settings: MediaSettings
    private let gate: WorkerGate
    private let threads: NIOThreadPool
    private let idle = Mutex<[Idle]>([])
    private let logger = Logger(label: "media")

    /// What a decoder leaks, or an attacker hides, ends with its process.
    private static let maximumRequests = 500

    /// A worker that nobody uses.
    ///
    /// `@unchecked`: it is taken out of the list under its lock, and used by the one thread that took it.
    private struct Idle: @unchecked Sendable {
        let worker: WorkerProcess
    }

    /// - Parameter threads: at least as many as there are workers, since each exchange blocks one.
    init(_ settings: MediaSettings, threads: NIOThreadPool) {
        self.settings = settings
        self.threads = threads
        gate = WorkerGate(places: settings.workers, maximumWaiting: settings.maximumWaiting)
    }

    /// Gets the source and runs blocking work on it, in one of the places: so there are never more copies of sources than places.
    func pass<Source: Sendable, Value: Sendable>(
        _ priority: WorkerGate.Priority, getting source: @Sendable () async throws -> Source,
        _ work: @escaping @Sendable (Source) throws -> Value
    ) async throws -> Value {
        try await gate.pass(priority) {
            let source = try await source()
            return try await self.threads.perform { try work(source) }
        }
    }

    /// Within a place: lets a worker do something.
    /// - Throws: `WorkerDeath`; it has been replaced then.
    @available(*, noasync)
    func exchange(
        _ task: WorkerRequest.Task, type: String?, source: CInt, output: CInt?
    ) throws -> WorkerReply {
        let worker = try take()
        let request = WorkerRequest(task: task, type: type, limits: settings.limits)
        do {
            return try exchange(request, worker, source, output)
        } catch WorkerDeath.unavailable where worker.requests > 1 {
            // It ended while it had nothing to do, and just now: the request has not reached it.
            return try exchange(request, try WorkerProcess(settings), source, output)
        }
    }

    @available(*, noasync)
    private func exchange(
        _ request: WorkerRequest, _ worker: WorkerProcess, _ source: CInt, _ output: CInt?
    ) throws -> WorkerReply {
        do {
            let reply = try worker.exchange(request, source: source, output: output, seconds: settings.seconds)
            if worker.requests < Self.maximumRequests { idle.withLock { $0.append(Idle(worker: worker)) } }
            return reply
        } catch {
            logger.warning("A media worker has ended", metadata: ["reason": "\(error)"])
            throw error
        }
    }

    private func take() throws -> WorkerProcess {
        while let known = idle.withLock({ $0.popLast() }) {
            // Whoever was killed while it had nothing to do is nobody's fault.
            if known.worker.isAlive { return known.worker }
        }
        return try WorkerProcess(settings)
    }
}

extension NIOThreadPool {
    /// Runs blocking work to its end, also when the task is cancelled: descriptors stay open for as long as they are used.
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
}
