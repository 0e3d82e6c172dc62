package import AssetCore
package import AssetSQL
import CPostgres
import Synchronization

/// PostgreSQL 15 or newer through libpq: what `postgres://…` says (PostgreSQL manual, 34.1.1.2), TLS included.
///
/// Needs to create tables and functions in the schema that the search path names first. Reads run in snapshots, writes read what is
/// committed, behind locks that keep changes with a common scope apart: one of the whole database that all share but a write of
/// everything, and one for each project. The locks are the database's, so that they hold between servers.
///
/// A transaction that meets a conflict, or loses its connection before its commit, is done again; when nobody can know whether a
/// commit arrived, the write fails as `unavailable`.
package final class PostgresDatabase: SQLDatabase {
    private let readers: PostgresThreads
    private let writers: PostgresThreads
    private let url: String
    let announcements = Announcements()
    private let queues = Mutex<[WriteScope: WriteQueue]>([:])

    /// - Parameters:
    ///   - url: `postgres://` or `postgresql://`.
    ///   - connections: how many may be open at the same time, 3 at least: a third of them write.
    package init(url: String, connections: Int = 12) {
        self.url = url
        let writing = max(connections / 3, 1)
        readers = PostgresThreads(url: url, name: "stockroom reader", count: max(connections - writing, 2))
        writers = PostgresThreads(url: url, name: "stockroom writer", count: writing)
    }

    /// Whether a URL is one. What libpq says of one that is not may hold the password.
    package static func isReadable(_ url: String) -> Bool {
        let place = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "?" }
        let parts = place.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts[0].count(where: { $0 == "@" }) <= 1, parts.count < 2 || !parts[1].contains("@"),
            let options = unsafe PQconninfoParse(url, nil)
        else { return false }
        unsafe PQconninfoFree(options)
        return true
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await translating { try await QueuedRead(body).run(on: readers) }
    }

    /// The calls of the library block, so that these need a thread too.
    package func lookUp<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value { try await read(body) }

    package func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value {
        try await translating { try await QueuedWrite(size, body).run(in: queue(for: scope)) }
    }

    package func announce(_ touched: Touched) { announcements.add(touched) }

    /// One connection beside the pool, with a thread of its own.
    func threadOfItsOwn(_ name: String) -> PostgresThreads { PostgresThreads(url: url, name: name, count: 1) }

    /// Writes of one scope wait for each other here and not each with a connection.
    private func queue(for scope: WriteScope) -> WriteQueue {
        queues.withLock { queues in
            if let known = queues[scope] { return known }
            let beginning = Self.beginning(scope)
            let queue = WriteQueue { [writers] work in
                writers.submit { connection in
                    // Without a pool the process ends, and with it whoever waits.
                    guard let connection else { return }
                    work(PostgresTransaction(connection: connection, beginning: beginning))
                }
            }
            queues[scope] = queue
            return queue
        }
    }

    /// How many writes wait for their turn.
    package func waitingCount(_ scope: WriteScope) -> Int { queue(for: scope).waitingCount }

    /// The first half of a lock's key: installations in different schemas of one database have their own. The second half is 0 for the
    /// lock that all writes share, and a project's row number, from 1, for its own.
    private static let lockSpace = "hashtext('stockroom ' || current_schema())"

    private static func beginning(_ scope: WriteScope) -> String {
        // Whatever the database's default is: the locks must come before what is seen.
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
        let everybody = "SELECT pg_advisory_xact_lock_shared(\(lockSpace), 0)"
        switch scope {
        case .everything: return "\(begin); SELECT pg_advisory_xact_lock(\(lockSpace), 0)"
        case .rows: return "\(begin); \(everybody)"
        case .project(let project):
            // Row numbers above four thousand million would share locks with others, and only wait a little more.
            let key = Int32(truncatingIfNeeded: project.rawValue)
            return "\(begin); \(everybody); SELECT pg_advisory_xact_lock(\(lockSpace), \(key))"
        }
    }

    /// Callers learn that the database does not answer; the log learns the rest.
    private func translating<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as PostgresError {
            if error.isConnectionLost || error.isExhausted {
                throw AssetError(.unavailable, "The database does not answer", detail: error.description)
            }
            if error.isForbidden {
                throw AssetError(
                    .unavailable,
                    "The database does not allow this to its user, who must be able to create tables in it",
                    detail: error.description)
            }
            throw error
        }
    }
}
