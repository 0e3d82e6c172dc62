import AssetCore
import AssetSQL
import AssetSQLite
import Testing

struct MigratorTests {
    @Test func `migrations run once`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let first = try await Migrator(database).run()
        #expect(first.applied == ["0001_Initial"])
        let tables = try await database.read { try SQLiteDatabaseTests.tables($0) }
        let second = try await Migrator(database).run()
        #expect(second.applied == [])
        #expect(second.version == first.version)
        #expect(try await database.read { try SQLiteDatabaseTests.tables($0) } == tables)
    }

    @Test func `a dry run tells what would be done and changes nothing`() async throws {
        let database = try SQLiteDatabase.inMemory()
        let report = try await Migrator(database).run(isDryRun: true)
        #expect(report.applied == ["0001_Initial"])
        #expect(report.version == 0)
        #expect(try await database.read { try SQLiteDatabaseTests.tables($0) } == [])
        #expect(try await Migrator(database).run().applied == ["0001_Initial"])
        #expect(try await Migrator(database).run(isDryRun: true).applied == [])
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
