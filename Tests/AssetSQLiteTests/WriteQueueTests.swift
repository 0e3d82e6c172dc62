import AssetCore
import AssetSQL
import GRDB
import Synchronization
import Testing

@testable import AssetSQLite

/// Writes that share a commit.
struct WriteQueueTests {
    private struct Refusal: Error {}

    private final class Count: Sendable {
        private let counted = Mutex(0)
        var value: Int { counted.withLock { $0 } }
        func add() { counted.withLock { $0 += 1 } }
    }

    private final class Gate: Sendable {
        private let state = Mutex(false)
        var isOpen: Bool { state.withLock { $0 } }
        func open() { state.withLock { $0 = true } }
    }

    private let database: DatabaseQueue
    private let queue: WriteQueue
    /// How many transactions have been begun, as long as nothing fails.
    private let groups = Count()

    init() throws {
        database = try DatabaseQueue()
        try database.write { try $0.execute(sql: "CREATE TABLE lines (number INTEGER PRIMARY KEY, pad BLOB)") }
        queue = WriteQueue { [database, groups] work in
            database.asyncWriteWithoutTransaction { db in
                groups.add()
                work(SQLiteConnection(db: db))
            }
        }
    }

    private func insert(_ number: Int, refuses: Bool = false) async throws -> Int {
        try await QueuedWrite { db in
            try db.execute("INSERT INTO lines (number) VALUES (?)", [.int(Int64(number))], isCached: true)
            if refuses { throw Refusal() }
            return number
        }.run(in: queue)
    }

    private func numbers() throws -> [Int] {
        try database.read { try Int.fetchAll($0, sql: "SELECT number FROM lines ORDER BY number") }
    }

    /// Runs `body` with the writer at work on something else, so that everything that `body` starts waits together.
    private func whileBusy<Value: Sendable>(
        count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Result<Value, any Error>] {
        let gate = Gate()
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let blocker = Task { [queue] in
            try await QueuedWrite { _ in
                begins.yield()
                // The others are added by tasks that run meanwhile.
                while !gate.isOpen {}
            }.run(in: queue)
        }
        for await _ in began.prefix(1) {}
        let tasks = (0..<count).map { number in Task { try await body(number) } }
        while queue.waitingCount < count { await Task.yield() }
        gate.open()
        try await blocker.value
        var results: [Result<Value, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    @Test func `writes that wait together are committed together`() async throws {
        let results = try await whileBusy(count: 50) { try await insert($0) }
        #expect(try results.map { try $0.get() } == Array(0..<50))
        #expect(try numbers() == Array(0..<50))
        #expect(groups.value < 25)
    }

    @Test func `bulk work shares a commit with nobody`() async throws {
        // In one transaction, all see that as many have been begun.
        let results = try await whileBusy(count: 50) { number in
            let isBulk = number % 10 == 0
            return try await QueuedWrite(isBulk ? .bulk : .small) { db in
                try db.execute("INSERT INTO lines (number) VALUES (?)", [.int(Int64(number))], isCached: true)
                return (isBulk, groups.value)
            }.run(in: queue)
        }
        let seen = try results.map { try $0.get() }
        for (isBulk, count) in seen where isBulk { #expect(seen.count { $0.1 == count } == 1) }
        #expect(Set(seen.map(\.1)).count < 25)
    }

    @Test func `a write that fails undoes its own changes only`() async throws {
        let results = try await whileBusy(count: 20) { try await insert($0, refuses: $0 % 3 == 0) }
        for (number, result) in results.enumerated() {
            if number % 3 == 0 {
                #expect(throws: Refusal.self) { try result.get() }
            } else {
                #expect(try result.get() == number)
            }
        }
        #expect(try numbers() == (0..<20).filter { $0 % 3 != 0 })
    }

    @Test func `when a failure undoes the transaction, the others are done all the same`() async throws {
        let results = try await whileBusy(count: 10) { number in
            if number != 5 { return try await insert(number) }
            return try await QueuedWrite { db -> Int in
                // As a full disk does.
                try db.executeScript("ROLLBACK")
                throw Refusal()
            }.run(in: queue)
        }
        #expect(throws: Refusal.self) { try results[5].get() }
        #expect(try numbers() == (0..<10).filter { $0 != 5 })
        #expect(try await insert(99) == 99)
    }

    @Test func `a cancelled write changes nothing`() async throws {
        let results = try await whileBusy(count: 6) { number in
            let task = Task { try await insert(number) }
            if number % 2 == 0 { task.cancel() }
            return try await task.value
        }
        for (number, result) in results.enumerated() where number % 2 == 0 {
            #expect(throws: CancellationError.self) { try result.get() }
        }
        #expect(try numbers() == [1, 3, 5])
    }

    @Test func `many at once, and each gets its own answer`() async throws {
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<2000 { group.addTask { (number, try await insert(number)) } }
            for try await (asked, answered) in group { #expect(asked == answered) }
        }
        #expect(try numbers() == Array(0..<2000))
    }
}
