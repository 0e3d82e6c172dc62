import AssetCore
import AssetSQLite
import AssetTesting
import GRDB
import Testing

/// A service whose database can be harmed behind its back, as a disk or an administrator might.
struct DamagedService {
    let test: TestService
    let folder: TemporaryFolder
    let caller: Caller
    /// `/outer` with `/outer/inner` in it, and `/outer/one.txt`, `/outer/two.txt`.
    let outer: Asset
    let inner: Asset
    let one: Asset
    let two: Asset

    static func make() async throws -> DamagedService {
        let folder = try TemporaryFolder()
        let test = try await TestService.make(database: SQLiteDatabase(path: folder.database))
        let caller = try await test.caller()
        let outer = try await test.folder(caller, "outer")
        return DamagedService(
            test: test, folder: folder, caller: caller, outer: outer,
            inner: try await test.folder(caller, "inner", in: outer.gid),
            one: try await test.file(caller, "one.txt", in: outer.gid, "1"),
            two: try await test.file(caller, "two.txt", in: outer.gid, "twice as long"))
    }

    /// Without the rules that the program's own connections keep.
    func harm(_ sql: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: folder.database, configuration: configuration)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: sql)
        }
        try queue.close()
    }

    func check(repairs: Bool = false, readsBytes: Bool = false) async throws -> DamageReport {
        var options = CheckOptions()
        options.repairs = repairs
        options.readsBytes = readsBytes
        return try await test.service.check(options)
    }

    func location(of file: Asset) async throws -> String {
        let blob = try #require(file.content?.blob)
        return try #require(try await test.service.catalog.read { try $0.blob(blob) }).location
    }
}
