import AssetCore
import AssetSQL
import AssetSQLite
import AssetTesting
import Dispatch
import Testing

/// What only SQLite has, or what only a file shows.
struct SQLiteDatabaseTests {
    private static func pragma(_ name: String, _ db: any SQLConnection) throws -> [SQLValue] {
        var values: [SQLValue] = []
        try db.query("PRAGMA \(name)", [], isCached: false) { row in
            values.append(name == "journal_mode" ? .text(row.text(0)) : .int(row.int(0)))
        }
        return values
    }

    private static let pragmas: [(String, SQLValue)] = [
        ("journal_mode", .text("wal")), ("synchronous", .int(2)), ("foreign_keys", .int(1)),
    ]

    @Test func `readers and the writer of a file have the promised settings`() async throws {
        let folder = try TemporaryFolder()
        let database = try SQLiteDatabase(path: folder.database)
        for (name, value) in Self.pragmas {
            #expect(try await database.write { try Self.pragma(name, $0) } == [value], "\(name), writer")
            #expect(try await database.read { try Self.pragma(name, $0) } == [value], "\(name), reader")
        }
    }

    @Test func `foreign keys and checks are enforced`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        for sql in [
            "INSERT INTO members (project_id, user_id, status, role) VALUES (77, 77, 'active', 'owner')",
            "INSERT INTO assets (gid, project_id, name, is_file, created_on, updated_on) VALUES (X'00', 1, '', 0, 0, 0)",
            "INSERT INTO segments (first, last, document) VALUES (5, 4, 1)",
        ] {
            await #expect(throws: (any Error).self) {
                try await database.write { _ = try $0.execute(sql, [], isCached: false) }
            }
        }
        #expect(try await database.read { try Self.tables($0) }.contains("members"))
    }

    /// A row of the index without its asset would never be found, and never go.
    @Test func `the search index has a row for each file, and none for what is purged`() async throws {
        let database = try SQLiteDatabase.inMemory()
        try await Migrator(database).run()
        let catalog = SQLCatalog(database)
        let (now, root, project) = try await catalog.write { tx in
            let now = Timestamp(microseconds: 1)
            let account = try tx.insertAccount(code: "a", now: now)
            let user = try tx.insertUser(
                UserDraft(account: account, level: .manager, username: "u", email: nil, name: "u", passwordHash: nil),
                now: now)
            let project = try tx.insertProject(
                ProjectDraft(
                    account: account, owner: user, name: "p", number: nil, languages: ["en"], timezone: "UTC",
                    createdOn: now))
            return (now, project.root, project.id)
        }
        let files = try await catalog.write { tx in
            let blob = try tx.claimBlob(
                StoredBlob(hash: [UInt8](repeating: 1, count: 32), size: 1, location: "x"), now: now)
            return try ["a.txt", "b.txt", nil].map { name in
                try tx.insert(
                    AssetDraft(
                        project: project, parent: root, name: name ?? "folder",
                        content: name == nil ? nil : .init(blob: blob.id, size: 1, type: nil, info: .emptyObject),
                        createdOn: now))
            }
        }
        func indexed() async throws -> [Int64] {
            try await database.read { db in
                var ids: [Int64] = []
                try db.query("SELECT rowid FROM asset_search ORDER BY rowid", [], isCached: false) {
                    ids.append($0.int(0))
                }
                return ids
            }
        }
        #expect(try await indexed() == files.prefix(2).map(\.id.rawValue))
        try await catalog.write {
            try $0.move(files[0], to: root, name: "c.txt", now: now)
            try $0.purge([files[1].id], childrenOf: root, project: project, files: true, now: now)
        }
        #expect(try await indexed() == [files[0].id.rawValue])
    }

    @Test func `a read does not wait for a writer, and sees the state before it`() async throws {
        let folder = try TemporaryFolder()
        let database = try SQLiteDatabase(path: folder.database)
        try await Migrator(database).run()
        let catalog = SQLCatalog(database)
        let (hasWritten, mayCommit) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await catalog.write { tx in
                    _ = try tx.insertAccount(code: "new", now: Timestamp(microseconds: 1))
                    hasWritten.signal()
                    mayCommit.wait()
                }
            }
            let seen = try await catalog.read { tx in
                hasWritten.wait()
                return try tx.account(code: "new")
            }
            #expect(seen == nil)
            #expect(try await catalog.read { try $0.account(code: "new") } == nil)
            mayCommit.signal()
            try await group.waitForAll()
        }
        #expect(try await catalog.read { try $0.account(code: "new") } != nil)
    }

    @Test func `two instances on one file see each other's commits`() async throws {
        let folder = try TemporaryFolder()
        let first = try SQLiteDatabase(path: folder.database)
        try await Migrator(first).run()
        let second = try SQLiteDatabase(path: folder.database)
        let (one, two) = (SQLCatalog(first), SQLCatalog(second))
        let now = Timestamp(microseconds: 1)
        _ = try await one.write { try $0.insertAccount(code: "one", now: now) }
        #expect(try await two.read { try $0.account(code: "one") } != nil)
        _ = try await two.write { try $0.insertAccount(code: "two", now: now) }
        #expect(try await one.read { try $0.account(code: "two") } != nil)
        // Writers of both wait for each other, and none is lost.
        try await withThrowingTaskGroup { group in
            for number in 0..<40 {
                let catalog = number.isMultiple(of: 2) ? one : two
                group.addTask { _ = try await catalog.write { try $0.insertAccount(code: "c\(number)", now: now) } }
            }
            try await group.waitForAll()
        }
        for number in 0..<40 { #expect(try await one.read { try $0.account(code: "c\(number)") } != nil) }
    }

    @Test func `what was committed is there when the file is opened again`() async throws {
        let folder = try TemporaryFolder()
        do {
            let database = try SQLiteDatabase(path: folder.database)
            try await Migrator(database).run()
            _ = try await SQLCatalog(database).write {
                try $0.insertAccount(code: "kept", now: Timestamp(microseconds: 1))
            }
        }
        let again = try SQLiteDatabase(path: folder.database)
        #expect(try await Migrator(again).run().applied == [])
        #expect(try await SQLCatalog(again).read { try $0.account(code: "kept") } != nil)
    }

    static func tables(_ db: any SQLConnection) throws -> [String] {
        var names: [String] = []
        try db.query("SELECT name FROM sqlite_master ORDER BY name", [], isCached: false) { names.append($0.text(0)) }
        return names
    }
}
