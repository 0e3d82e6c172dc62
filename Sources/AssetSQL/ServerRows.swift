import AssetCore

extension SQLTransaction: ServerTables {
    func takeDuty(_ name: String, owner: String, now: Timestamp, until: Timestamp) throws -> Bool {
        try db.execute(
            """
            INSERT INTO duties (name, owner, lease_until) VALUES (?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until
                WHERE duties.owner = excluded.owner OR duties.lease_until <= ?
            """, [.text(name), .text(owner), .time(until), .time(now)]) > 0
    }

    func setting(_ name: String) throws -> String? {
        try db.first("SELECT value FROM settings WHERE name = ?", [.text(name)]) { $0.text(0) }
    }

    func insertSetting(_ name: String, _ value: String) throws {
        try db.execute(
            "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            [.text(name), .text(value)])
    }

    func addCalls(_ calls: [UserID: Int], hour: Int64) throws -> [UserID: Int] {
        try db.execute("DELETE FROM call_counts WHERE hour < ?", [.int(hour)])
        var sums: [UserID: Int] = [:]
        // In one order everywhere, so that two servers do not wait for each other.
        for (user, count) in calls.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            sums[user] = try db.first(
                """
                INSERT INTO call_counts (user_id, hour, calls) VALUES (?, ?, ?)
                ON CONFLICT (user_id, hour) DO UPDATE SET calls = call_counts.calls + excluded.calls
                RETURNING calls
                """, [.id(user), .int(hour), .count(count)]
            ) { Int($0.int(0)) }
        }
        return sums
    }
}
