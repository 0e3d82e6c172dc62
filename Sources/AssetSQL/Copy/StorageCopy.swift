package import AssetCore

/// Copies a database and the bytes that it names to another database and store, of the same or of another kind.
///
/// **What it writes.** The target gets the schema and every row, in the order of `CopiedTables`, in transactions of some megabytes; and
/// all bytes, under places of the target's own. The search index is made by what indexes an upload. Nothing is written to the source.
///
/// **What it promises.** How far it has come is written in the transactions that bring it there (`CopyMark`): a copy that was stopped
/// or killed at any moment goes on where it was, and until it is complete no other command uses the target. Bytes are durable before
/// the row that names them. At the end all rows of both ends are compared by count and hash; each blob has the SHA-256 that its row
/// says when it is stored.
///
/// **What it needs.** A source that nobody changes meanwhile: the caller keeps servers away. A change is found out, and the copy is
/// never completed then.
package struct StorageCopy: Sendable {
    /// One of the two.
    package struct End: Sendable {
        let database: any SQLDatabase
        let blobs: any BlobStore

        package init(database: any SQLDatabase, blobs: any BlobStore) {
            self.database = database
            self.blobs = blobs
        }
    }

    package enum Stage: String, Sendable {
        case bytes = "Copying bytes"
        case rows = "Copying rows"
        case index = "Making the search index"
        case comparison = "Comparing rows"
        case readBack = "Reading bytes back"
    }

    package struct Result: Sendable {
        /// Of each table, in the order of copying.
        package var rows: [(table: String, count: Int64)] = []
        package var blobs: Int64 = 0
        package var bytes: Int64 = 0
        /// An earlier copy was gone on with.
        package var isResumed = false
    }

    /// How much is done, of how much.
    package typealias Progress = @Sendable (Stage, _ done: Int64, _ total: Int64) -> Void

    let source: End
    let target: End
    /// Both ends have the same store: the bytes stay where they are.
    let sharesBytes: Bool
    let progress: Progress

    package init(
        from source: End, to target: End, sharesBytes: Bool = false, progress: @escaping Progress = { _, _, _ in }
    ) {
        self.source = source
        self.target = target
        self.sharesBytes = sharesBytes
        self.progress = progress
    }

    /// - Parameter readsBack: reads all bytes from the target at the end, and compares their SHA-256.
    /// - Throws: `unprocessable` when an end cannot be used, when bytes of the source are damaged, and when the source has changed.
    package func run(readsBack: Bool = false) async throws -> Result {
        var result = Result()
        let fingerprint = try await prepare(&result)
        try await copyTables()
        let numbers = try await source.database.read { try RowNumbers.last($0) }
        try await target.database.write { try RowNumbers.set(numbers, $0) }
        try await makeIndex()
        try await compare(&result)
        if readsBack { try await readBack() }
        try await complete(fingerprint)
        return result
    }

    // MARK: Both ends

    /// Answers what the source was like.
    private func prepare(_ result: inout Result) async throws -> String {
        let newest = Migrator.newest
        let state = try await source.database.read { db in
            guard try db.tableNames().contains("schema_versions") else { return (version: Int64(0), isCopy: false) }
            let version = try db.first("SELECT MAX(number) FROM schema_versions", []) { $0.int(ifAny: 0) }
            return ((version ?? nil) ?? 0, try CopyMark(db: db).exists)
        }
        if state.isCopy { throw AssetError.unprocessable("The source is an unfinished copy itself") }
        if state.version == 0 { throw AssetError.unprocessable("The source is no database of stockroom") }
        guard state.version <= newest else {
            throw AssetError.unprocessable(
                "The source has schema \(state.version), this program \(newest): run a newer version of stockroom")
        }
        guard state.version == newest else {
            throw AssetError.unprocessable(
                "The source has schema \(state.version), this program \(newest): run 'stockroom migrate' on it first")
        }
        let fingerprint = try await source.database.read { try SourceFingerprint.make($0) }
        result.isResumed = try await target.database.read { db in
            let mark = CopyMark(db: db)
            guard try mark.exists else {
                try Self.requireEmpty(db)
                return false
            }
            guard try mark.source() == fingerprint else {
                throw AssetError.unprocessable(
                    """
                    The target is an unfinished copy of another source, or the source has changed since the copy was begun: empty \
                    the target and begin again
                    """)
            }
            return true
        }
        if !result.isResumed {
            if !sharesBytes { try await requireNoBytes() }
            try await target.database.write { db in
                try Self.requireEmpty(db)
                try CopyMark(db: db).create(source: fingerprint)
            }
        }
        try await Migrator(target.database).run(inCopy: true)
        return fingerprint
    }

    /// A schema without rows is as good as nothing.
    private static func requireEmpty(_ db: any SQLConnection) throws {
        let tables = Set(try db.tableNames())
        for table in CopiedTables.all + CopiedTables.left where tables.contains(table) {
            if table == "schema_versions" || table == "counters" { continue }
            if try db.first("SELECT 1 FROM \(table) LIMIT 1", [], { _ in true }) ?? false {
                throw AssetError.unprocessable("The target is not empty: its database has rows in '\(table)'")
            }
        }
    }

    private func requireNoBytes() async throws {
        try await target.blobs.forEachBatch { batch in
            if batch.isEmpty { return }
            throw AssetError.unprocessable(
                "The target is not empty: its store has bytes, which a server there would remove")
        }
    }

    private func complete(_ fingerprint: String) async throws {
        guard try await source.database.read({ try SourceFingerprint.make($0) }) == fingerprint else {
            throw Self.sourceHasChanged("rows were added or removed")
        }
        try await target.database.write { try CopyMark(db: $0).remove() }
    }

    static func sourceHasChanged(_ what: String) -> AssetError {
        .unprocessable(
            """
            The source has changed while it was copied (\(what)): stop whatever works on it, empty the target and begin again
            """)
    }

    // MARK: Tables

    private func copyTables() async throws {
        let tables = try await tables()
        let total = try await count(tables, source.database)
        let counted = Counted(total: total, done: try await count(tables, target.database), stage: .rows, progress)
        for table in tables {
            if table.name == "blobs", !sharesBytes {
                try await BytesCopy(copy: self, table: table).run()
            } else {
                try await copy(table, counted)
            }
        }
        try await placeAssets()
    }

    /// Those of both ends must be the same: a column that one of them does not have would be lost.
    func tables() async throws -> [TableRows] {
        let names = CopiedTables.all + (sharesBytes ? ["removals"] : [])
        func tables(_ database: any SQLDatabase) async throws -> [TableRows] {
            try await database.read { db in try names.map { try TableRows($0, db) } }
        }
        let tables = try await (source: tables(source.database), target: tables(target.database))
        for (table, other) in zip(tables.source, tables.target)
        where table.columns.map(\.name) != other.columns.map(\.name) {
            throw AssetError(
                .internalError, "The table \(table.name) has other columns in the target",
                detail: "\(table.columns) \(other.columns)")
        }
        return tables.source
    }

    private func count(_ tables: [TableRows], _ database: any SQLDatabase) async throws -> Int64 {
        try await database.read { db in
            try tables.filter { $0.name != "blobs" }.reduce(0) { try $0 + $1.count(db) }
        }
    }

    private func copy(_ table: TableRows, _ counted: Counted) async throws {
        var position = try await position(of: table.name)
        if position == .start, table.name == "counters" {
            // The migrations have made these.
            try await target.database.write { try $0.executeScript("DELETE FROM counters") }
        }
        var size = BatchSize()
        while position != .done {
            try Task.checkCancellation()
            let (after, limit) = (position, size.rows)
            let rows = try await source.database.read { try table.rows($0, after: after, limit: limit) }
            let next = rows.last.map(table.position(behind:)) ?? .done
            let placed = table.name == "assets" ? try AssetPlacing.provisional(rows, of: table) : rows
            try await save(table.name, from: after, to: next) { db in try table.insert(placed, db) }
            position = next
            size.adapt(to: rows)
            counted.add(Int64(rows.count))
        }
    }

    func position(of part: String) async throws -> CopyPosition {
        try await target.database.read { try CopyMark(db: $0).position(of: part) }
    }

    /// Writes something into the target together with how far its part has come.
    func save(
        _ part: String, from old: CopyPosition, to new: CopyPosition,
        _ body: @escaping @Sendable (any SQLConnection) throws -> Void
    ) async throws {
        try await target.database.write { db in
            try CopyMark(db: db).advance(part, from: old, to: new)
            try body(db)
        }
    }

    private func placeAssets() async throws {
        let part = "places of assets"
        var position = try await position(of: part)
        while position != .done {
            let after = position
            let places = try await source.database.read { try AssetPlacing.late($0, after: after) }
            let next = places.last.map { CopyPosition.after([.int($0.id)]) } ?? .done
            try await save(part, from: after, to: next) { db in for place in places { try place.write(db) } }
            position = next
        }
    }

    private func makeIndex() async throws {
        let part = "search index"
        let total = try await target.database.read { db in
            try db.first("SELECT COUNT(*) FROM assets WHERE is_file = 1", []) { $0.int(0) } ?? 0
        }
        let counted = Counted(total: total, done: 0, stage: .index, progress)
        var position = try await position(of: part)
        while position != .done {
            try Task.checkCancellation()
            let old = position
            let after: Int64 = if case .after(let key) = old, case .int(let id)? = key.first { id } else { 0 }
            let next: CopyPosition = try await target.database.write { db in
                let transaction = SQLTransaction(db: db, touched: TouchRecord())
                let ids = try db.all(
                    "SELECT id FROM assets WHERE id > ? AND is_file = 1 ORDER BY id LIMIT 200", [.int(after)]
                ) { $0.id(0, AssetID.self) }
                for asset in try transaction.assets(ids) { try transaction.index(asset) }
                let next = ids.last.map { CopyPosition.after([.int($0.rawValue)]) } ?? .done
                try CopyMark(db: db).advance(part, from: old, to: next)
                return next
            }
            position = next
            counted.add(200)
        }
    }

}
