import GRDB
import Testing

@testable import AssetSQLite

struct CheckpointsTests {
    @Test func `the file of a connection is brought to the disk; in memory there is none`() throws {
        let folder = try TemporaryFolder()
        let file = try DatabaseQueue(path: folder.database)
        try file.write { try $0.execute(sql: "CREATE TABLE t (n)") }
        #expect(file.writeWithoutTransaction { Checkpoints.synchronize($0) })
        #expect(try !DatabaseQueue().writeWithoutTransaction { Checkpoints.synchronize($0) })
    }
}
