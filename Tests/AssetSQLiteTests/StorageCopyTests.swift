import AssetCore
import AssetSQLite
import AssetTesting
import NIOCore
import Synchronization
import Testing

@testable import AssetSQL

struct StorageCopyTests {
    /// The other end: a database of its own, and a store that counts what it is given.
    private struct Target {
        let database: SQLiteDatabase
        let blobs = CountingStore()

        init() throws { database = try SQLiteDatabase.inMemory() }

        var end: StorageCopy.End { .init(database: database, blobs: blobs) }

        /// A service on what was copied.
        func service(like source: DamagedService) throws -> AssetService {
            var settings = ServiceSettings()
            settings.passwordLogRounds = 4
            return AssetService(
                catalog: SQLCatalog(database), blobs: blobs, media: source.test.service.media,
                secrets: try Secrets(key: [UInt8](repeating: 7, count: 32)), settings: settings)
        }
    }

    private static func copy(
        _ source: DamagedService, to target: Target, readsBack: Bool = false,
        progress: @escaping StorageCopy.Progress = { _, _, _ in }
    ) async throws -> StorageCopy.Result {
        try await StorageCopy(
            from: .init(database: SQLiteDatabase(path: source.folder.database), blobs: source.test.blobs),
            to: target.end, progress: progress
        ).run(readsBack: readsBack)
    }

    private static func isMarked(_ target: Target) async throws -> Bool {
        try await target.database.read { try CopyMark(db: $0).exists }
    }

    // MARK: Tables

