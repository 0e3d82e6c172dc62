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

    @Test func `a part goes on until all is merged, or its time is over`() async throws {
        let writer = try DatabaseQueue()
        try await writer.write { try $0.execute(sql: "CREATE VIRTUAL TABLE asset_search USING fts5 (name)") }
        try await writer.write { db in
            try db.execute(
                sql:
                    "INSERT INTO asset_search (asset_search, rank) VALUES ('automerge', 0), ('crisismerge', 64), ('usermerge', 8)"
            )
        }
        // Each commit leaves a segment of many pages.
        for commit in 0..<60 {
            try await writer.write { db in
                for number in 0..<300 {
                    try db.execute(
                        sql: "INSERT INTO asset_search (name) VALUES (?)", arguments: ["7_\(commit * 300 + number)"])
                }
            }
        }
        func segments() async throws -> Int {
            try await writer.read { db in
                try Int.fetchOne(db, sql: "SELECT COUNT(DISTINCT segid) FROM asset_search_idx") ?? 0
            }
        }
        let before = try await segments()
        #expect(before == 60)
        let turns = WriterTurns(logger: Logger(label: "test"))
        let hurried = SearchMerges(writer: writer, turns: turns, partTime: .zero) {}
        hurried.makeIfDue()
        #expect(try await segments() == before)
        let patient = SearchMerges(writer: writer, turns: turns, partTime: .seconds(600)) {}
        patient.makeIfDue()
        // The writer does one thing after the other.
        #expect(try await segments() < 8)
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
