import GRDB
import Logging
import Testing

@testable import AssetSQL
@testable import AssetSQLite

/// How the parts of the search index are put together.
struct SearchMergesTests {
    /// Fewer than FTS5 would merge within a commit.
    private static let commits = 60

    private static func segments(_ database: SQLiteDatabase) async throws -> Int64? {
        try await database.read { db in
            try db.first("SELECT COUNT(DISTINCT segid) FROM asset_search_idx", []) { $0.int(0) }
        }
    }

    @Test(arguments: [true, false])
    func `many commits leave few segments, in which everything is found`(isFile: Bool) async throws {
        let folder = try TemporaryFolder()
        let database = isFile ? try SQLiteDatabase(path: folder.database) : try SQLiteDatabase.inMemory()
        defer { database.close() }
        try await Migrator(database).run()
        for number in 1...Self.commits {
            try await database.write { db in
                _ = try db.execute(
                    "INSERT INTO asset_search (rowid, name, title, description, metadata) VALUES (?, ?, '', '', '')",
                    [.int(Int64(number)), .text("7_photo 7_\(number)")], isCached: true)
            }
        }
        // Each part is followed by a pause: more commits bring the next.
        for _ in 0..<100_000 {
            if try #require(try await Self.segments(database)) < 16 { break }
            try await database.write { _ in }
        }
        #expect(try #require(try await Self.segments(database)) < 16)
        let found = try await database.read { db in
            try db.all("SELECT rowid FROM asset_search WHERE asset_search MATCH '7_photo' ORDER BY rowid", []) {
                $0.int(0)
            }
        }
        #expect(found == Array(1...Int64(Self.commits)))
    }

    /// A writer with 60 segments of so many words each.
    private static func writer(words: Int) async throws -> DatabaseQueue {
        let writer = try DatabaseQueue()
        try await writer.write { db in
            try db.execute(sql: "CREATE VIRTUAL TABLE asset_search USING fts5 (name)")
            try db.execute(
                sql: """
                    INSERT INTO asset_search (asset_search, rank)
                    VALUES ('automerge', 0), ('crisismerge', 64), ('usermerge', 8)
                    """)
        }
        for commit in 0..<60 {
            try await writer.write { db in
                try db.execute(
                    sql: """
                        WITH RECURSIVE numbers (number) AS (
                            SELECT ? UNION ALL SELECT number + 1 FROM numbers LIMIT ?
                        ) INSERT INTO asset_search (name) SELECT '7_' || number FROM numbers
                        """, arguments: [commit * words, words])
            }
        }
        return writer
    }

    private static func segments(_ writer: DatabaseQueue) async throws -> Int {
        try await writer.read { db in
            try Int.fetchOne(db, sql: "SELECT COUNT(DISTINCT segid) FROM asset_search_idx") ?? 0
        }
    }

    private let turns = WriterTurns(logger: Logger(label: "test"))

    @Test func `a part goes on until all is merged, or its time is over`() async throws {
        let writer = try await Self.writer(words: 300)
        #expect(try await Self.segments(writer) == 60)
        SearchMerges(writer: writer, turns: turns, partTime: .zero) {}.makeIfDue()
        // The writer does one thing after the other.
        #expect(try await Self.segments(writer) == 60)
        SearchMerges(writer: writer, turns: turns, partTime: .seconds(600)) {}.makeIfDue()
        #expect(try await Self.segments(writer) < 8)
    }

    private struct Waiting: WriteQueue.Item {
        let isAlone: Bool
        var isCancelled: Bool { false }
        func run(_ db: any SQLConnection) {}
        func succeed() {}
        func fail(_ error: any Error) {}
    }

    @Test(arguments: [(false, 0), (false, 5), (false, 30), (true, 0)])
    func `a part that takes long is given up when somebody waits who is not bulk work`(
        isBulk: Bool, milliseconds: Int
    ) async throws {
        let writer = try await Self.writer(words: 10_000)
        let queue = WriteQueue { _ in }
        queue.add(Waiting(isAlone: isBulk))
        let merges = SearchMerges(
            writer: writer, turns: turns, partTime: .seconds(600), patience: .milliseconds(milliseconds)
        ) {}
        merges.follow(queue)
        merges.makeIfDue()
        #expect((try await Self.segments(writer) == 60) != isBulk)
        // Nobody else is interrupted, and nothing is lost.
        let count = try await writer.write { db in
            try db.execute(sql: "INSERT INTO asset_search (asset_search) VALUES ('integrity-check')")
            return try Int.fetchOne(
                db, sql: "SELECT COUNT(*) FROM asset_search WHERE asset_search MATCH '7_599999 OR 7_0'")
        }
        #expect(count == 2)
        SearchMerges(writer: writer, turns: turns, partTime: .seconds(600)) {}.makeIfDue()
        #expect(try await Self.segments(writer) < 8)
    }

    @Test func `a transaction that changes more than there can be segments succeeds`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        let count: Int64 = 2500
        try await database.write { db in
            for number in 1...count {
                // Each of them makes a segment.
                try db.executeScript(
                    """
                    SAVEPOINT inner;
                    INSERT INTO asset_search (rowid, name, title, description, metadata) VALUES (\(number), '7_photo', '', '', '');
                    RELEASE inner;
                    """)
            }
        }
        let found = try await database.read { db in
            try db.first("SELECT COUNT(*) FROM asset_search WHERE asset_search MATCH '7_photo'", []) { $0.int(0) }
        }
        #expect(found == count)
    }
}
