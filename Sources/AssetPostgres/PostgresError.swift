import CPostgres

/// A failure of the database or of the way to it; its text is for the log.
struct PostgresError: Error, CustomStringConvertible {
    /// Where in a transaction it happened.
    enum Moment {
        case connecting, working
        /// Nobody has answered in time.
        case unreachable
        /// Whether the transaction was committed is not known.
        case committing
    }

    /// Five characters (PostgreSQL manual, appendix A); empty when the connection was lost.
    let state: String
    let message: String
    var moment: Moment

    var description: String {
        "PostgreSQL \(state.isEmpty ? "(no connection)" : state): \(message)"
    }

    /// No answer comes over this connection any more, or it is one that says so.
    var isConnectionLost: Bool {
        // 57P01 to 57P03: the database stops, has crashed, or starts up; 08: connection exception.
        state.isEmpty || state.hasPrefix("08") || state.hasPrefix("57P")
    }

    /// Another transaction was in the way, which is over now: a serialization failure, a deadlock; a key that another one has just
    /// inserted or deleted, which the next attempt will see; a prepared statement from before a change of the schema.
    var isConflict: Bool { ["40001", "40P01", "23503", "23505", "0A000", "26000"].contains(state) }

    /// The database has no room: of its disk, its memory or its connections.
    var isExhausted: Bool { state.hasPrefix("53") }

    /// The user lacks a privilege.
    var isForbidden: Bool { state == "42501" }

    /// A statement took longer than it may, or was cancelled.
    var isCancelled: Bool { state == "57014" }
}
