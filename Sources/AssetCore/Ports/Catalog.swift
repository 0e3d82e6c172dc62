/// The database of everything but bytes.
///
/// Closures are synchronous, so that no transaction spans an `await`; they may run on any thread, and must not touch anything
/// outside the transaction. A closure that throws leaves the database as it was. An `AssetError` is thrown on unchanged; any other
/// error becomes an `internalError` that keeps the original for the log.
package protocol Catalog: Sendable {
    /// Learns of every commit by this process that appended to a feed, before `write` returns.
    var feedSignal: FeedSignal { get }

    /// Runs `body` on a consistent snapshot. Does not wait for writers.
    func read<Value: Sendable>(_ body: @escaping @Sendable (any CatalogTransaction) throws -> Value) async throws
        -> Value

    /// As `read`, for a few look-ups by key: what runs here may keep others from running, so that it must be short. Saves the way to
    /// another thread and back where there is no need for it.
    func lookUp<Value: Sendable>(_ body: @escaping @Sendable (any CatalogTransaction) throws -> Value) async throws
        -> Value

    /// Runs `body` as one atomic and isolated change. When this returns, the change is durable.
    ///
    /// When the task is cancelled while `body` waits for its turn or runs, nothing is changed, and `CancellationError` is thrown.
    /// `body` may run a second time when the database has undone the first.
    func write<Value: Sendable>(_ body: @escaping @Sendable (any CatalogTransaction) throws -> Value) async throws
        -> Value
}

extension Catalog {
    package func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await read(body) }
}

/// What a transaction can do: one protocol for each group of tables.
package typealias CatalogTransaction = AccountTables & AssetTables & BackupTables & BlobTables & ChangeTables
    & JobTables & MediaTables & ProjectTables & SearchTables & SegmentTables
