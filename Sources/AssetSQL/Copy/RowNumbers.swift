/// The last number that each table with numbered rows has given: the next one is larger, also when the row is gone.
enum RowNumbers {
    static func last(_ db: any SQLConnection) throws -> [String: Int64] {
        switch db.dialect {
        case .sqlite:
            let rows = try db.all("SELECT name, seq FROM sqlite_sequence", []) { ($0.text(0), $0.int(1)) }
            let known = Set(CopiedTables.all)
            return Dictionary(uniqueKeysWithValues: rows.filter { known.contains($0.0) })
        case .postgres:
            var numbers: [String: Int64] = [:]
            for table in CopiedTables.all {
                guard let sequence = try sequence(of: table, db) else { continue }
                numbers[table] = try db.first(
                    "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM \(sequence)", []
                ) { $0.int(0) }
            }
            return numbers
        }
    }

    static func set(_ numbers: [String: Int64], _ db: any SQLConnection) throws {
        for (table, number) in numbers where number > 0 {
            switch db.dialect {
            case .sqlite:
                let changed = try db.execute(
                    "UPDATE sqlite_sequence SET seq = ? WHERE name = ?", [.int(number), .text(table)])
                if changed == 0 {
                    try db.execute(
                        "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [.text(table), .int(number)])
                }
            case .postgres:
                guard let sequence = try sequence(of: table, db) else { continue }
                try db.query("SELECT setval('\(sequence)', \(number))", [], isCached: false) { _ in }
            }
        }
    }

    private static func sequence(of table: String, _ db: any SQLConnection) throws -> String? {
        guard try db.columns(of: table).contains(where: { $0.name == "id" && $0.kind == .int }) else { return nil }
        let name = try db.first(
            "SELECT CAST(pg_get_serial_sequence('\(table)', 'id') AS TEXT)", []
        ) { $0.text(ifAny: 0) }
        return name ?? nil
    }
}
