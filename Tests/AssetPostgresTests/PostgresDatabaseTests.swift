import AssetCore
import AssetPostgres
import AssetSQL
import AssetTesting
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// What only a database with several writers has to show.
@Suite(.timeLimit(.minutes(10)))
struct PostgresDatabaseTests {
    /// Two servers on one database, without what runs beside them.
    private struct Pair: Sendable {
        let one: PostgresDatabase
        let other: PostgresDatabase
        let schema: TestSchema
        let test: TestService

        static func make() async throws -> Pair {
            let schema = try await TestSchema.make()
            let one = schema.database(connections: 9)
            return Pair(
                one: one, other: schema.database(connections: 9), schema: schema,
                test: try await TestService.make(database: one))
        }

        func user() async throws -> UserID { try await test.owner().user.id }

        var catalogs: [SQLCatalog] { [SQLCatalog(one), SQLCatalog(other)] }
    }

    private static let now = Timestamp(microseconds: 1_763_718_063_029_170)

    private final class Flag: Sendable {
        private let state = Mutex(false)
        var isUp: Bool { state.withLock { $0 } }
        func raise() { state.withLock { $0 = true } }
        /// Without end, when nobody raises it: the suite has a time limit.
        func wait() { while !isUp { Thread.sleep(forTimeInterval: 0.001) } }
    }

    private final class Counter: Sendable {
        private let state = Mutex((now: 0, most: 0))
        var most: Int { state.withLock { $0.most } }
        func add(_ number: Int) { state.withLock { $0 = ($0.now + number, max($0.most, $0.now + number)) } }
    }

    // MARK: Order