    @Test func `every table of the schema is copied, or left behind on purpose`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        let tables = try await database.read { try $0.tableNames() }
            .filter { !$0.hasPrefix("sqlite_") && !CopiedTables.isIndex($0) && !CopiedTables.left.contains($0) }
        #expect(tables.sorted() == CopiedTables.all.sorted())
    }

    @Test func `no row is copied before the rows that it names`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        let references = try await database.read { try $0.references() }
        #expect(references.count > 40)
        for reference in references where reference.table != reference.target {
            let (row, named) = (
                CopiedTables.all.firstIndex(of: reference.table), CopiedTables.all.firstIndex(of: reference.target)
            )
            #expect(try #require(named) < #require(row), "\(reference)")
        }
    }

    @Test func `no column of the schema is forgotten`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        let (columns, all) = try await database.read { db in
            (
                try CopiedTables.all.reduce(0) { try $0 + db.columns(of: $1).count },
                try CopiedTables.all.reduce(0) {
                    try $0 + Int(db.first("SELECT COUNT(*) FROM pragma_table_xinfo(?)", [.text($1)]) { $0.int(0) } ?? 0)
                }
            )
        }
        #expect(columns == all)
    }

    // MARK: Copying

    @Test func `a copy is the same: tree, search, numbers and bytes`() async throws {
        let source = try await DamagedService.make()
        // A folder that is much younger than what lies in it, with the same name as that.
        for number in 0..<60 { _ = try await source.test.file(source.caller, "between \(number).txt", in: nil, "1") }
        let young = try await source.test.folder(source.caller, "younger")
        let last = try await source.test.file(source.caller, "last.txt")
        try source.harm(
            """
            UPDATE assets SET parent_id = \(young.id.rawValue), name = 'younger' WHERE id = \(source.inner.id.rawValue);
            UPDATE assets SET folder_count = 0 WHERE id = \(source.outer.id.rawValue);
            UPDATE assets SET folder_count = 1 WHERE id = \(young.id.rawValue);
            DELETE FROM assets WHERE id = \(last.id.rawValue);
            DELETE FROM asset_search WHERE rowid = \(last.id.rawValue);
            UPDATE assets SET file_count = file_count - 1 WHERE parent_id IS NULL
            """)
        let target = try Target()
        let result = try await Self.copy(source, to: target, readsBack: true)
        #expect(!result.isResumed)
        #expect(result.rows.map(\.table) == CopiedTables.all)
        #expect(result.rows.first { $0.table == "assets" }?.count == 66)
        #expect(result.blobs == 3)
        #expect(result.bytes == 18)
        #expect(try await !Self.isMarked(target))

        let service = try target.service(like: source)
        let names = try await service.catalog.read { try $0.names(to: source.inner.id) }
        #expect(names == ["younger", "younger"])
        let query = try SearchQuery(parsing: ["language": "en", "q": "two"])
        let found = try await service.catalog.read {
            try $0.search(query, in: source.two.project, now: service.clock.now())
        }
        #expect(found == [source.two.id])
        let caller = try await service.authenticate(
            apiKey: source.test.demo.apiKey, project: source.test.demo.project.gid)
        var options = CheckOptions()
        options.readsBytes = true
        let report = try await service.check(options)
        #expect(Set(report.entries.keys).isSubset(of: [.unreferenced]), "\(report.entries)")
        // The number of what is gone is not given again.
        let next = try await service.createFolder(
            caller, in: .gid(service.root(caller).asset.gid), named: AssetName("next"))
        #expect(next.asset.asset.id.rawValue > last.id.rawValue)
    }

    @Test(arguments: [StorageCopy.Stage.bytes, .rows, .index, .comparison])
    func `a copy that was stopped goes on where it was`(stage: StorageCopy.Stage) async throws {
        let source = try await DamagedService.make()
        for number in 0..<150 { _ = try await source.test.file(source.caller, "\(number).txt", in: nil, "n\(number)") }
        let target = try Target()
        if stage == .bytes { target.blobs.fail(after: 100) }
        let stopped = Task { () -> StorageCopy.Result in
            try await Self.copy(source, to: target) { current, done, total in
                if current == stage, stage != .bytes, done * 2 >= total { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await #expect(throws: (any Error).self) { try await stopped.value }
        #expect(try await Self.isMarked(target))
        let refusal = await #expect(throws: AssetError.self) { try await Migrator(target.database).run() }
        #expect(refusal?.message.contains("unfinished copy") == true)

        target.blobs.fail(after: .max)
        let (puts, kept) = (target.blobs.puts, target.blobs.kept)
        #expect(kept > 0)
        let result = try await Self.copy(source, to: target)
        #expect(result.isResumed)
        #expect(result.blobs == 152)
        // What was written down is not copied again.
        #expect(target.blobs.puts - puts == 152 - kept)
        #expect(try await !Self.isMarked(target))
        try await Migrator(target.database).run()
        #expect(try await target.service(like: source).check(CheckOptions()).isClean)
    }

    // MARK: What is refused

    @Test func `a target that holds something is refused, and left as it is`() async throws {
        let source = try await DamagedService.make()
        let other = try await DamagedService.make()
        let error = await #expect(throws: AssetError.self) {
            try await StorageCopy(
                from: .init(database: SQLiteDatabase(path: source.folder.database), blobs: source.test.blobs),
                to: .init(database: SQLiteDatabase(path: other.folder.database), blobs: MemoryBlobStore())
            ).run()
        }
        #expect(error?.message.contains("not empty") == true)
        #expect(try await other.check().isClean)

        let full = try Target()
        _ = try await full.blobs.put(TestBody([1]), limit: .max)
        let second = await #expect(throws: AssetError.self) { try await Self.copy(source, to: full) }
        #expect(second?.message.contains("not empty") == true)
        #expect(try await full.database.read { try $0.tableNames() } == [])
    }

    @Test func `of copies onto one target at the same time one goes on`() async throws {
        let source = try await DamagedService.make()
        let target = try Target()
        let errors = await withTaskGroup(of: (any Error)?.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    do {
                        _ = try await Self.copy(source, to: target)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: []) { if let error = $1 { $0.append(error) } }
        }
        #expect(errors.count == 5)
        for error in errors {
            let message = (error as? AssetError)?.message ?? "\(error)"
            #expect(message.contains("Another copy") || message.contains("not empty"))
        }
        #expect(try await !Self.isMarked(target))
        #expect(try await target.service(like: source).check(CheckOptions()).isClean)
    }

    @Test func `an empty schema is as good as nothing`() async throws {
        let source = try await DamagedService.make()
        let target = try Target()
        try await Migrator(target.database).run()
        #expect(try await Self.copy(source, to: target).blobs == 2)
    }

    @Test func `a source that changes while it is copied is found out, and the copy is not completed`() async throws {
        let source = try await DamagedService.make()
        let target = try Target()
        let harm = "UPDATE assets SET title = '{\"en\":\"New\"}' WHERE id = 4"
        let error = await #expect(throws: AssetError.self) {
            try await Self.copy(source, to: target) { stage, _, _ in
                if stage == .index { try? source.harm(harm) }
            }
        }
        #expect(error?.message.contains("source has changed") == true)
        #expect(error?.message.contains("assets") == true)
        #expect(try await Self.isMarked(target))
    }

    @Test func `a copy does not go on with a source that was worked on meanwhile`() async throws {
        let source = try await DamagedService.make()
        let target = try Target()
        source.test.blobs.replace(try await source.location(of: source.two), with: ByteBuffer(string: "rotten bytes!"))
        // Damaged bytes end the copy before any row names them.
        let damage = await #expect(throws: AssetError.self) { try await Self.copy(source, to: target) }
        #expect(damage?.message.contains("not those that were stored") == true)
        #expect(target.blobs.kept == 0)
        source.test.blobs.replace(try await source.location(of: source.two), with: ByteBuffer(string: "twice as long"))
        _ = try await source.test.file(source.caller, "new.txt")
        let change = await #expect(throws: AssetError.self) { try await Self.copy(source, to: target) }
        #expect(change?.message.contains("has changed since") == true)
    }

    @Test func `reading back finds bytes that the target has lost`() async throws {
        let source = try await DamagedService.make()
        let target = try Target()
        let error = await #expect(throws: AssetError.self) {
            try await Self.copy(source, to: target, readsBack: true) { stage, _, _ in
                if stage == .comparison { target.blobs.spoil() }
            }
        }
        #expect(error?.message.contains("other bytes") == true)
        #expect(try await Self.isMarked(target))
    }

    @Test func `an unfinished copy is no source`() async throws {
        let source = try await DamagedService.make()
        try source.harm("CREATE TABLE unfinished_copy (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        let error = await #expect(throws: AssetError.self) { try await Self.copy(source, to: Target()) }
        #expect(error?.message.contains("unfinished") == true)
    }

    // MARK: Parts

    @Test func `a position is the same after it was written down`() throws {
        for position: CopyPosition in [
            .start, .done, .after([.int(Int64.max)]), .after([.text("a\"b"), .int(-1)]), .after([.blob([0, 255])]),
        ] {
            #expect(try CopyPosition(position.text) == position)
        }
    }

    @Test func `a digest depends on what is in it, not on its order`() {
        func digest(_ strings: [[UInt8]]) -> SetDigest {
            var digest = SetDigest()
            for string in strings { digest.add(string) }
            return digest
        }
        #expect(digest([[1], [2], [3]]) == digest([[3], [1], [2]]))
        #expect(digest([[1], [2]]) != digest([[1], [3]]))
        #expect(digest([[1], [1]]) != digest([[2], [2]]))
        #expect(digest([[1]]) != digest([[1], [1]]))
    }
}

