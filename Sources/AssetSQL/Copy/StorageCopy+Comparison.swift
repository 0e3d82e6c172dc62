import AssetCore

/// Whether both ends hold the same.
extension StorageCopy {
    func compare(_ result: inout Result) async throws {
        let tables = try await tables()
        let total = try await target.database.read { db in try tables.reduce(0) { try $0 + $1.count(db) } }
        let counted = Counted(total: 2 * total, done: 0, stage: .comparison, progress)
        for table in tables {
            let here = try await digest(of: table, source.database, counted)
            let there = try await digest(of: table, target.database, counted)
            guard here == there else {
                throw Self.sourceHasChanged(
                    "'\(table.name)' has \(here.count) rows, \(there.count) were copied, with other contents")
            }
            result.rows.append((table.name, there.count))
        }
        (result.blobs, result.bytes) = try await target.database.read { db in
            try db.first("SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blobs", []) {
                ($0.int(0), $0.int(1))
            } ?? (0, 0)
        }
    }

    private func digest(of table: TableRows, _ database: any SQLDatabase, _ counted: Counted) async throws -> SetDigest
    {
        let left = table.name == "blobs" && !sharesBytes ? CopiedTables.location : nil
        var digest = SetDigest()
        var position = CopyPosition.start
        var size = BatchSize()
        while true {
            try Task.checkCancellation()
            let (after, limit) = (position, size.rows)
            let rows = try await database.read { try table.rows($0, after: after, limit: limit) }
            guard let last = rows.last else { return digest }
            for row in rows { digest.add(table.bytes(of: row, leavingOut: left)) }
            position = table.position(behind: last)
            size.adapt(to: rows)
            counted.add(Int64(rows.count))
        }
    }

    private static let readings = 4

    /// Compares the hash of every blob in the target with its row.
    func readBack() async throws {
        let total = try await target.database.read { db in
            try db.first("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blobs", []) { $0.int(0) } ?? 0
        }
        let counted = Counted(total: total, done: 0, stage: .readBack, progress)
        var last: BlobID?
        while true {
            let after = last
            let blobs = try await target.database.read { db in
                try SQLTransaction(db: db, touched: TouchRecord()).blobs(after: after, limit: 100)
            }
            guard let end = blobs.last else { return }
            try await withThrowingTaskGroup(of: Void.self) { [store = target.blobs] group in
                for (number, blob) in blobs.enumerated() {
                    if number >= Self.readings { try await group.next() }
                    group.addTask {
                        guard try await store.hash(of: blob.location, size: blob.size) == blob.hash else {
                            throw AssetError.unprocessable(
                                "The target has other bytes at \(blob.location) than it was given")
                        }
                        counted.add(blob.size)
                    }
                }
                try await group.waitForAll()
            }
            last = end.id
        }
    }
}