    @Test func `whoever has seen a cursor never finds a smaller one later`() async throws {
        let pair = try await Pair.make()
        let project = pair.test.demo.project.id
        let user = try await pair.user()
        let (writers, writes) = (8, 40)
        let (start, globalStart) = try await pair.catalogs[0].read {
            (try $0.projectCursor(project), try $0.globalCursor())
        }
        let isDone = Flag()
        // Asks as a client does: what is new after the last that it has seen.
        let reader = Task { [catalog = pair.catalogs[1]] in
            var seen: (project: [Int64], global: [Int64]) = ([], [])
            var mayEnd = false
            while true {
                let (after, globalAfter) = (seen.project.last ?? start, seen.global.last ?? globalStart)
                let (lines, globalLines) = try await catalog.read { tx in
                    (
                        try tx.changes(in: project, after: after, limit: 7).map(\.cursor),
                        try tx.globalChanges(for: user, after: globalAfter, limit: 7).map(\.cursor)
                    )
                }
                seen.project += lines
                seen.global += globalLines
                if lines.isEmpty, globalLines.isEmpty {
                    if mayEnd { return seen }
                    mayEnd = isDone.isUp
                }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                let catalog = pair.catalogs[writer % 2]
                group.addTask {
                    for _ in 0..<writes {
                        try await catalog.write(.project(project)) { tx in
                            try tx.append(.update, .assets, [GID(), GID()], in: project)
                        }
                        // Beside the lock of the project, where only the counter keeps the order.
                        try await catalog.write(.rows) { tx in
                            try tx.append(.update, .jobs, key: GID().description, data: nil, for: .user(user))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        isDone.raise()
        let seen = try await reader.value
        #expect(seen.project == Array(start + 1...start + Int64(2 * writers * writes)))
        #expect(seen.global == Array(globalStart + 1...globalStart + Int64(writers * writes)))
    }

    @Test func `changes of one project never run at the same time, wherever they were asked for`() async throws {
        let pair = try await Pair.make()
        let project = pair.test.demo.project.id
        let running = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<24 {
                let catalog = pair.catalogs[number % 2]
                group.addTask {
                    try await catalog.write(number % 6 == 0 ? .everything : .project(project)) { tx in
                        running.add(1)
                        defer { running.add(-1) }
                        _ = try tx.projectCursor(project)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(running.most == 1)
    }

    @Test func `changes of different projects do not wait for each other`() async throws {
        let pair = try await Pair.make()
        let flags = [Flag(), Flag()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2 {
                group.addTask {
                    try await pair.catalogs[0].write(.project(ProjectID(rawValue: Int64(number + 1)))) { _ in
                        flags[number].raise()
                        flags[1 - number].wait()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // MARK: Failures

    @Test func `two that wait for each other both come to their end`() async throws {
        let pair = try await Pair.make()
        let names = ["one", "other"]
        try await pair.one.write { db in
            for name in names {
                try db.execute("INSERT INTO counters (name, value) VALUES (?, 0)", [.text(name)], isCached: false)
            }
        }
        let flags = [Flag(), Flag()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, database) in [pair.one, pair.other].enumerated() {
                group.addTask {
                    try await database.write(.rows) { db in
                        let sql = "UPDATE counters SET value = value + 1 WHERE name = ?"
                        try db.execute(sql, [.text(names[number])], isCached: true)
                        // Both hold one row now, and want the other's.
                        flags[number].raise()
                        flags[1 - number].wait()
                        try db.execute(sql, [.text(names[1 - number])], isCached: true)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Self.value("one", pair.one) == 2)
        #expect(try await Self.value("other", pair.one) == 2)
    }

    private static func value(_ name: String, _ database: PostgresDatabase) async throws -> Int64? {
        try await database.read { db in
            var value: Int64?
            try db.query("SELECT value FROM counters WHERE name = ?", [.text(name)], isCached: true) {
                value = $0.int(0)
            }
            return value
        }
    }

    /// Ends all connections of a schema's servers, as a restart of the database does.
    private static func cut(_ schema: TestSchema) async throws {
        try await TestSchema.anybody().write { db in
            try db.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND application_name LIKE 'stockroom%'
                    AND pid IN (SELECT pid FROM \(schema.name).backends)
                """, [], isCached: false
            ) { _ in }
        }
    }

    /// Remembers the connection that runs this, for `cut`.
    private static func register(_ db: any SQLConnection) throws {
        try db.execute("INSERT INTO backends (pid) VALUES (pg_backend_pid())", [], isCached: false)
    }

    @Test func `a write that loses its connection is done again, and once`() async throws {
        let pair = try await Pair.make()
        try await pair.one.write { db in
            try db.executeScript(
                "CREATE TABLE backends (pid BIGINT); INSERT INTO counters (name, value) VALUES ('kept', 0)")
        }
        let attempts = Counter()
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let isCut = Flag()
        let cutter = Task {
            for await _ in began.prefix(1) {}
            try await Self.cut(pair.schema)
            isCut.raise()
        }
        // Registered in a transaction of its own, on the only connection that writes.
        let single = pair.schema.database(connections: 3)
        try await single.write(.rows) { try Self.register($0) }
        try await single.write(.rows) { db in
            attempts.add(1)
            try db.execute("UPDATE counters SET value = value + 1 WHERE name = 'kept'", [], isCached: true)
            begins.yield()
            isCut.wait()
            try db.execute("UPDATE counters SET value = value + 10 WHERE name = 'kept'", [], isCached: true)
        }
        try await cutter.value
        #expect(attempts.most == 2)
        #expect(try await Self.value("kept", pair.one) == 11)
    }

    @Test func `a database that is not there is unavailable, not an internal error`() async throws {
        let error = await #expect(throws: AssetError.self) {
            try await SQLCatalog(PostgresDatabase(url: "postgres://nobody@127.0.0.1:1/none", connections: 3)).read {
                try $0.globalCursor()
            }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("127.0.0.1") == false, "What is inside is for the log")
        #expect(error?.detail?.contains("127.0.0.1") == true)
    }

    @Test func `a read whose task is cancelled ends in the database too`() async throws {
        let pair = try await Pair.make()
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await pair.one.read { db in
                begins.yield()
                try db.query("SELECT pg_sleep(600)", [], isCached: false) { _ in }
            }
        }
        for await _ in began.prefix(1) {}
        // The statement may not have begun yet: asked again until it has ended.
        task.cancel()
        let error = await task.result
        #expect(throws: CancellationError.self) { try error.get() }
    }

    @Test func `a read that is cancelled between two statements begins no other one`() async throws {
        let pair = try await Pair.make()
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let (isCancelled, hasGoneOn) = (Flag(), Flag())
        let task = Task {
            try await pair.one.read { db in
                begins.yield()
                isCancelled.wait()
                try db.query("SELECT pg_sleep(600)", [], isCached: false) { _ in }
                hasGoneOn.raise()
            }
        }
        for await _ in began.prefix(1) {}
        task.cancel()
        isCancelled.raise()
        let error = await task.result
        #expect(throws: CancellationError.self) { try error.get() }
        #expect(!hasGoneOn.isUp)
    }

    // MARK: Transactions that fail

    private static let failing = "SELECT 1 / 0"

    @Test func `what comes after a failure that was kept quiet is not taken for done`() async throws {
        let pair = try await Pair.make()
        await #expect(throws: (any Error).self) {
            try await pair.one.write(.rows) { db in
                try db.execute("INSERT INTO counters (name, value) VALUES ('quiet', 1)", [], isCached: false)
                try? db.query(Self.failing, [], isCached: false) { _ in }
            }
        }
        #expect(try await Self.value(of: "quiet", pair) == nil)
    }

    /// In a group with others, whose own work stays.
    @Test(arguments: [
        // Kept quiet.
        [],
        // Takes the way back with it.
        ["RELEASE item"],
        // Ends everybody's transaction, and begins another one.
        ["ROLLBACK", "BEGIN", "SAVEPOINT other"],
    ])
    func `a write that leaves its savepoint broken takes nobody else's work with it`(statements: [String]) async throws
    {
        let pair = try await Pair.make()
        let (isFull, holds) = (Flag(), Flag())
        let first = Task {
            try await pair.one.write(.rows) { _ in
                holds.raise()
                isFull.wait()
            }
        }
        while !holds.isUp { await Task.yield() }
        // In this order in one group: they wait for the first.
        let writes = (0..<5).map { number in
            Task {
                try await pair.one.write(.rows) { db in
                    if number == 2 {
                        for statement in statements { try db.executeScript(statement) }
                        try? db.query(Self.failing, [], isCached: false) { _ in }
                    } else {
                        try db.execute(
                            "INSERT INTO counters (name, value) VALUES (?, 1)", [.text("n\(number)")], isCached: false)
                    }
                }
            }
        }
        while pair.one.waitingCount(.rows) < writes.count { await Task.yield() }
        isFull.raise()
        try await first.value
        for (number, write) in writes.enumerated() {
            let result = await write.result
            if number == 2 {
                #expect(throws: (any Error).self) { try result.get() }
            } else {
                #expect(throws: Never.self) { try result.get() }
                #expect(try await Self.value(of: "n\(number)", pair) == 1)
            }
        }
    }

    private static func value(of name: String, _ pair: Pair) async throws -> Int64? {
        try await pair.other.read { db in
            var value: Int64?
            try db.query("SELECT value FROM counters WHERE name = ?", [.text(name)], isCached: false) {
                value = $0.int(0)
            }
            return value
        }
    }

    @Test func `a write whose task is cancelled changes nothing`() async throws {
        let pair = try await Pair.make()
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let isCancelled = Flag()
        let task = Task {
            try await pair.one.write { db in
                try db.execute("INSERT INTO counters (name, value) VALUES ('half', 1)", [], isCached: false)
                begins.yield()
                isCancelled.wait()
            }
        }
        for await _ in began.prefix(1) {}
        task.cancel()
        isCancelled.raise()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await Self.value("half", pair.one) == nil)
    }

    @Test func `two servers that start on an empty database both find their schema`() async throws {
        let schema = try await TestSchema.make()
        let databases = (0..<4).map { _ in schema.database() }
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for database in databases { group.addTask { try await Migrator(database).run().applied.count } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(applied.sorted().dropLast() == [0, 0, 0])
        #expect(applied.max() == Int(Migrator.newest))
    }

    // MARK: Between servers

    /// Runs the services until `body` has ended.
    private func with(_ services: [any Service], _ body: @escaping @Sendable () async throws -> Void) async throws {
        let group = ServiceGroup(
            configuration: .init(services: services.map { .init(service: $0) }, logger: Self.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `a change on one server wakes who follows on another`() async throws {
        let pair = try await Pair.make()
        let project = pair.test.demo.project.id
        let (one, other) = (SQLCatalog(pair.one), SQLCatalog(pair.other))
        let feeds = [
            PostgresFeed(pair.one, signal: one.feedSignal, logger: Self.logger),
            PostgresFeed(pair.other, signal: other.feedSignal, logger: Self.logger),
        ]
        let start = other.feedSignal.generation(of: project)
        // Without a poller: nothing but a notification can wake the follower.
        try await with(feeds) {
            // The first signal says that the listener listens.
            await other.feedSignal.wait(for: project, after: start)
            for _ in 0..<20 {
                let seen = other.feedSignal.generation(of: project)
                try await one.write(.project(project)) { try $0.append(.update, .assets, [GID()], in: project) }
                // What was done before, or is global, may wake it too.
                var heard = seen
                while heard.project == seen.project {
                    await other.feedSignal.wait(for: project, after: heard)
                    heard = other.feedSignal.generation(of: project)
                }
            }
        }
    }

    @Test func `a duty is one server's at a time, and passes on when that is gone`() async throws {
        let pair = try await Pair.make()
        let now = Self.now
        func take(_ owner: String, at seconds: Double) async throws -> Bool {
            try await pair.catalogs[owner == "one" ? 0 : 1].write(.rows) { tx in
                let moment = now.adding(seconds: seconds)
                return try tx.takeDuty("sweeping", owner: owner, now: moment, until: moment.adding(seconds: 90))
            }
        }
        #expect(try await take("one", at: 0))
        #expect(try await !take("other", at: 10))
        #expect(try await take("one", at: 60))
        #expect(try await !take("other", at: 149))
        #expect(try await take("other", at: 150))
        #expect(try await !take("one", at: 151))
    }

    @Test func `jobs are claimed by many at once, and each by one`() async throws {
        let pair = try await Pair.make()
        let project = pair.test.demo.project.id
        let user = try await pair.user()
        let count = 40
        try await pair.catalogs[0].write { tx in
            for _ in 0..<count {
                _ = try tx.insertJob(
                    .bulkDelete, project: project, user: user, parameters: .emptyObject, isSilent: false,
                    now: Self.now)
            }
        }
        let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
            for number in 0..<8 {
                let catalog = pair.catalogs[number % 2]
                group.addTask {
                    var mine: [JobID] = []
                    while let job = try await catalog.write(
                        .rows,
                        { tx in
                            try tx.claimJob(
                                owner: "\(number)", now: Self.now, until: Self.now.adding(seconds: 20))
                        })
                    {
                        mine.append(job.id)
                    }
                    return mine
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(claimed.count == count)
        #expect(Set(claimed).count == count)
    }
}