/// Counts what it is given, and can lose its contents.
private final class CountingStore: MeasuringBlobStore {
    private let store = MemoryBlobStore()
    private let count = Mutex(0)
    private let limit = Mutex(Int.max)

    var puts: Int { count.withLock { $0 } }
    var kept: Int { store.locations.count }

    func fail(after puts: Int) { limit.withLock { $0 = puts } }
    func spoil() {
        for location in store.locations { store.replace(location, with: ByteBuffer(string: "spoilt bytes!")) }
    }

    func put<Body: AsyncSequence & Sendable>(_ body: Body, limit: Int64) async throws -> StoredBlob
    where Body.Element == ByteBuffer {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if number > self.limit.withLock({ $0 }) { throw TestFailure() }
        return try await store.put(body, limit: limit)
    }

    func read(_ location: String, range: Range<Int64>, _ send: (ByteBuffer) async throws -> Void) async throws {
        try await store.read(location, range: range, send)
    }

    func head(_ location: String, length: Int) async throws -> ByteBuffer {
        try await store.head(location, length: length)
    }

    func size(of location: String) async throws -> Int64? { try await store.size(of: location) }
    func remove(_ location: String) async throws { try await store.remove(location) }

    func forEachBatch(_ body: ([(location: String, storedOn: Timestamp)]) async throws -> Void) async throws {
        try await store.forEachBatch(body)
    }

    func removeUnfinished(before moment: Timestamp) async throws -> Int { 0 }
}
