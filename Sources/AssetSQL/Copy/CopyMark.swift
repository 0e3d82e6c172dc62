import AssetCore

/// Stands in a database for as long as it is an unfinished copy of another: how far the copy has come, written in the transactions
/// that bring it there. No other command works on such a database.
struct CopyMark {
    static let table = "unfinished_copy"
    private static let source = "source"

    let db: any SQLConnection

    var exists: Bool {
        get throws { try db.tableNames().contains(Self.table) }
    }

    /// - Parameter source: what `SourceFingerprint` says of the database that is copied.
    func create(source: String) throws {
        try db.executeScript("CREATE TABLE \(Self.table) (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        try set(Self.source, to: source)
    }

    func source() throws -> String? { try value(Self.source) }

    func value(_ name: String) throws -> String? {
        try db.first("SELECT value FROM \(Self.table) WHERE name = ?", [.text(name)]) { $0.text(0) }
    }

    func set(_ name: String, to value: String) throws {
        try db.execute(
            """
            INSERT INTO \(Self.table) (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(name), .text(value)])
    }

    func remove() throws { try db.executeScript("DROP TABLE \(Self.table)") }
}

/// How far one part of a copy has come.
enum CopyPosition: Equatable, Sendable {
    case start
    /// Behind the row with this key.
    case after([SQLValue])
    case done

    init(_ text: String?) throws {
        switch text {
        case nil: self = .start
        case "done": self = .done
        case let text?:
            self = .after(
                try (JSON(parsing: text).arrayValue ?? []).map { value in
                    switch value {
                    case .int(let number): .int(number)
                    case .string(let text): .text(text)
                    default: .blob((value.arrayValue ?? []).map { UInt8($0.intValue ?? 0) })
                    }
                })
        }
    }

    var text: String? {
        switch self {
        case .start: nil
        case .done: "done"
        case .after(let key):
            JSON.array(
                key.map { value in
                    switch value {
                    case .null: .null
                    case .int(let number): .int(number)
                    case .text(let text): .string(text)
                    case .blob(let bytes): .array(bytes.map { .int(Int64($0)) })
                    }
                }
            ).text
        }
    }
}
