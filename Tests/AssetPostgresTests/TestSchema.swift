import AssetPostgres
import AssetSQL
import Foundation

/// A schema of its own in the database that the tests are given: as good as an empty database.
struct TestSchema: Sendable {
    struct Missing: Error, CustomStringConvertible {
        let description = "STOCKROOM_TEST_POSTGRES names no database: run the tests by scripts/with-postgres"
    }

    let url: String
    let name: String

    private static func base() throws -> String {
        guard let base = ProcessInfo.processInfo.environment["STOCKROOM_TEST_POSTGRES"] else { throw Missing() }
        return base
    }

    /// Outside of all schemas.
    static func anybody() throws -> PostgresDatabase { PostgresDatabase(url: try base(), connections: 3) }

    static func make() async throws -> TestSchema {
        let base = try base()
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        try await anybody().write { db in
            try db.executeScript("CREATE SCHEMA \(name)")
        }
        let separator = base.contains("?") ? "&" : "?"
        return TestSchema(url: "\(base)\(separator)options=-csearch_path%3D\(name)", name: name)
    }

    func database(connections: Int = 4) -> PostgresDatabase { PostgresDatabase(url: url, connections: connections) }

    /// With the tables in it.
    func catalog() async throws -> SQLCatalog {
        let database = database()
        try await Migrator(database).run()
        return SQLCatalog(database)
    }
}
