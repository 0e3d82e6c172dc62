package import AssetCore

/// A value that goes into a statement or comes out of one.
package enum SQLValue: Sendable, Equatable {
    case null
    case int(Int64)
    case text(String)
    case blob([UInt8])
}

/// One row of a result; valid only until the next one is asked for.
package protocol SQLRow {
    func isNull(_ column: Int) -> Bool
    func int(_ column: Int) -> Int64
    func text(_ column: Int) -> String
    func blob(_ column: Int) -> [UInt8]
}

extension SQLRow {
    func int(ifAny column: Int) -> Int64? { isNull(column) ? nil : int(column) }
    func text(ifAny column: Int) -> String? { isNull(column) ? nil : text(column) }
}

/// Where databases differ, as far as the shared statements need to know.
package enum SQLDialect: Sendable {
    case sqlite
    case postgres
}

/// A connection inside a transaction. Placeholders are `?`, in order.
package protocol SQLConnection {
    var dialect: SQLDialect { get }

    /// Runs a statement and calls `body` for each row. `isCached` keeps the prepared statement for the next time: right for
    /// every statement whose text is a constant.
    func query(_ sql: String, _ values: [SQLValue], isCached: Bool, _ body: (any SQLRow) throws -> Void) throws

    /// Runs a statement; answers how many rows it changed.
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue], isCached: Bool) throws -> Int

    /// Runs a statement that inserts one row into a table with an integer key `id`; answers that key.
    func insert(_ sql: String, _ values: [SQLValue]) throws -> Int64

    /// Runs several statements without values, such as a migration.
    func executeScript(_ sql: String) throws
}

extension SQLConnection {
    func query(_ sql: String, _ values: [SQLValue], _ body: (any SQLRow) throws -> Void) throws {
        try query(sql, values, isCached: true, body)
    }

    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int { try execute(sql, values, isCached: true) }

    func first<Value>(_ sql: String, _ values: [SQLValue], _ body: (any SQLRow) throws -> Value) throws -> Value? {
        var result: Value?
        try query(sql, values) { row in if result == nil { result = try body(row) } }
        return result
    }

    /// As `insert`; nil, and nothing changed, when a unique key of the row is taken. A transaction in which a statement has failed
    /// is over on some databases.
    func insertUnlessTaken(_ sql: String, _ values: [SQLValue]) throws -> Int64? {
        try first(sql + " ON CONFLICT DO NOTHING RETURNING id", values) { $0.int(0) }
    }

    /// Deletes up to `limit` rows of `table` with `owner` in `column`, in the order of `key`; answers how many.
    func delete(_ limit: Int, from table: String, of column: String, _ owner: SQLValue, by key: String) throws -> Int {
        try execute(
            """
            DELETE FROM \(table) WHERE \(column) = ? AND \(key) IN (
                SELECT \(key) FROM \(table) WHERE \(column) = ? ORDER BY \(key) LIMIT ?
            )
            """, [owner, owner, .count(limit)])
    }

    func all<Value>(
        _ sql: String, _ values: [SQLValue], isCached: Bool = true, _ body: (any SQLRow) throws -> Value
    ) throws -> [Value] {
        var result: [Value] = []
        try query(sql, values, isCached: isCached) { row in result.append(try body(row)) }
        return result
    }
}

/// The seam that a driver fills.
package protocol SQLDatabase: Sendable {
    func read<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value
    /// As `read`, for what is short enough to be done by whoever asks.
    func lookUp<Value: Sendable>(_ body: @escaping @Sendable (any SQLConnection) throws -> Value) async throws -> Value

    /// As `lookUp`, on the calling thread and at once; nil where that cannot be.
    func lookUpNow<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value?
    /// - Parameter scope: what no other write may touch meanwhile.
    func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value

    /// After a commit: other servers on this database should look at what it touched.
    func announce(_ touched: Touched)
}

extension SQLDatabase {
    package func announce(_ touched: Touched) {}

    package func lookUpNow<Value>(_ body: (any SQLConnection) throws -> Value) throws -> Value? { nil }

    package func write<Value: Sendable>(
        _ scope: WriteScope, _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value { try await write(scope, .small, body) }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Value
    ) async throws -> Value { try await write(.everything, body) }
}

extension SQLValue {
    static func id(_ id: some RowID) -> SQLValue { .int(id.rawValue) }
    static func id(_ id: (some RowID)?) -> SQLValue { id.map { .int($0.rawValue) } ?? .null }
    static func gid(_ gid: GID) -> SQLValue { .blob(gid.bytes) }
    static func time(_ time: Timestamp) -> SQLValue { .int(time.microseconds) }
    static func time(_ time: Timestamp?) -> SQLValue { time.map { .int($0.microseconds) } ?? .null }
    static func text(ifAny text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
    static func int(ifAny value: Int64?) -> SQLValue { value.map(SQLValue.int) ?? .null }
    static func bool(_ value: Bool) -> SQLValue { .int(value ? 1 : 0) }
    static func json(_ value: JSON) -> SQLValue { .text(value.text) }
    static func count(_ value: Int) -> SQLValue { .int(Int64(value)) }
}

extension SQLRow {
    func id<ID: RowID>(_ column: Int, _ type: ID.Type = ID.self) -> ID { ID(rawValue: int(column)) }
    func id<ID: RowID>(ifAny column: Int, _ type: ID.Type = ID.self) -> ID? {
        int(ifAny: column).map(ID.init(rawValue:))
    }
    func time(_ column: Int) -> Timestamp { Timestamp(microseconds: int(column)) }

    func gid(_ column: Int) throws -> GID {
        guard let gid = GID(bytes: blob(column)) else { throw CorruptRow(column: column, what: "gid") }
        return gid
    }

    func raw<Value: RawRepresentable>(_ column: Int, _ type: Value.Type = Value.self) throws -> Value
    where Value.RawValue == String {
        guard let value = Value(rawValue: text(column)) else { throw CorruptRow(column: column, what: "\(Value.self)") }
        return value
    }
}

/// A stored value that this program cannot have written.
struct CorruptRow: Error {
    let column: Int
    let what: String
}

/// Row numbers as a list for `IN (…)`. They are numbers of our own, so the text is safe; a list of a thousand placeholders would
/// have to be bound one by one.
func list(_ ids: some Sequence<AssetID>) -> String {
    let text = ids.map { String($0.rawValue) }.joined(separator: ",")
    // PostgreSQL refuses an empty list, and nothing equals NULL.
    return text.isEmpty ? "NULL" : text
}
