import AssetCore
import AssetSQL
import AssetSQLite
import AssetTesting
import Testing

/// The conformance suite, on both ways to open a database.
struct SQLiteCatalogTests {
    private static func catalog(_ database: SQLiteDatabase) async throws -> SQLCatalog {
        try await Migrator(database).run()
        return SQLCatalog(database)
    }

    @Test(arguments: CatalogSuite.Check.allCases)
    func `a database in memory conforms`(check: CatalogSuite.Check) async throws {
        try await CatalogSuite { try await Self.catalog(.inMemory()) }.run(check)
    }

    @Test(arguments: CatalogSuite.Check.allCases)
    func `a database in a file conforms`(check: CatalogSuite.Check) async throws {
        let folder = try TemporaryFolder()
        try await CatalogSuite { try await Self.catalog(SQLiteDatabase(path: folder.database)) }.run(check)
    }
}
