import AssetCore
import AssetSQL
import CPostgres
import Foundation
import Synchronization

/// One connection. Its calls block.
///
/// `@unchecked Sendable`: a connection is used by one thread at a time, the one that took it from its `PostgresThreads`; only `cancel`
/// is called by others, and that touches nothing but what `PQgetCancel` gave, under a lock.
@safe final class PostgresConnection: @unchecked Sendable {
    private let url: String
    private let name: String
    private let reach: PostgresReach
    private var pointer: OpaquePointer?
    /// The names of prepared statements, by text and types of their values; the oldest first.
    private var prepared: [StatementKey: String] = [:]
    private var order: [StatementKey] = []
    private var preparedCount = 0
    private let cancelling = Mutex<CancelHandle?>(nil)

    private struct StatementKey: Hashable {
        let sql: String
        let types: [Oid]
    }

    /// What another thread needs to end the statement that runs.
    @safe private struct CancelHandle: @unchecked Sendable {
        // The library allows its use by any thread ("PQcancel", PostgreSQL manual, 34.7); the lock keeps it from being freed meanwhile.
        let pointer: OpaquePointer
    }

    private static let maximumPrepared = 200

    /// - Parameter name: what the database shows of who is connected.
    init(url: String, name: String, reach: PostgresReach) {
        self.url = url
        self.name = name
        self.reach = reach
    }

    deinit { close() }

    var isOpen: Bool { unsafe pointer != nil }

    func close() {
        cancelling.withLock { handle in
            if let known = handle { unsafe PQfreeCancel(known.pointer) }
            handle = nil
        }
        if let open = unsafe pointer { unsafe PQfinish(open) }
        unsafe pointer = nil
        prepared = [:]
        order = []
    }

