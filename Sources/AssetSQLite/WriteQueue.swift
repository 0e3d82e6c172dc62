import GRDB
import Synchronization

/// Lets writes that wait for each other share a transaction, and with it one sync of the disk (group commit).
///
/// A write is still atomic by itself: it runs in a savepoint of its own, and when it fails, only its changes are undone. None of the
/// group is answered before the commit.
final class WriteQueue: Sendable {
    /// A write that waits.
    protocol Item: Sendable {
        var isCancelled: Bool { get }
        /// Runs the write, and keeps what it answers; may be called again after the transaction was lost.
        func run(_ db: Database) throws
        /// The commit is done.
        func succeed()
        func fail(_ error: any Error)
    }

    private struct State {
        var waiting: [any Item] = []
        var isRunning = false
    }

    private let writer: any DatabaseWriter
    private let state = Mutex(State())

    /// A group takes no more writes after this time: whoever is in it waits for the others.
    private static let groupTime = Duration.milliseconds(20)
    private static let groupSize = 128

    init(_ writer: any DatabaseWriter) { self.writer = writer }

    /// How many wait for their turn.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func add(_ item: any Item) {
        let starts = state.withLock { state in
            state.waiting.append(item)
            if state.isRunning { return false }
            state.isRunning = true
            return true
        }
        if starts { writer.asyncWriteWithoutTransaction { db in self.work(db) } }
    }

    private func work(_ db: Database) {
        while true {
            let group = state.withLock { state in
                let group = Array(state.waiting.prefix(Self.groupSize))
                state.waiting.removeFirst(group.count)
                if group.isEmpty { state.isRunning = false }
                return group
            }
            if group.isEmpty { return }
            let rest = group.count == 1 ? one(group[0], db) : several(group, db)
            if !rest.isEmpty { state.withLock { $0.waiting.insert(contentsOf: rest, at: 0) } }
        }
    }

    @discardableResult
    private func one(_ item: any Item, _ db: Database) -> [any Item] {
        if item.isCancelled {
            item.fail(CancellationError())
            return []
        }
        do {
            try db.inTransaction(.immediate) {
                try item.run(db)
                return .commit
            }
            item.succeed()
        } catch {
            item.fail(error)
        }
        return []
    }

    /// Answers those that did not get their turn.
    private func several(_ group: [any Item], _ db: Database) -> [any Item] {
        let began = ContinuousClock.now
        var done: [any Item] = []
        // What a write has seen of the group, and was refused for, counts only once it is committed.
        var refused: [(item: any Item, error: any Error)] = []
        var next = 0
        do {
            try db.beginTransaction(.immediate)
            while next < group.count, next == 0 || ContinuousClock.now - began < Self.groupTime {
                let item = group[next]
                next += 1
                do {
                    if item.isCancelled { throw CancellationError() }
                    try db.inSavepoint {
                        try item.run(db)
                        return .commit
                    }
                    done.append(item)
                } catch {
                    refused.append((item, error))
                    // Some failures, such as a full disk, undo the whole transaction: the others begin again, each alone.
                    if !db.isInsideTransaction {
                        refused.removeLast().item.fail(error)
                        for item in done + refused.map(\.item) { one(item, db) }
                        return Array(group[next...])
                    }
                }
            }
            try db.commit()
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            for item in done + refused.map(\.item) + group[next...] { item.fail(error) }
            return []
        }
        for item in done { item.succeed() }
        for (item, error) in refused { item.fail(error) }
        return Array(group[next...])
    }
}

/// A write of one caller.
final class QueuedWrite<Value: Sendable>: WriteQueue.Item {
    private struct State {
        var value: Value?
        var isCancelled = false
        var continuation: CheckedContinuation<Value, any Error>?
    }

    private let body: @Sendable (Database) throws -> Value
    private let state = Mutex(State())

    init(_ body: @escaping @Sendable (Database) throws -> Value) { self.body = body }

    /// Waits in the queue, and for the commit.
    func run(in queue: WriteQueue) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.continuation = continuation }
                queue.add(self)
            }
        } onCancel: {
            state.withLock { $0.isCancelled = true }
        }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func run(_ db: Database) throws {
        let value = try body(db)
        // Cancelled while it ran: nothing is changed.
        try state.withLock { state in
            if state.isCancelled { throw CancellationError() }
            state.value = value
        }
    }

    func succeed() {
        let (value, continuation) = state.withLock { ($0.value, $0.continuation) }
        if let value { continuation?.resume(returning: value) }
    }

    func fail(_ error: any Error) {
        let continuation = state.withLock { $0.continuation }
        continuation?.resume(throwing: error)
    }
}
