import AssetCore
import AssetSQL
import GRDB
import GRDBSQLite
import Synchronization

/// A connection of GRDB's, with statements that GRDB keeps. They are run through SQLite's own functions: for statements as short as
/// most are here, the arguments and rows of GRDB take several times what SQLite does.
struct SQLiteConnection: SQLConnection {
    let db: Database
    /// Whether nobody waits for the rest any more; nil for work that is done to its end.
    var cancellation: CancellationFlag?

    var dialect: SQLDialect { .sqlite }

    func query(_ sql: String, _ values: [SQLValue], isCached: Bool, _ body: (any SQLRow) throws -> Void) throws {
        if let cancellation, cancellation.isSet { throw CancellationError() }
        try run(sql, values, isCached: isCached, body)
    }

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue], isCached: Bool) throws -> Int {
        try run(sql, values, isCached: isCached) { _ in }
        return db.changesCount
    }

    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 {
        try execute(sql, values, isCached: true)
        return db.lastInsertedRowID
    }

    func executeScript(_ sql: String) throws { try db.execute(sql: sql) }

    private func run(_ sql: String) throws { try run(sql, [], isCached: true) { _ in } }

    private func run(
        _ sql: String, _ values: [SQLValue], isCached: Bool, _ body: (any SQLRow) throws -> Void
    ) throws {
        let statement = isCached ? try db.cachedStatement(sql: sql) : try db.makeStatement(sql: sql)
        try withExtendedLifetime(statement) {
            let steps = unsafe SQLiteSteps(statement.sqliteStatement)
            // Whatever happens: a statement that is not reset keeps its transaction open.
            defer { steps.reset() }
            try steps.bind(values)
            while try steps.next() { try body(steps) }
        }
    }
}

extension SQLiteConnection: WriteConnection {
    var isInsideTransaction: Bool { db.isInsideTransaction }
    var triesWithoutSavepoints: Bool { true }
    func begin() throws { try run("BEGIN IMMEDIATE") }
    func commit() throws { try run("COMMIT") }
    func rollBack() {
        // Who interrupts a read may hit this statement; there is nothing to interrupt the second time.
        for _ in 0..<2 where isInsideTransaction { try? run("ROLLBACK") }
    }

    func inSavepoint(_ body: () throws -> Void) throws {
        try run("SAVEPOINT one")
        do {
            try body()
            try run("RELEASE one")
        } catch {
            if isInsideTransaction {
                try run("ROLLBACK TO one")
                try run("RELEASE one")
            }
            throw error
        }
    }

    /// Runs what only reads, on one state of the database.
    func inSnapshot<Value>(_ body: () throws -> Value) throws -> Value {
        try run("BEGIN")
        // Nothing has changed: ending it one way or the other is the same, and this way does not fail.
        defer { rollBack() }
        return try body()
    }
}

final class CancellationFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// A prepared statement that runs: its values, and its rows one after the other. GRDB keeps the statement meanwhile.
@safe private struct SQLiteSteps: SQLRow {
    private let statement: SQLiteStatement

    init(_ statement: SQLiteStatement) { unsafe self.statement = statement }

    func bind(_ values: [SQLValue]) throws {
        guard unsafe Int(sqlite3_bind_parameter_count(statement)) == values.count else {
            throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "\(values.count) values", sql: sql)
        }
        for (index, value) in values.enumerated() { try check(try bind(value, at: CInt(index + 1))) }
    }

    private func bind(_ value: SQLValue, at index: CInt) throws -> CInt {
        switch value {
        case .null: return unsafe sqlite3_bind_null(statement, index)
        case .int(let number): return unsafe sqlite3_bind_int64(statement, index, number)
        case .text(var text):
            return try text.withUTF8 { bytes in
                // SQLite takes a text up to its first NUL: two texts would be one.
                if unsafe bytes.contains(0) {
                    throw AssetError.badParameter("text", "A text must not contain NUL")
                }
                // Without an address it would be NULL.
                guard let start = bytes.baseAddress else {
                    return unsafe sqlite3_bind_text(statement, index, "", 0, nil)
                }
                return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) { start in
                    unsafe sqlite3_bind_text(statement, index, start, CInt(bytes.count), Self.copied)
                }
            }
        case .blob(let bytes):
            // Without an address it would be NULL.
            if bytes.isEmpty { return unsafe sqlite3_bind_zeroblob(statement, index, 0) }
            return unsafe bytes.withUnsafeBytes { bytes in
                unsafe sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), Self.copied)
            }
        }
    }

    /// SQLite copies what it is given, so that it need not stay where it is.
    private static var copied: sqlite3_destructor_type { unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// Goes to the next row; false when there is none.
    func next() throws -> Bool {
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        // Only who cancels a read interrupts.
        case SQLITE_INTERRUPT: throw CancellationError()
        case let code:
            try check(code)
            return false
        }
    }

    func reset() { _ = unsafe sqlite3_reset(statement) }

    private func check(_ code: CInt) throws {
        guard code != SQLITE_OK else { return }
        throw unsafe DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: String(cString: sqlite3_errmsg(sqlite3_db_handle(statement))), sql: sql)
    }

    private var sql: String { unsafe String(cString: sqlite3_sql(statement)) }

    func isNull(_ column: Int) -> Bool { unsafe sqlite3_column_type(statement, CInt(column)) == SQLITE_NULL }
    func int(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(statement, CInt(column)) }

    func text(_ column: Int) -> String {
        guard let start = unsafe sqlite3_column_text(statement, CInt(column)) else { return "" }
        let count = unsafe Int(sqlite3_column_bytes(statement, CInt(column)))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func blob(_ column: Int) -> [UInt8] {
        let start = unsafe sqlite3_column_blob(statement, CInt(column))
        let count = unsafe Int(sqlite3_column_bytes(statement, CInt(column)))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
