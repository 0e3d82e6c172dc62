import AssetCore

/// A table whose rows are read and written whole, whatever columns it has.
struct TableRows: Sendable {
    let name: String
    let columns: [TableColumn]

    /// In the order of the primary key.
    private var key: [TableColumn] { columns.filter { $0.keyPosition > 0 }.sorted { $0.keyPosition < $1.keyPosition } }
    private var columnList: String { columns.map(\.name).joined(separator: ", ") }

    init(_ name: String, _ db: any SQLConnection) throws {
        self.name = name
        columns = try db.columns(of: name)
        guard columns.contains(where: { $0.keyPosition > 0 }) else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "The table \(name) has no key")
        }
    }

    func column(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }

    func count(_ db: any SQLConnection) throws -> Int64 {
        try db.first("SELECT COUNT(*) FROM \(name)", []) { $0.int(0) } ?? 0
    }

    /// The next rows by key.
    func rows(_ db: any SQLConnection, after position: CopyPosition, limit: Int) throws -> [[SQLValue]] {
        let names = key.map(\.name).joined(separator: ", ")
        var condition = ""
        var values: [SQLValue] = []
        if case .after(let last) = position {
            condition = "WHERE (\(names)) > (\(Self.places(key.count)))"
            values = last
        }
        return try db.all(
            "SELECT \(columnList) FROM \(name) \(condition) ORDER BY \(names) LIMIT ?", values + [.count(limit)],
            value(of:))
    }

    private func value(of row: any SQLRow) -> [SQLValue] {
        columns.enumerated().map { place, column in
            if row.isNull(place) { return .null }
            return switch column.kind {
            case .int: .int(row.int(place))
            case .text: .text(row.text(place))
            case .blob: .blob(row.blob(place))
            }
        }
    }

    func position(behind row: [SQLValue]) -> CopyPosition {
        .after(key.compactMap { column in self.column(column.name).map { row[$0] } })
    }

    /// Rows of one statement: each has a way to the database and back of its own otherwise.
    private static let rowsAtOnce = 40

    func insert(_ rows: [[SQLValue]], _ db: any SQLConnection) throws {
        for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
            let part = rows[start..<min(start + Self.rowsAtOnce, rows.count)]
            let places = Array(repeating: "(\(Self.places(columns.count)))", count: part.count)
            try db.execute(
                "INSERT INTO \(name) (\(columnList)) VALUES \(places.joined(separator: ", "))", part.flatMap(\.self),
                isCached: part.count == Self.rowsAtOnce)
        }
    }

    private static func places(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ", ") }

    /// What a row is hashed as. Each value is told from the next by its length.
    func bytes(of row: [SQLValue], leavingOut left: String?) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ kind: UInt8, _ value: some Collection<UInt8>) {
            bytes.append(kind)
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: value)
        }
        for (column, value) in zip(columns, row) where column.name != left {
            switch value {
            case .null: add(0, [])
            case .int(let number): withUnsafeBytes(of: number.littleEndian) { add(1, Array($0)) }
            case .text(let text): add(2, Array(text.utf8))
            case .blob(let blob): add(3, blob)
            }
        }
        return bytes
    }

    /// About how much memory rows take.
    static func size(of rows: [[SQLValue]]) -> Int {
        rows.reduce(0) { sum, row in
            row.reduce(sum) { sum, value in
                switch value {
                case .null, .int: sum + 16
                case .text(let text): sum + 16 + text.utf8.count
                case .blob(let bytes): sum + 16 + bytes.count
                }
            }
        }
    }
}

/// How many rows are read at once: more of small ones.
struct BatchSize: Sendable {
    private(set) var rows = 20
    private static let largest = 1000
    private static let wantedBytes = 2 << 20

    mutating func adapt(to batch: [[SQLValue]]) {
        let size = TableRows.size(of: batch)
        if size > Self.wantedBytes {
            rows = max(rows / 4, 1)
        } else if size < Self.wantedBytes / 4 {
            rows = min(rows * 2, Self.largest)
        }
    }
}
