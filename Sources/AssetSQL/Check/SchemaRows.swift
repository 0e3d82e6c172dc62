/// What the database says about its own schema: so that whatever goes through all tables forgets no column of a later migration.
struct TableColumn: Sendable, Equatable {
    enum Kind: Sendable { case int, text, blob }

    let name: String
    let kind: Kind
    /// Its place in the primary key, from 1; 0 when it is no part of it.
    let keyPosition: Int
}

/// A column that names a row of another table.
struct TableReference: Sendable, Hashable {
    let table: String
    let column: String
    let target: String
    let targetColumn: String
}

extension SQLConnection {
    /// All tables, those of search indexes included.
    func tableNames() throws -> [String] {
        switch dialect {
        case .sqlite:
            try all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", [], isCached: false) {
                $0.text(0)
            }
        case .postgres:
            try all(
                """
                SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1
                """, [], isCached: false
            ) { $0.text(0) }
        }
    }

    /// The columns of one of the three types that migrations use, in the order of their names; others, such as those of an index,
    /// are left out.
    func columns(of table: String) throws -> [TableColumn] {
        let rows: [(name: String, type: String, key: Int)]
        switch dialect {
        case .sqlite:
            rows = try all("SELECT name, type, pk FROM pragma_table_info(?)", [.text(table)], isCached: false) {
                ($0.text(0), $0.text(1), Int($0.int(2)))
            }
        case .postgres:
            rows = try all(
                """
                SELECT CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT),
                    CAST(COALESCE(k.ordinal_position, 0) AS BIGINT)
                FROM information_schema.columns c
                LEFT JOIN information_schema.table_constraints t ON t.table_schema = c.table_schema
                    AND t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY'
                LEFT JOIN information_schema.key_column_usage k ON k.table_schema = c.table_schema
                    AND k.table_name = c.table_name AND k.constraint_name = t.constraint_name
                    AND k.column_name = c.column_name
                WHERE c.table_schema = current_schema() AND c.table_name = ?
                """, [.text(table)], isCached: false
            ) { ($0.text(0), $0.text(1), Int($0.int(2))) }
        }
        return rows.compactMap { row in
            let kind: TableColumn.Kind
            switch row.type.lowercased() {
            case "bigint", "integer": kind = .int
            case "text": kind = .text
            case "blob", "bytea": kind = .blob
            default: return nil
            }
            return TableColumn(name: row.name, kind: kind, keyPosition: row.key)
        }.sorted { $0.name < $1.name }
    }

    /// All foreign keys.
    func references() throws -> [TableReference] {
        func reference(_ row: any SQLRow) -> TableReference {
            TableReference(table: row.text(0), column: row.text(1), target: row.text(2), targetColumn: row.text(3))
        }
        switch dialect {
        case .sqlite:
            return try all(
                """
                SELECT m.name, f."from", f."table", f."to"
                FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2
                """, [], isCached: false, reference)
        case .postgres:
            return try all(
                """
                SELECT CAST(t.relname AS TEXT), CAST(a.attname AS TEXT), CAST(r.relname AS TEXT), CAST(b.attname AS TEXT)
                FROM pg_constraint c
                JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
                JOIN pg_namespace n ON n.oid = t.relnamespace
                JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]
                WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY 1, 2
                """, [], isCached: false, reference)
        }
    }
}