    /// Connects unless that has been done.
    ///
    /// A silent database is given up after some ten seconds, unless the URL says otherwise; the database ends statements after two
    /// minutes, and transactions whose server has gone silent.
    /// - Throws: `PostgresError`; `unavailable` when the database is too old.
    func open() throws {
        guard unsafe pointer == nil else { return }
        try reach.check()
        let began = ContinuousClock.now
        let parameters = [
            ("connect_timeout", "5"), ("keepalives_idle", "5"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"), ("application_name", name), ("dbname", url), ("client_encoding", "UTF8"),
        ]
        let new = unsafe Self.withPointers(parameters) { keys, values in unsafe PQconnectdbParams(keys, values, 1) }
        guard let new = unsafe new else {
            throw PostgresError(state: "53200", message: "no memory for a connection", moment: .connecting)
        }
        guard unsafe PQstatus(new) == CONNECTION_OK else {
            let message = unsafe Self.trimmed(String(cString: PQerrorMessage(new)))
            unsafe PQfinish(new)
            let error = PostgresError(state: "", message: message, moment: .connecting)
            throw reach.failed(error, after: ContinuousClock.now - began)
        }
        let version = unsafe PQserverVersion(new)
        guard version >= 150_000 else {
            unsafe PQfinish(new)
            throw AssetError(.unavailable, "PostgreSQL 15 or newer is needed; this is \(version / 10_000)")
        }
        unsafe PQsetNoticeProcessor(new, { _, _ in }, nil)
        unsafe pointer = new
        let handle = unsafe PQgetCancel(new).map { unsafe CancelHandle(pointer: $0) }
        cancelling.withLock { $0 = handle }
        do {
            try run(
                """
                SET standard_conforming_strings = on; SET statement_timeout = '120s';
                SET idle_in_transaction_session_timeout = '15s'; SET jit = off
                """)
        } catch {
            close()
            throw error
        }
    }

    private static func withPointers<Value>(
        _ pairs: [(String, String)],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        // Ended by NULL, as the library wants them; freed when it has made its own copies.
        let keys = unsafe pairs.map { unsafe UnsafePointer<CChar>(strdup($0.0)) } + [nil]
        let values = unsafe pairs.map { unsafe UnsafePointer<CChar>(strdup($0.1)) } + [nil]
        defer {
            for index in pairs.indices {
                unsafe free(UnsafeMutablePointer(mutating: keys[index]))
                unsafe free(UnsafeMutablePointer(mutating: values[index]))
            }
        }
        return unsafe keys.withUnsafeBufferPointer { keys in
            unsafe values.withUnsafeBufferPointer { values in
                // Neither is empty.
                unsafe body(keys.baseAddress!, values.baseAddress!)
            }
        }
    }

    /// Whether a transaction is open, also one that has failed.
    var isInsideTransaction: Bool {
        guard let open = unsafe pointer else { return false }
        let status = unsafe PQtransactionStatus(open)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Asks the database to end the statement that runs now, if any.
    func cancel() {
        cancelling.withLock { handle in
            guard let handle else { return }
            var message = [CChar](repeating: 0, count: 256)
            _ = unsafe PQcancel(handle.pointer, &message, CInt(message.count))
        }
    }

    // MARK: Statements

    /// Runs statements without values; answers the rows of the last one.
    @discardableResult
    func run(_ sql: String) throws -> PostgresResult {
        let open = try unsafe opened()
        return try unsafe checked(unsafe PQexec(open, sql))
    }

    /// - Parameter isCached: prepares the statement once for the life of the connection.
    func run(_ sql: String, _ values: [SQLValue], isCached: Bool) throws -> PostgresResult {
        // Here and in SQLite a text has no NUL.
        for case .text(let text) in values where text.utf8.contains(0) {
            throw AssetError.badParameter("text", "A text must not contain NUL")
        }
        let bound = BoundValues(values)
        let statement = isCached ? try prepare(sql, bound.types) : nil
        let open = try unsafe opened()
        let answer = unsafe bound.withPointers { values, lengths, formats in
            if let statement {
                return unsafe PQexecPrepared(open, statement, bound.count, values, lengths, formats, 1)
            }
            return unsafe PQexecParams(
                open, StatementText.numbered(sql), bound.count, bound.types, values, lengths, formats, 1)
        }
        return try unsafe checked(answer)
    }

    private func prepare(_ sql: String, _ types: [Oid]) throws -> String {
        let key = StatementKey(sql: sql, types: types)
        if let known = prepared[key] { return known }
        if order.count == Self.maximumPrepared { try forgetOldest() }
        preparedCount += 1
        let name = "s\(preparedCount)"
        let open = try unsafe opened()
        try unsafe checked(unsafe PQprepare(open, name, StatementText.numbered(sql), CInt(types.count), types))
        prepared[key] = name
        order.append(key)
        return name
    }

    private func forgetOldest() throws {
        let oldest = order.removeFirst()
        if let name = prepared.removeValue(forKey: oldest) { try run("DEALLOCATE \(name)") }
    }

    /// Connecting is of no use for a while.
    func giveUp(_ error: PostgresError) { reach.giveUp(error) }

    private func opened() throws -> OpaquePointer {
        guard let open = unsafe pointer else {
            throw PostgresError(state: "", message: "the connection was lost", moment: .working)
        }
        return unsafe open
    }

    @discardableResult
    private func checked(_ answer: OpaquePointer?) throws -> PostgresResult {
        let open = try unsafe opened()
        guard let answer = unsafe answer else { throw unsafe lost(open) }
        switch unsafe PQresultStatus(answer) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return unsafe PostgresResult(answer)
        default:
            defer { unsafe PQclear(answer) }
            let state = unsafe PQresultErrorField(answer, CInt(UInt8(ascii: "C"))).map { unsafe String(cString: $0) }
            // Without a state it is the library that speaks, and not the database.
            guard let state, unsafe PQstatus(open) == CONNECTION_OK else { throw unsafe lost(open) }
            let message = unsafe Self.trimmed(String(cString: PQresultErrorMessage(answer)))
            throw failed(PostgresError(state: state, message: message, moment: .working))
        }
    }

    private func failed(_ error: PostgresError) -> PostgresError {
        // Prepared before a change of the schema: made anew at the next attempt.
        if error.state == "0A000" || error.state == "26000" { close() }
        return error
    }

    private func lost(_ open: OpaquePointer) -> PostgresError {
        let message = unsafe Self.trimmed(String(cString: PQerrorMessage(open)))
        close()
        return PostgresError(state: "", message: message, moment: .working)
    }

    private static func trimmed(_ text: String) -> String {
        text.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }.joined(separator: "; ")
    }

    // MARK: Notifications

    /// The payloads that have come; waits for one for at most so long.
    func notifications(waiting timeout: Duration) throws -> [String] {
        let open = try unsafe opened()
        var payloads = try unsafe received(open)
        if !payloads.isEmpty { return payloads }
        var descriptor = unsafe pollfd(fd: PQsocket(open), events: Int16(POLLIN), revents: 0)
        let milliseconds = timeout.components.seconds * 1000 + timeout.components.attoseconds / 1_000_000_000_000_000
        if unsafe poll(&descriptor, 1, CInt(clamping: milliseconds)) > 0 {
            guard unsafe PQconsumeInput(open) == 1 else { throw unsafe lost(open) }
            payloads = try unsafe received(open)
        }
        return payloads
    }

    private func received(_ open: OpaquePointer) throws -> [String] {
        var payloads: [String] = []
        while let notification = unsafe PQnotifies(open) {
            unsafe payloads.append(String(cString: notification.pointee.extra))
            unsafe PQfreemem(notification)
        }
        return payloads
    }
}
