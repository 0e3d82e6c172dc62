import AssetCore
import Foundation
import GRDB
import Logging
import Testing

@testable import AssetSQL
@testable import AssetSQLite

struct CheckpointsTests {
    @Test func `the file of a connection is brought to the disk; in memory there is none`() throws {
        let folder = try TemporaryFolder()
        let file = try DatabaseQueue(path: folder.database)
        try file.write { try $0.execute(sql: "CREATE TABLE t (n)") }
        #expect(file.writeWithoutTransaction { Checkpoints.synchronize($0) })
        #expect(try !DatabaseQueue().writeWithoutTransaction { Checkpoints.synchronize($0) })
    }

    @Test func `whoever waits for room goes on when there is some`() async throws {
        let folder = try TemporaryFolder()
        let checkpoints = try Checkpoints(
            path: folder.database, configuration: Configuration(), writer: try DatabaseQueue(path: folder.database),
            turns: WriterTurns(logger: Logger(label: "test")))
        await checkpoints.waitForRoom()
        checkpoints.setCrowded(true)
        let waiting = (0..<3).map { _ in Task { await checkpoints.waitForRoom() } }
        for _ in 0..<1_000_000 where checkpoints.waitingCount < 3 { await Task.yield() }
        #expect(checkpoints.waitingCount == 3)
        checkpoints.setCrowded(false)
        for task in waiting { await task.value }
        #expect(checkpoints.waitingCount == 0)
        checkpoints.close()
    }

    /// Faster than any checkpoint: bulk work waits for it, and whatever waits goes on.
    @Test func `bulk writes do not make the log grow with them`() async throws {
        let folder = try TemporaryFolder()
        let database = try SQLiteDatabase(path: folder.database)
        defer { database.close() }
        try await database.write { try $0.executeScript("CREATE TABLE pads (number INTEGER PRIMARY KEY, pad BLOB)") }
        let (writers, writes, bytes) = (2, 50, 2_000_000)
        try await withThrowingDiscardingTaskGroup { group in
            for writer in 0..<writers {
                group.addTask {
                    for write in 0..<writes {
                        let size: WriteSize = write % 10 == 0 ? .small : .bulk
                        try await database.write(.everything, size) { db in
                            _ = try db.execute(
                                "INSERT INTO pads (number, pad) VALUES (?, zeroblob(?))",
                                [.count(writer * writes + write), .count(bytes)], isCached: true)
                        }
                    }
                }
            }
        }
        let count = try await database.read { try $0.first("SELECT COUNT(*) FROM pads", []) { $0.int(0) } }
        #expect(count == Int64(writers * writes))
        let log = try FileManager.default.attributesOfItem(atPath: folder.database + "-wal")[.size] as? Int
        #expect(try #require(log) < writers * writes * bytes / 2)
    }
}
