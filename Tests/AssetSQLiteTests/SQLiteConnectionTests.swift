import AssetCore
import AssetSQL
import AssetSQLite
import Foundation
import GRDB
import Testing

/// Statements, their values and rows, and the log behind them.
struct SQLiteConnectionTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase

    init() async throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase(path: folder.database)
        try await database.write { try $0.executeScript("CREATE TABLE lines (id INTEGER PRIMARY KEY, value)") }
    }

    private func insert(_ values: [SQLValue]) async throws {
        try await database.write { _ = try $0.execute("INSERT INTO lines VALUES (?, ?)", values, isCached: true) }
    }

    private func count() async throws -> Int64 {
        try await database.read { db in
            var count: Int64 = 0
            try db.query("SELECT COUNT(*) FROM lines", [], isCached: true) { count = $0.int(0) }
            return count
        }
    }

    @Test func `values come back as they were, also empty ones`() async throws {
        let texts = ["", "a", "Grüße 🧶\u{1}", String(repeating: "ß", count: 100_000)]
        let blobs: [[UInt8]] = [[], [0], [UInt8](repeating: 7, count: 100_000)]
        let numbers: [Int64] = [0, -1, .min, .max]
        let values = texts.map(SQLValue.text) + blobs.map(SQLValue.blob) + numbers.map(SQLValue.int) + [.null]
        for (index, value) in values.enumerated() { try await insert([.int(Int64(index)), value]) }
        let found = try await database.read { db in
            var found: [SQLValue] = []
            try db.query("SELECT typeof(value), value FROM lines ORDER BY id", [], isCached: true) { row in
                switch row.text(0) {
                case "text": found.append(.text(row.text(1)))
                case "blob": found.append(.blob(row.blob(1)))
                case "integer": found.append(.int(row.int(1)))
                default: found.append(row.isNull(1) ? .null : .text("?"))
                }
            }
            return found
        }
        #expect(found == values)
    }

    @Test func `a text with NUL, or a wrong number of values, is refused`() async throws {
        await #expect(throws: AssetError.self) { try await insert([.int(1), .text("a\0b")]) }
        await #expect(throws: DatabaseError.self) { try await insert([.int(1)]) }
        await #expect(throws: DatabaseError.self) { try await insert([.int(1), .null, .null]) }
        #expect(try await count() == 0)
    }

    @Test func `a statement that has failed works the next time`() async throws {
        try await insert([.int(1), .null])
        let error = await #expect(throws: DatabaseError.self) { try await insert([.int(1), .null]) }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
        #expect(error?.message?.contains("lines.id") == true)
        try await insert([.int(2), .null])
        #expect(try await count() == 2)
    }

    @Test func `a row that is not wanted ends the statement and the read`() async throws {
        struct Enough: Error {}
        for id in 1...3 { try await insert([.int(Int64(id)), .null]) }
        for _ in 0..<2 {
            await #expect(throws: Enough.self) {
                try await database.lookUp { db in
                    try db.query("SELECT id FROM lines ORDER BY id", [], isCached: true) { row in
                        if row.int(0) == 2 { throw Enough() }
                    }
                }
            }
        }
        #expect(try await count() == 3)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a read that nobody waits for any more ends between two statements, and within one`() async throws {
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
        for sql in ["SELECT 1", endless] {
            let (began, begins) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            let read = Task {
                try await database.read { db in
                    while true { try db.query(sql, [], isCached: true) { _ in begins.yield() } }
                }
            }
            for await _ in began.prefix(1) {}
            read.cancel()
            await #expect(throws: CancellationError.self) { try await read.value }
        }
        #expect(try await count() == 0)
    }

    @Test func `a read cancelled at any moment leaves no transaction open`() async throws {
        for number in 0..<1000 {
            let read = Task {
                try await database.read { db in
                    for _ in 0..<5 { try db.query("SELECT COUNT(*) FROM lines", [], isCached: true) { _ in } }
                }
            }
            for _ in 0..<number % 25 { await Task.yield() }
            read.cancel()
            _ = await read.result
        }
        try await insert([.int(1), .null])
        #expect(try await count() == 1)
    }

    /// How often the log has begun anew: the fourth number of its header (SQLite's "WAL-mode File Format").
    private func logNumber() throws -> UInt32 {
        let log = try FileHandle(forReadingFrom: URL(filePath: folder.database + "-wal"))
        defer { try? log.close() }
        return try log.read(upToCount: 16)?.suffix(4).reduce(0) { $0 << 8 | UInt32($1) } ?? 0
    }

    /// Half a megabyte, 123 pages of the log.
    private func insertMuch(_ id: Int64) async throws {
        try await insert([.int(id), .blob([UInt8](repeating: 1, count: 500_000))])
    }

    /// Writes until the log has begun anew so many times; answers how many rows.
    private func write(from first: Int64 = 1, untilAnew times: UInt32) async throws -> Int64 {
        let began = try logNumber()
        var id = first
        while try logNumber() < began + times, id < first + 500 {
            try await insertMuch(id)
            id += 1
        }
        #expect(try logNumber() >= began + times, "\(id - first) commits of half a megabyte")
        return id - first
    }

    /// What a database opened anew finds.
    private func countOpenedAnew() async throws -> Int64 {
        let again = try SQLiteDatabase(path: folder.database)
        defer { again.close() }
        return try await again.read { db in
            try db.query("PRAGMA integrity_check", [], isCached: false) { #expect($0.text(0) == "ok") }
            var rows: Int64 = 0
            try db.query("SELECT COUNT(*) FROM lines WHERE length(value) = 500000", [], isCached: true) {
                rows = $0.int(0)
            }
            return rows
        }
    }

    @Test func `the log begins anew while writes go on, and nothing is lost`() async throws {
        let written = try await write(untilAnew: 2)
        #expect(try await count() == written)
        database.close()
        #expect(!FileManager.default.fileExists(atPath: folder.database + "-wal"))
        #expect(try await countOpenedAnew() == written)
    }

    @Test func `a long read keeps its state, and the log begins anew when it has ended`() async throws {
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let end = DispatchSemaphore(value: 0)
        async let seen = database.read { db in
            var count: Int64 = 0
            func look() throws {
                try db.query("SELECT COUNT(*) FROM lines", [], isCached: true) { count += $0.int(0) }
            }
            try look()
            begins.yield()
            end.wait()
            try look()
            return count
        }
        defer { end.signal() }
        for await _ in began.prefix(1) {}
        try await insertMuch(1)
        let log = try logNumber()
        for id in 2...100 { try await insertMuch(Int64(id)) }
        #expect(try logNumber() == log)
        end.signal()
        #expect(try await seen == 0)
        let later = try await write(from: 101, untilAnew: 2)
        database.close()
        #expect(try await countOpenedAnew() == 100 + later)
    }

    @Test func `closing while writes run keeps what was acknowledged`() async throws {
        let (written, writes) = AsyncStream.makeStream(of: Int64.self)
        let writer = Task {
            defer { writes.finish() }
            var id: Int64 = 0
            while true {
                try await insertMuch(id + 1)
                id += 1
                writes.yield(id)
            }
        }
        // About when the log is due.
        for await id in written where id >= 33 { break }
        database.close()
        let outcome = await writer.result
        #expect(throws: (any Error).self) { try outcome.get() }
        var last: Int64 = 33
        for await id in written { last = id }
        #expect(try await [last, last + 1].contains(countOpenedAnew()))
    }
}
