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
    /// - Throws: `unprocessable` when another copy has made it.
    func create(source: String) throws {
        if try exists { throw Self.isBusy }
        try db.executeScript("CREATE TABLE \(Self.table) (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        try set(Self.source, to: source)
    }

    func source() throws -> String? { try value(Self.source) }

    private func value(_ name: String) throws -> String? {
        try db.first("SELECT value FROM \(Self.table) WHERE name = ?", [.text(name)]) { $0.text(0) }
    }

    func position(of part: String) throws -> CopyPosition { try CopyPosition(try value(part)) }

    /// - Throws: `unprocessable` when the part is elsewhere by now: two copies at once.
    func advance(_ part: String, from old: CopyPosition, to new: CopyPosition) throws {
        guard try exists, try position(of: part) == old else { throw Self.isBusy }
        if let text = new.text { try set(part, to: text) }
    }

    private static let isBusy = AssetError.unprocessable("Another copy is writing to this target")

    private func set(_ name: String, to value: String) throws {
        try db.execute(
            """
            INSERT INTO \(Self.table) (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(name), .text(value)])
    }

    /// - Throws: `unprocessable` when another copy has removed it.
    func remove() throws {
        guard try exists else { throw Self.isBusy }
        try db.executeScript("DROP TABLE \(Self.table)")
    }
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
