package import AssetCore

/// The catalog over any SQL database: the statements stand in the `…Rows` files, written once.
package struct SQLCatalog: Catalog {
    private let database: any SQLDatabase
    package let feedSignal = FeedSignal()

    /// - Parameter database: one whose schema is up to date (see `Migrator`).
    package init(_ database: any SQLDatabase) { self.database = database }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        try await translating {
            try await database.read { try body(SQLTransaction(db: $0, touched: TouchRecord())) }
        }
    }

    package func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        try await translating {
            try await database.lookUp { try body(SQLTransaction(db: $0, touched: TouchRecord())) }
        }
    }

    package func lookUpNow<Value>(_ body: (any CatalogTransaction) throws -> Value) throws -> Value? {
        try database.lookUpNow { try body(SQLTransaction(db: $0, touched: TouchRecord())) }
    }

    package func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        try await translating {
            let (value, touched) = try await database.write(scope, size) { connection in
                let touched = TouchRecord()
                return (try body(SQLTransaction(db: connection, touched: touched)), touched.value)
            }
            feedSignal.changed(touched)
            database.announce(touched)
            return value
        }
    }

    /// Errors of the driver end here: above, there are only ours and cancellation.
    private func translating<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as AssetError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw AssetError(wrapping: error)
        }
    }
}

/// One transaction. Extended by each `…Rows` file with one group of tables.
struct SQLTransaction {
    let db: any SQLConnection
    let touched: TouchRecord
}

/// What a transaction has touched so far.
final class TouchRecord {
    var value = Touched()
}
