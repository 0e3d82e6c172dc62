package import AssetCore
package import AssetSQL
import GRDB
import Logging

/// SQLite through GRDB's pool: one writer, readers on snapshots beside it.
///
/// Write-ahead log with `synchronous=FULL`: a committed transaction survives the crash of the machine. Writes one file and its
/// `-wal` and `-shm`; needs to create files in that folder. Several processes may open the same file: a writer that finds it
/// locked waits up to ten seconds.
package struct SQLiteDatabase: SQLDatabase {
    private let pool: any DatabaseWriter
    private let writes: WriteQueue
    private let lookUps: LookUpConnections?
    private let checkpoints: Checkpoints?
    private let turns: WriterTurns

    /// Opens or creates the file.
    /// - Parameter readers: how many reads run at the same time.
    package init(path: String, readers: Int = 4) throws {
        var configuration = Self.configuration
        configuration.maximumReaderCount = readers
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool sets NORMAL when it turns the write-ahead log on, and that would lose commits when the machine stops.
        try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
        let turns = WriterTurns(logger: Logger(label: "stockroom"))
        self.init(
            pool, LookUpConnections(path: path, configuration: Self.configuration),
            try Checkpoints(path: path, configuration: Self.configuration, writer: pool, turns: turns), turns)
    }

    private init(
        _ pool: any DatabaseWriter, _ lookUps: LookUpConnections?, _ checkpoints: Checkpoints?, _ turns: WriterTurns
    ) {
        self.pool = pool
        self.lookUps = lookUps
        self.checkpoints = checkpoints
        self.turns = turns
        let merges = SearchMerges(writer: pool, turns: turns) { checkpoints?.makeIfDue() }
        writes = WriteQueue { work in
            pool.asyncWriteWithoutTransaction { db in
                turns.measure(.write) { work(SQLiteConnection(db: db)) }
                checkpoints?.makeIfDue()
                if checkpoints?.takeCommitted() ?? true { merges.makeIfDue() }
            }
        }
        merges.follow(writes)
    }

    /// A database that lives in memory, for tests.
    package static func inMemory() throws -> SQLiteDatabase {
        SQLiteDatabase(
            try DatabaseQueue(configuration: configuration), nil, nil, WriterTurns(logger: Logger(label: "stockroom")))
    }

    /// Waits for reads and writes that run. The file is then complete by itself, without a write-ahead log; afterwards nothing works.
    package func close() {
        lookUps?.close()
        checkpoints?.close()
        // The readers first: the last connection puts the log into the file, and must be one that can write.
        (pool as? DatabasePool)?.invalidateReadOnlyConnections()
        try? pool.close()
        turns.tell()
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
        let cancellation = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await pool.unsafeRead { db in
                let connection = SQLiteConnection(db: db, cancellation: cancellation)
                return try connection.inSnapshot { try body(connection) }
            }
        } onCancel: {
            cancellation.set()
        }
    }

    package func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        guard let connection = try lookUps?.take() else { return try await read(body) }
        defer { lookUps?.giveBack(connection) }
        return try connection.look { db in try Self.look(db, body) }
    }

    package func lookUpNow<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value? {
        guard let lookUps else { return try pool.unsafeRead { db in try Self.look(db, body) } }
        guard let connection = try lookUps.take() else { return nil }
        defer { lookUps.giveBack(connection) }
        return try connection.look { db in try Self.look(db, body) }
    }

    private static func look<Value>(_ db: Database, _ body: (any SQLConnection) throws -> Value) throws -> Value {
        let connection = SQLiteConnection(db: db)
        return try connection.inSnapshot { try body(connection) }
    }

    /// There is one writer, whatever is written.
    package func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        if size == .bulk { await checkpoints?.waitForRoom() }
        return try await QueuedWrite(size, body).run(in: writes)
    }
}
