import AssetCore
import AssetSQL
import AssetSQLite
import Testing

struct MigratorTests {
    private static let all = [
        "0001_Initial", "0002_ProjectDialect", "0003_Media", "0004_SeveralServers", "0005_SearchMerges",
    ]

    @Test func `migrations run once`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let first = try await Migrator(database).run()
        #expect(first.applied == Self.all)
        let tables = try await database.read { try SQLiteDatabaseTests.tables($0) }
        let second = try await Migrator(database).run()
        #expect(second.applied == [])
        #expect(second.version == first.version)
        #expect(try await database.read { try SQLiteDatabaseTests.tables($0) } == tables)
    }

    @Test func `a dry run tells what would be done and changes nothing`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let report = try await Migrator(database).run(isDryRun: true)
        #expect(report.applied == Self.all)
        #expect(report.version == 0)
        #expect(try await database.read { try SQLiteDatabaseTests.tables($0) } == [])
        #expect(try await Migrator(database).run().applied == Self.all)
        #expect(try await Migrator(database).run(isDryRun: true).applied == [])
    }

    @Test func `a database of the first schema keeps what it holds`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run(upTo: 1)
        try await database.write { db in
            try db.executeScript(
                """
                INSERT INTO accounts (id, code, created_on) VALUES (1, 'one', 0);
                INSERT INTO users (id, gid, account_id, level, username, name, created_on)
                    VALUES (1, randomblob(16), 1, 'manager', 'm', 'M', 0);
                INSERT INTO projects (id, gid, number, account_id, owner_id, name, timezone, languages, created_on)
                    VALUES (1, randomblob(16), 7, 1, 1, 'P', 'UTC', 'en', 0);
                INSERT INTO blobs (id, hash, size, location) VALUES (1, randomblob(32), 1, 'x');
                INSERT INTO assets (id, gid, project_id, name, is_file, file_count, created_on, updated_on)
                    VALUES (1, x'00000000000040008000000000000001', 1, '', 0, 1, 0, 0);
                INSERT INTO assets (id, gid, project_id, parent_id, name, is_file, blob_id, created_on, updated_on)
                    VALUES (2, x'00000000000040008000000000000002', 1, 1, 'old photo.jpg', 1, 1, 0, 0);
                INSERT INTO asset_search (rowid, name, title, description) VALUES (2, '1_old 1_photo 1_jpg', '', '');
                """)
        }
        #expect(try await Migrator(database).run().applied == Array(Self.all.dropFirst()))
        let query = try SearchQuery(parsing: ["language": "en", "q": "photo"])
        let found = try await SQLCatalog(database).read { tx in
            try tx.assets(try tx.search(query, in: ProjectID(rawValue: 1), now: Timestamp(microseconds: 0)))
        }
        #expect(found.map(\.name) == ["old photo.jpg"])
    }

    /// While servers are replaced one by one, the old ones find the schema of the new ones.
    @Test func `a newer schema that only adds is worked with, and left as it is`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let known = try await Migrator(database).run().version
        try await database.write { db in
            _ = try db.execute(
                "INSERT INTO schema_versions (number, name, works_with) VALUES (?, 'the next', ?)",
                [.int(known + 1), .int(known)], isCached: false)
        }
        let report = try await Migrator(database).run()
        #expect(report.applied == [])
        #expect(report.version == known + 1)
    }

    @Test(arguments: [true, false])
    func `a database of a newer schema is refused, and the error says what to do`(isDryRun: Bool) async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        try await database.write { db in
            _ = try db.execute(
                "INSERT INTO schema_versions (number, name) VALUES (9999, 'from the future')", [], isCached: false)
        }
        let error = await #expect(throws: AssetError.self) { try await Migrator(database).run(isDryRun: isDryRun) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("9999") == true)
        #expect(error?.message.contains("newer version of stockroom") == true)
    }
}
