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

    /// As `lookUp`, without waiting for anything but the database's file; nil where that cannot be.
    func lookUpNow<Value>(_ body: (any CatalogTransaction) throws -> Value) throws -> Value?

    /// Runs `body` as one atomic and isolated change. When this returns, the change is durable.
    ///
    /// When the task is cancelled while `body` waits for its turn or runs, nothing is changed, and `CancellationError` is thrown.
    /// `body` may run a second time when the database has undone the first.
    /// - Parameters:
    ///   - scope: what `body` decides on and changes.
    ///   - size: how much that is.
    func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value
}

/// What a change reads to decide, and changes. Where a database has several writers, changes of different projects need not wait for
/// each other.
package enum WriteScope: Hashable, Sendable {
    /// Anything: no other change runs meanwhile.
    case everything
    /// The tree, the settings and the jobs of one project, the lines of feeds, and blobs that it claims or lets go. No other change of
    /// this project runs meanwhile.
    case project(ProjectID)
    /// Single rows that are found by a key of their own, and changed whatever else happens: a session, a lease, an expiry, a blob that is
    /// claimed for a token.
    case rows
}

package enum WriteSize: Sendable {
    /// What somebody waits for.
    case small
    /// A step of long work. It waits while the database has more to put away than it can keep up with, and shares a transaction with
    /// nobody, so that nobody else waits for it longer than it takes.
    case bulk
}

extension Catalog {
    package func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await read(body) }

    package func lookUpNow<Value>(_ body: (any CatalogTransaction) throws -> Value) throws -> Value? { nil }

    package func write<Value: Sendable>(
        _ scope: WriteScope, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await write(scope, .small, body) }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await write(.everything, body) }
}

/// What a transaction can do: one protocol for each group of tables.
package typealias CatalogTransaction = AccountTables & AssetTables & BackupTables & BlobTables & ChangeTables
    & CheckTables & JobTables & MediaTables & ProjectTables & SearchTables & SegmentTables & ServerTables
