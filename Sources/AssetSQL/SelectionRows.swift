import AssetCore

/// Frozen selections: ids packed into rows of `selectionChunk`, eight bytes each, so that a million takes a thousand rows.
extension SQLTransaction {
    func createSelection(
        project: ProjectID, user: UserID, now: Timestamp, expiresOn: Timestamp?
    ) throws -> (id: SelectionID, token: GID) {
        let token = GID()
        let id = try db.insert(
            "INSERT INTO selections (token, project_id, user_id, created_on, expires_on) VALUES (?, ?, ?, ?, ?)",
            [.gid(token), .id(project), .id(user), .time(now), .time(expiresOn)])
        return (SelectionID(rawValue: id), token)
    }

    func append(_ ids: [AssetID], to selection: SelectionID, from position: Int64) throws {
        var start = 0
        while start < ids.count {
            let chunk = ids[start..<min(start + selectionChunk, ids.count)]
            try db.execute(
                "INSERT INTO selection_chunks (selection_id, position, ids) VALUES (?, ?, ?)",
                [.id(selection), .int(position + Int64(start)), .blob(pack(chunk))])
            start += chunk.count
        }
        try db.execute("UPDATE selections SET count = count + ? WHERE id = ?", [.count(ids.count), .id(selection)])
    }

    func selectionItems(_ selection: SelectionID, from position: Int64) throws -> [AssetID] {
        let start = position - position % Int64(selectionChunk)
        let ids = try db.first(
            "SELECT ids FROM selection_chunks WHERE selection_id = ? AND position = ?", [.id(selection), .int(start)]
        ) { unpack($0.blob(0)) }
        return Array((ids ?? []).dropFirst(Int(position - start)))
    }

    func selectionCount(_ selection: SelectionID) throws -> Int64 {
        try db.first("SELECT count FROM selections WHERE id = ?", [.id(selection)]) { $0.int(0) } ?? 0
    }

    func selection(token: GID, project: ProjectID, user: UserID, now: Timestamp) throws -> OpenSelection? {
        try db.first(
            "SELECT id, expires_on FROM selections WHERE token = ? AND project_id = ? AND user_id = ? AND expires_on > ?",
            [.gid(token), .id(project), .id(user), .time(now)]
        ) { OpenSelection(id: $0.id(0), expiresOn: $0.time(1)) }
    }

    func setExpiry(of selection: SelectionID, to moment: Timestamp?) throws {
        // Not when it is being deleted.
        try db.execute(
            "UPDATE selections SET expires_on = ? WHERE id = ? AND COALESCE(expires_on, 1) > 0",
            [.time(moment), .id(selection)])
    }

    func deleteSelection(_ selection: SelectionID) throws {
        try db.execute("DELETE FROM selections WHERE id = ?", [.id(selection)])
    }

    func deleteExpiredSelections(now: Timestamp, limit: Int) throws -> Int {
        let ids = try db.all(
            "SELECT id FROM selections WHERE expires_on <= ? LIMIT ?", [.time(now), .count(limit)]
        ) { $0.id(0, SelectionID.self) }
        return try deleteSelections(ids, limit: limit)
    }

    /// About as many as have `limit` rows together; answers how many rows that were.
    func deleteSelections(_ ids: [SelectionID], limit: Int) throws -> Int {
        var left = limit
        for id in ids {
            // Half of it is of use to nobody.
            try db.execute("UPDATE selections SET expires_on = 0 WHERE id = ?", [.id(id)])
            left -= try emptySelection(id, limit: left)
            if left <= 0 { break }
            try deleteSelection(id)
            left -= 1
        }
        return limit - left
    }

    /// Removes up to `limit` of its chunks; answers how many.
    func emptySelection(_ selection: SelectionID, limit: Int) throws -> Int {
        try db.delete(limit, from: "selection_chunks", of: "selection_id", .id(selection), by: "position")
    }

    private func pack(_ ids: some Collection<AssetID>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ids.count * 8)
        for id in ids { withUnsafeBytes(of: id.rawValue.littleEndian) { bytes.append(contentsOf: $0) } }
        return bytes
    }

    private func unpack(_ bytes: [UInt8]) -> [AssetID] {
        stride(from: 0, to: bytes.count - 7, by: 8).map { start in
            let value = bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return AssetID(rawValue: Int64(bitPattern: value))
        }
    }
}
