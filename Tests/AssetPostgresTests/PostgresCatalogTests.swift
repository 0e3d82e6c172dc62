import AssetCore
import AssetTesting
import Testing

/// The conformance suite on PostgreSQL.
struct PostgresCatalogTests {
    @Test(arguments: CatalogSuite.Check.allCases)
    func `PostgreSQL conforms`(check: CatalogSuite.Check) async throws {
        try await CatalogSuite { try await TestSchema.make().catalog() }.run(check)
    }
}
