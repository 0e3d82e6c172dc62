import AssetCore

/// A folder can be younger than what lies in it, and so have a larger number. Such an asset stands in itself at first, under a name that
/// no client can give, and gets its place when all folders are there.
struct AssetPlacing: Sendable {
    let id: Int64
    private let parent: Int64
    private let name: String

    static func provisional(_ rows: [[SQLValue]], of table: TableRows) throws -> [[SQLValue]] {
        guard let id = table.column("id"), let parent = table.column("parent_id"), let name = table.column("name")
        else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "assets lacks a column")
        }
        return rows.map { row in
            guard case .int(let number) = row[id], case .int(let folder) = row[parent], folder > number else {
                return row
            }
            var row = row
            row[parent] = .int(number)
            row[name] = .text("\u{1}\(number)")
            return row
        }
    }

    /// The next of those whose place is still to be given.
    static func late(_ db: any SQLConnection, after position: CopyPosition) throws -> [AssetPlacing] {
        let first: SQLValue = if case .after(let key) = position { key[0] } else { .int(0) }
        return try db.all(
            "SELECT id, parent_id, name FROM assets WHERE id > ? AND parent_id > id ORDER BY id LIMIT 500", [first]
        ) { AssetPlacing(id: $0.int(0), parent: $0.int(1), name: $0.text(2)) }
    }

    func write(_ db: any SQLConnection) throws {
        try db.execute(
            "UPDATE assets SET parent_id = ?, name = ? WHERE id = ?", [.int(parent), .text(name), .int(id)])
    }
}
