import AssetCore

/// Both feeds as their compaction sees them.
extension SQLTransaction {
    private static let cursorCounter = "global_compacted_cursor"
    private static let linesCounter = "global_compacted_lines"

    func feeds() throws -> [Feed] {
        let global = Feed(
            name: .global, head: try globalCursor(), compactedTo: try counter(Self.cursorCounter),
            linesThen: try counter(Self.linesCounter))
        let projects = try db.all("SELECT id, cursor, compacted_cursor, compacted_lines FROM projects ORDER BY id", [])
        {
            Feed(name: .project($0.id(0)), head: $0.int(1), compactedTo: $0.int(2), linesThen: $0.int(3))
        }
        return [global] + projects
    }

    private func counter(_ name: String) throws -> Int64 {
        try db.first("SELECT value FROM counters WHERE name = ?", [.text(name)]) { $0.int(0) } ?? 0
    }

    func feedLines(of feed: FeedName, before cursor: Int64, limit: Int) throws -> [FeedLine] {
        switch feed {
        case .project(let project):
            return try db.all(
                """
                SELECT cursor, action, data_type, key FROM project_changes WHERE project_id = ? AND cursor < ?
                ORDER BY cursor DESC LIMIT ?
                """, [.id(project), .int(cursor), .count(limit)]
            ) { row in
                // A gid belongs to one type of object.
                let gid = try row.gid(3)
                return FeedLine(
                    cursor: row.int(0), action: try Self.action(row), key: FeedKey(high: gid.low, low: gid.high))
            }
        case .global:
            return try db.all(
                """
                SELECT cursor, action, data_type, key, project_id, user_id, is_private FROM global_changes
                WHERE cursor < ? ORDER BY cursor DESC LIMIT ?
                """, [.int(cursor), .count(limit)]
            ) { row in
                let audience = "\(row.int(ifAny: 4) ?? 0) \(row.int(ifAny: 5) ?? 0) \(row.int(6))"
                let hash = Secrets.hash("\(row.text(2)) \(row.text(3)) \(audience)")
                func half(_ start: Int) -> UInt64 { hash[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
                return FeedLine(
                    cursor: row.int(0), action: try Self.action(row), key: FeedKey(high: half(0), low: half(8)))
            }
        }
    }

    private static func action(_ row: any SQLRow) throws -> ChangeAction {
        guard let action = ChangeAction(rawValue: row.int(1)) else { throw CorruptRow(column: 1, what: "action") }
        return action
    }

    func removeFeedLines(of feed: FeedName, _ cursors: [Int64]) throws {
        let numbers = cursors.map(String.init).joined(separator: ",")
        switch feed {
        case .project(let project):
            try db.execute(
                "DELETE FROM project_changes WHERE project_id = ? AND cursor IN (\(numbers))", [.id(project)],
                isCached: false)
        case .global:
            try db.execute("DELETE FROM global_changes WHERE cursor IN (\(numbers))", [], isCached: false)
        }
    }

    func markCompacted(_ feed: FeedName, to head: Int64, lines: Int64) throws {
        switch feed {
        case .project(let project):
            try db.execute(
                "UPDATE projects SET compacted_cursor = ?, compacted_lines = ? WHERE id = ?",
                [.int(head), .int(lines), .id(project)])
        case .global:
            for (name, value) in [(Self.cursorCounter, head), (Self.linesCounter, lines)] {
                try db.execute("UPDATE counters SET value = ? WHERE name = ?", [.int(value), .text(name)])
            }
        }
    }
}
