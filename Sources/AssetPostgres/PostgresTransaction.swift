import AssetCore
import AssetSQL

/// A connection as the shared statements see it.
struct PostgresTransaction: WriteConnection {
    let connection: PostgresConnection
    /// The statements that begin a transaction.
    let beginning: String
    /// Asked before each statement: whether nobody waits for it any more.
    var isCancelled: @Sendable () -> Bool = { false }

    var dialect: SQLDialect { .postgres }

    func query(_ sql: String, _ values: [SQLValue], isCached: Bool, _ body: (any SQLRow) throws -> Void) throws {
        if isCancelled() { throw CancellationError() }
        let result = try connection.run(sql, values, isCached: isCached)
        for number in 0..<result.rowCount { try body(PostgresRow(result: result, number: number)) }
    }

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue], isCached: Bool) throws -> Int {
        try connection.run(sql, values, isCached: isCached).changedCount
    }

    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 {
        try connection.run(sql + " RETURNING id", values, isCached: true).int(0, 0)
    }

    func executeScript(_ sql: String) throws { try connection.run(sql) }

    // MARK: Transactions

    var isInsideTransaction: Bool { connection.isInsideTransaction }

    func begin() throws {
        try connection.open()
        try connection.run(beginning)
    }

    func commit() throws {
        do {
            // In a transaction that has failed, COMMIT succeeds and says that it has undone everything.
            let answer = try connection.run("COMMIT").command
            guard answer == "COMMIT" else {
                throw PostgresError(state: "25P02", message: "the transaction had failed: \(answer)", moment: .working)
            }
        } catch var error as PostgresError {
            // A refusal undoes everything; without an answer nobody knows.
            if error.isConnectionLost { error.moment = .committing }
            throw error
        }
    }

    func rollBack() {
        if connection.isInsideTransaction { _ = try? connection.run("ROLLBACK") }
        // What is neither idle nor in a transaction by now will not become so.
        if connection.isInsideTransaction { connection.close() }
    }

    func inSavepoint(_ body: () throws -> Void) throws {
        do {
            try connection.run("SAVEPOINT item")
        } catch {
            rollBack()
            throw error
        }
        do {
            try body()
            try connection.run("RELEASE item")
        } catch {
            // Without connection nothing is left to undo. What cannot be undone alone goes with the whole transaction.
            if connection.isInsideTransaction, (try? connection.run("ROLLBACK TO item; RELEASE item")) == nil {
                rollBack()
            }
            throw error
        }
    }

    func shouldRepeat(after error: any Error, attempts: Int) -> Bool {
        guard let error = error as? PostgresError, error.moment != .committing, error.moment != .unreachable else {
            return false
        }
        if error.isConflict {
            // Both may be at it again at the same moment.
            if attempts > 1 { Pause.wait(.milliseconds(Int.random(in: 1...(5 << min(attempts, 5))))) }
            return attempts < 8
        }
        guard error.isConnectionLost else { return false }
        guard attempts <= Self.pauses.count else {
            connection.giveUp(error)
            return false
        }
        Pause.wait(Self.pauses[attempts - 1])
        return true
    }

    /// A restart of the database takes a second or two.
    private static let pauses: [Duration] = [.zero, .milliseconds(200), .milliseconds(600), .milliseconds(1200)]
}
