package import AssetCore
package import AssetSQL
import Foundation
import GRDB

/// SQLite through GRDB's pool: one writer, readers on snapshots beside it.
///
/// Write-ahead log with `synchronous=FULL`: a committed transaction survives the crash of the machine. Writes one file and its
/// `-wal` and `-shm`; needs to create files in that folder. Several processes may open the same file: a writer that finds it
/// locked waits up to ten seconds.
package struct SQLiteDatabase: SQLDatabase {
    private let pool: any DatabaseWriter
    private let writes: WriteQueue
    private let lookUps: LookUpConnections?

    /// Opens or creates the file.
    /// - Parameter readers: how many reads run at the same time.
    package init(path: String, readers: Int = 4) throws {
        var configuration = Self.configuration
        configuration.maximumReaderCount = readers
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool sets NORMAL when it turns the write-ahead log on, and that would lose commits when the machine stops.
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        self.init(pool, LookUpConnections(path: path, configuration: Self.configuration))
    }

    private init(_ pool: any DatabaseWriter, _ lookUps: LookUpConnections?) {
        self.pool = pool
        self.lookUps = lookUps
        writes = WriteQueue { work in
            pool.asyncWriteWithoutTransaction { db in work(SQLiteConnection(db: db)) }
        }
    }

    /// A database that lives in memory, for tests.
    package static func inMemory() throws -> SQLiteDatabase {
        SQLiteDatabase(try DatabaseQueue(configuration: configuration), nil)
    }

    /// Waits for reads and writes that run. The file is then complete by itself, without a write-ahead log; afterwards nothing works.
    package func close() {
        lookUps?.close()
        // The readers first: the last connection puts the log into the file, and must be one that can write.
        (pool as? DatabasePool)?.invalidateReadOnlyConnections()
        try? pool.close()
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.execute(sql: "PRAGMA cache_size = -16384")
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        return configuration
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await pool.read { db in try body(SQLiteConnection(db: db)) }
    }

    package func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        guard let connection = try lookUps?.take() else { return try await read(body) }
        defer { lookUps?.giveBack(connection) }
        return try connection.look { db in try body(SQLiteConnection(db: db)) }
    }

    /// There is one writer, whatever is written.
    package func write<Value: Sendable>(
        _ scope: WriteScope, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await QueuedWrite(body).run(in: writes)
    }
}

struct SQLiteConnection: SQLConnection {
    let db: Database

    var dialect: SQLDialect { .sqlite }

    func query(_ sql: String, _ values: [SQLValue], isCached: Bool, _ body: (any SQLRow) throws -> Void) throws {
        let rows = try Row.fetchCursor(try statement(sql, values, isCached: isCached))
        while let row = try rows.next() { try body(SQLiteRow(row: row)) }
    }

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue], isCached: Bool) throws -> Int {
        try statement(sql, values, isCached: isCached).execute()
        return db.changesCount
    }

    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64 {
        try execute(sql, values, isCached: true)
        return db.lastInsertedRowID
    }

    func executeScript(_ sql: String) throws { try db.execute(sql: sql) }

    private func statement(_ sql: String, _ values: [SQLValue], isCached: Bool) throws -> Statement {
        // SQLite takes a text up to its first NUL: two texts would be one.
        for case .text(let text) in values where text.utf8.contains(0) {
            throw AssetError.badParameter("text", "A text must not contain NUL")
        }
        let statement = isCached ? try db.cachedStatement(sql: sql) : try db.makeStatement(sql: sql)
        // A closure: the same as a key path was looked up at run time, which took 6 % of the writer's time in uploads.
        try statement.setArguments(StatementArguments(values.map { $0.databaseValue }))
        return statement
    }
}

extension SQLiteConnection: WriteConnection {
    var isInsideTransaction: Bool { db.isInsideTransaction }
    func begin() throws { try db.beginTransaction(.immediate) }
    func commit() throws { try db.commit() }
    func rollBack() { if db.isInsideTransaction { try? db.rollback() } }

    func inSavepoint(_ body: () throws -> Void) throws {
        try db.inSavepoint {
            try body()
            return .commit
        }
    }
}

private struct SQLiteRow: SQLRow {
    let row: Row

    func isNull(_ column: Int) -> Bool { row.hasNull(atIndex: column) }
    func int(_ column: Int) -> Int64 { row[column] }
    func text(_ column: Int) -> String { row[column] }
    func blob(_ column: Int) -> [UInt8] { [UInt8](row[column] as Data) }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .int(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .blob(let value): Data(value).databaseValue
        }
    }
}
