import AssetCore

/// Copies the bytes, and the rows that name them: first some bytes, several at the same time, then their rows with the places that the
/// target's store has given them.
struct BytesCopy {
    let copy: StorageCopy
    let table: TableRows

    private static let rowsAtOnce = 64
    private static let bytesAtOnce: Int64 = 64 << 20
    private static let transfers = 8

    func run() async throws {
        let sum: @Sendable (any SQLConnection) throws -> Int64 = { db in
            try db.first("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM blobs", []) { $0.int(0) } ?? 0
        }
        let counted = Counted(
            total: try await copy.source.database.read(sum), done: try await copy.target.database.read(sum),
            stage: .bytes, copy.progress)
        var position = try await copy.position(of: table.name)
        while position != .done {
            try Task.checkCancellation()
            let after = position
            let rows = prefix(
                try await copy.source.database.read { try table.rows($0, after: after, limit: Self.rowsAtOnce) })
            let next = rows.last.map(table.position(behind:)) ?? .done
            let stored = try await transfer(rows, counted)
            try await copy.save(table.name, from: after, to: next) { db in try table.insert(stored, db) }
            position = next
        }
    }

    /// As many rows as have not too many bytes together, but one at least: what is done before a row is written is done again when
    /// the copy is stopped.
    private func prefix(_ rows: [[SQLValue]]) -> [[SQLValue]] {
        var bytes: Int64 = 0
        return Array(
            rows.prefix { row in
                defer { bytes += size(of: row) }
                return bytes < Self.bytesAtOnce
            })
    }

    private func size(of row: [SQLValue]) -> Int64 {
        if let column = table.column("size"), case .int(let size) = row[column] { size } else { 0 }
    }

    /// The rows with their new places. When one fails, nothing of the others stays in the target.
    private func transfer(_ rows: [[SQLValue]], _ counted: Counted) async throws -> [[SQLValue]] {
        guard let place = table.column(CopiedTables.location) else { return rows }
        var rows = rows
        var stored: [String] = []
        do {
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                func take(_ result: Result<(Int, String), any Error>?) throws {
                    guard let (number, location) = try result?.get() else { return }
                    rows[number][place] = .text(location)
                    stored.append(location)
                }
                do {
                    for (number, row) in rows.enumerated() {
                        if number >= Self.transfers { try await take(group.nextResult()) }
                        group.addTask { (number, try await transfer(row, counted)) }
                    }
                    while !group.isEmpty { try await take(group.nextResult()) }
                } catch {
                    group.cancelAll()
                    // Those that were about to end.
                    while let result = await group.nextResult() { try? take(result) }
                    throw error
                }
            }
        } catch {
            for location in stored { try? await copy.target.blobs.remove(location) }
            throw error
        }
        return rows
    }

    private func transfer(_ row: [SQLValue], _ counted: Counted) async throws -> String {
        guard let place = table.column(CopiedTables.location), case .text(let location) = row[place],
            let column = table.column("hash"), case .blob(let hash) = row[column]
        else { throw AssetError(.internalError, AssetError.internalMessage, detail: "a row of blobs has no place") }
        let size = size(of: row)
        let stored: StoredBlob
        do {
            stored = try await copy.source.blobs.copy(location, size: size, to: copy.target.blobs) {
                counted.add(Int64($0))
            }
        } catch let error as AssetError where error.code == .internalError {
            throw AssetError(
                .internalError,
                "Bytes could not be copied; 'stockroom fsck --hashes' tells whether the source is sound",
                detail: "\(location): \(error.detail ?? error.message)")
        }
        guard stored.hash == hash, stored.size == size else {
            try await copy.target.blobs.remove(stored.location)
            throw AssetError.unprocessable(
                "The bytes at \(location) are not those that were stored: 'stockroom fsck --hashes' tells whose they are"
            )
        }
        return stored.location
    }
}
