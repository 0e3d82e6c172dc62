import AssetPostgres
import AssetSQL
import Foundation

/// A schema of its own in the database that the tests are given: as good as an empty database.
struct TestSchema {
    struct Missing: Error, CustomStringConvertible {
        let description = "STOCKROOM_TEST_POSTGRES names no database: run the tests by scripts/with-postgres"
    }

    let url: String
    let name: String

    static func make() async throws -> TestSchema {
        guard let base = ProcessInfo.processInfo.environment["STOCKROOM_TEST_POSTGRES"] else { throw Missing() }
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        try await PostgresDatabase(url: base, connections: 3).write { db in
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
