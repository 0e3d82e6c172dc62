import AssetCore

/// Tells whether a database is the same, and has not been worked on: from its accounts, users, projects and counters, the feeds'
/// cursors among them, and from how many rows each table has. Any change of an asset moves a cursor.
enum SourceFingerprint {
    private static let whole: Set = ["accounts", "users", "projects", "counters"]

    static func make(_ db: any SQLConnection) throws -> String {
        var parts: [String] = []
        for name in CopiedTables.all {
            let table = try TableRows(name, db)
            guard whole.contains(name) else {
                parts.append("\(name)=\(try table.count(db))")
                continue
            }
            var digest = SetDigest()
            var position = CopyPosition.start
            while true {
                let rows = try table.rows(db, after: position, limit: 500)
                for row in rows { digest.add(table.bytes(of: row, leavingOut: nil)) }
                guard let last = rows.last else { break }
                position = table.position(behind: last)
            }
            parts.append("\(name)=\(digest)")
        }
        return Secrets.hex(Secrets.hash(parts.joined(separator: "\n")))
    }
}
