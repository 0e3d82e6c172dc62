import Synchronization

/// What a `WriteQueue` needs of a driver's connection.
package protocol WriteConnection: SQLConnection {
    /// Some failures, such as a full disk or a lost connection, undo the whole transaction.
    var isInsideTransaction: Bool { get }

    func begin() throws
    func commit() throws
    /// Ends a transaction if there is one.
    func rollBack()
    /// Runs `body`; when it throws, what it did is undone, and the transaction goes on.
    func inSavepoint(_ body: () throws -> Void) throws
    /// Whether a group of writes should first be tried without savepoints. Only where a write that has failed, and keeps quiet about it,
    /// undoes its own statement alone, or the transaction, and where a commit that fails has not been carried out.
    var triesWithoutSavepoints: Bool { get }

    /// Whether the same work may do better when it is done once more; waits as long as that is advisable. Never after a commit
    /// whose outcome is not known.
    /// - Parameter attempts: how often it has failed.
    func shouldRepeat(after error: any Error, attempts: Int) -> Bool
}

extension WriteConnection {
    package var triesWithoutSavepoints: Bool { false }

    package func shouldRepeat(after error: any Error, attempts: Int) -> Bool { false }
}

/// Lets writes that wait for each other share a transaction, and with it one sync of the disk (group commit).
///
/// A write is still atomic by itself: it runs in a savepoint of its own, and when it fails, only its changes are undone. None of the
/// group is answered before the commit. Savepoints cost something (on SQLite each makes the search index write a segment), and failures
/// are rare: a group may first be tried without, and all of it is undone and done again when one fails.
package final class WriteQueue: Sendable {
    /// A write that waits.
    package protocol Item: Sendable {
        /// Whether it shares a transaction with nobody.
        var isAlone: Bool { get }
        var isCancelled: Bool { get }
        /// Runs the write, and keeps what it answers; may be called again after the transaction was lost.
        func run(_ db: any SQLConnection) throws
        /// The commit is done.
        func succeed()
        func fail(_ error: any Error)
    }

    /// What a thread with a connection does.
    package typealias Work = @Sendable (any WriteConnection) -> Void

    private struct State {
        var waiting: [any Item] = []
        var isRunning = false
        /// How many groups are not tried without savepoints, because one has failed.
        var carefulGroups = 0
    }

    private let start: @Sendable (@escaping Work) -> Void
    private let state = Mutex(State())

    /// A group takes no more writes after this time: whoever is in it waits for the others.
    private static let groupTime = Duration.milliseconds(20)
    private static let groupSize = 128
    /// After a failure: there may be more of them.
    private static let carefulGroups = 20

    /// - Parameter start: does the work soon, on a thread that may block, with a connection that is its own.
    package init(start: @escaping @Sendable (@escaping Work) -> Void) { self.start = start }

    /// How many wait for their turn.
    package var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Whether somebody waits who is not long work that can wait.
    package var isAwaited: Bool { state.withLock { $0.waiting.contains { !$0.isAlone } } }

    package func add(_ item: any Item) {
        let starts = state.withLock { state in
            state.waiting.append(item)
            if state.isRunning { return false }
            state.isRunning = true
            return true
        }
        if starts { start { db in self.work(db) } }
    }

    /// One group; then others that wait for the thread have their turn before the next.
    private func work(_ db: any WriteConnection) {
        let group = state.withLock { state in
            var group = Array(state.waiting.prefix(Self.groupSize).prefix { !$0.isAlone })
            if group.isEmpty { group = Array(state.waiting.prefix(1)) }
            state.waiting.removeFirst(group.count)
            return group
        }
        let rest = group.count == 1 ? one(group[0], db) : quick(group, db) ?? several(group, db)
        let goesOn = state.withLock { state in
            state.waiting.insert(contentsOf: rest, at: 0)
            state.isRunning = !state.waiting.isEmpty
            return state.isRunning
        }
        if goesOn { start { db in self.work(db) } }
    }

    @discardableResult
    private func one(_ item: any Item, _ db: any WriteConnection) -> [any Item] {
        var attempts = 0
        while true {
            do {
                if item.isCancelled { throw CancellationError() }
                try db.begin()
                try item.run(db)
                try db.commit()
                item.succeed()
                return []
            } catch {
                db.rollBack()
                attempts += 1
                if db.shouldRepeat(after: error, attempts: attempts) { continue }
                item.fail(error)
                return []
            }
        }
    }

    private func begin(_ db: any WriteConnection) throws {
        var attempts = 0
        while true {
            do {
                return try db.begin()
            } catch {
                db.rollBack()
                attempts += 1
                guard db.shouldRepeat(after: error, attempts: attempts) else { throw error }
            }
        }
    }

    /// Answers those that did not get their turn; nil when nothing has been done.
    private func quick(_ group: [any Item], _ db: any WriteConnection) -> [any Item]? {
        let isTried = state.withLock { state in
            state.carefulGroups -= state.carefulGroups > 0 ? 1 : 0
            return state.carefulGroups == 0
        }
        guard db.triesWithoutSavepoints, isTried else { return nil }
        do {
            try begin(db)
        } catch {
            for item in group { item.fail(error) }
            return []
        }
        if let rest = withoutSavepoints(group, db) { return rest }
        state.withLock { $0.carefulGroups = Self.carefulGroups }
        return nil
    }

    private func withoutSavepoints(_ group: [any Item], _ db: any WriteConnection) -> [any Item]? {
        let began = ContinuousClock.now
        var count = 0
        do {
            while count < group.count, count == 0 || ContinuousClock.now - began < Self.groupTime {
                if group[count].isCancelled { throw CancellationError() }
                try group[count].run(db)
                // Some failures undo everything before them.
                guard db.isInsideTransaction else { return nil }
                count += 1
            }
            try db.commit()
        } catch {
            db.rollBack()
            return nil
        }
        for item in group[..<count] { item.succeed() }
        return Array(group[count...])
    }

    /// Answers those that did not get their turn.
    private func several(_ group: [any Item], _ db: any WriteConnection) -> [any Item] {
        let began = ContinuousClock.now
        var done: [any Item] = []
        // What a write has seen of the group, and was refused for, counts only once it is committed.
        var refused: [(item: any Item, error: any Error)] = []
        var next = 0
        do {
            try begin(db)
            while next < group.count, next == 0 || ContinuousClock.now - began < Self.groupTime {
                let item = group[next]
                next += 1
                do {
                    if item.isCancelled { throw CancellationError() }
                    try db.inSavepoint { try item.run(db) }
                    done.append(item)
                } catch {
                    refused.append((item, error))
                    // The whole transaction is undone: the others begin again, each alone.
                    if !db.isInsideTransaction {
                        refused.removeLast()
                        one(item, db, after: error)
                        for item in done + refused.map(\.item) { one(item, db) }
                        return Array(group[next...])
                    }
                }
            }
            try db.commit()
        } catch {
            db.rollBack()
            for item in done + refused.map(\.item) + group[next...] { item.fail(error) }
            return []
        }
        for item in done { item.succeed() }
        for (item, error) in refused { one(item, db, after: error) }
        return Array(group[next...])
    }

    /// An item that has failed in a group.
    private func one(_ item: any Item, _ db: any WriteConnection, after error: any Error) {
        if db.shouldRepeat(after: error, attempts: 1) { one(item, db) } else { item.fail(error) }
    }
}
