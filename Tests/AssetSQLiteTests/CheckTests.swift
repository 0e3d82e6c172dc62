import AssetCore
import AssetTesting
import NIOCore
import Testing

/// Every kind of damage is made by hand, found, and put right where it can be.
struct CheckTests {
    /// Numbers: the root is 1, `outer` 2, `inner` 3, `one.txt` 4, `two.txt` 5.
    struct Harm: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let sql: String
        let found: Set<Damage>
        /// What is still found after a repair.
        var left: Set<Damage> = []
    }

    static let harms: [Harm] = [
        Harm(
            testDescription: "an index that lacks rows",
            sql: """
                PRAGMA writable_schema = ON;
                UPDATE sqlite_master SET sql = replace(sql, ' WHERE is_file = 1', '') WHERE name = 'assets_type';
                PRAGMA schema_version = 9999
                """, found: [.database], left: [.database]),
        Harm(
            testDescription: "a file whose bytes have no row", sql: "UPDATE assets SET blob_id = 999 WHERE id = 4",
            found: [.references, .unreferenced], left: [.references]),
        Harm(
            testDescription: "a membership of nobody", sql: "UPDATE members SET user_id = 999 WHERE user_id = 1",
            found: [.references], left: [.references]),
        Harm(
            testDescription: "a version of zero", sql: "UPDATE assets SET version = 0 WHERE id = 4",
            found: [.rules], left: [.rules]),
        Harm(
            testDescription: "a project without a root",
            sql: "DELETE FROM assets WHERE id IN (1, 2, 3, 4, 5); DELETE FROM asset_search",
            found: [.roots, .unreferenced], left: [.roots]),
        Harm(
            testDescription: "a folder that is gone",
            sql: "UPDATE assets SET parent_id = 999 WHERE id = 4", found: [.parents, .counts], left: [.parents]),
        Harm(
            testDescription: "a file in a file", sql: "UPDATE assets SET parent_id = 5 WHERE id = 4",
            found: [.parents, .counts], left: [.parents]),
        Harm(
            testDescription: "two folders in each other", sql: "UPDATE assets SET parent_id = 3 WHERE id = 2",
            found: [.cycles, .counts], left: [.cycles]),
        Harm(
            testDescription: "a name that comes twice",
            sql: """
                DROP INDEX assets_name; UPDATE assets SET name = 'one.txt' WHERE id = 5;
                UPDATE asset_search SET name = '1_one 1_txt' WHERE rowid = 5
                """, found: [.names], left: [.names]),
        Harm(
            testDescription: "a name that is a path",
            sql: "UPDATE assets SET name = '../etc' WHERE id = 3", found: [.names], left: [.names]),
        Harm(
            testDescription: "too many files counted",
            sql: "UPDATE assets SET file_count = file_count + 1 WHERE id = 2", found: [.counts]),
        Harm(
            testDescription: "too few folders counted", sql: "UPDATE assets SET folder_count = 0 WHERE id = 2",
            found: [.counts]),
        Harm(testDescription: "another size", sql: "UPDATE assets SET size = 99 WHERE id = 4", found: [.sizes]),
        Harm(
            testDescription: "a file without words", sql: "DELETE FROM asset_search WHERE rowid = 4", found: [.search]),
        Harm(
            testDescription: "other words", sql: "UPDATE asset_search SET title = '1en_secret' WHERE rowid = 4",
            found: [.search]),
        Harm(
            testDescription: "words that are in the table, but not in the index",
            sql: """
                DELETE FROM asset_search WHERE rowid = 4;
                INSERT INTO asset_search_content (id, c0, c1, c2, c3) VALUES (4, '1_one 1_txt', '', '', '');
                INSERT INTO asset_search_docsize (id, sz) VALUES (4, x'02000000')
                """, found: [.search]),
        Harm(
            testDescription: "words of nothing, far behind the last file",
            sql: "INSERT INTO asset_search (rowid, name) VALUES (99999, '1_ghost')", found: [.search]),
        Harm(
            testDescription: "words of a folder",
            sql: "INSERT INTO asset_search (rowid, name) VALUES (2, '1_outer')", found: [.search]),
        Harm(
            testDescription: "bytes that nobody needs",
            sql: "INSERT INTO blobs (hash, size, location) VALUES (randomblob(32), 5, 'nowhere')",
            found: [.unreferenced, .missingBytes], left: [.missingBytes]),
        Harm(
            testDescription: "a project's counter behind its feed",
            sql: "UPDATE projects SET cursor = 1", found: [.cursors]),
        Harm(
            testDescription: "the global counter behind its feed",
            sql: "UPDATE counters SET value = 0 WHERE name = 'global_cursor'", found: [.cursors]),
        Harm(
            testDescription: "a job that is taken for ever",
            sql: """
                INSERT INTO jobs (token, kind, project_id, user_id, status, parameters, lease_owner, lease_until,
                    created_on, updated_on, reported_on)
                VALUES (randomblob(16), 'assets.bulkdelete', 1, 1, 'queued', '{}', 'gone', 9000000000000000, 0, 0, 0)
                """, found: [.leases]),
    ]

    @Test func `a sound service is clean`() async throws {
        let service = try await DamagedService.make()
        let report = try await service.check(repairs: true, readsBytes: true)
        #expect(report.isClean, "\(report.entries)")
        #expect(report.assets == 5)
        #expect(report.blobs == 2)
        #expect(report.objects == 2)
        #expect(report.bytesRead == 14)
        #expect(report.unchecked == [])
    }

    @Test(arguments: harms)
    func `damage is found, and repaired where that is possible`(_ harm: Harm) async throws {
        let service = try await DamagedService.make()
        try service.harm(harm.sql)
        let before = try await service.check()
        #expect(Set(before.entries.keys) == harm.found, "\(before.entries)")
        // A check alone changes nothing.
        #expect(Set(try await service.check().entries.keys) == harm.found)

        let repaired = try await service.check(repairs: true)
        #expect(Set(repaired.entries.keys).isSuperset(of: harm.found))
        for damage in harm.found.subtracting(harm.left) {
            let entry = try #require(repaired.entries[damage])
            #expect(entry.repaired == entry.count)
        }
        let after = try await service.check()
        #expect(Set(after.entries.keys) == harm.left, "\(after.entries)")
    }

    @Test func `examples name the asset and its place`() async throws {
        let service = try await DamagedService.make()
        try service.harm("UPDATE assets SET size = 99 WHERE id = 4")
        let entry = try #require(try await service.check().entries[.sizes])
        #expect(entry.count == 1)
        #expect(entry.examples.map(\.gid) == [service.one.gid])
        #expect(entry.examples.map(\.pathname) == ["/outer/one.txt"])
        #expect(entry.examples[0].what == "its size is 99, that of its bytes 1")
    }

    @Test func `a search finds again what a repair has indexed`() async throws {
        let service = try await DamagedService.make()
        try service.harm("DELETE FROM asset_search")
        let query = try SearchQuery(parsing: ["language": "en", "q": "one"])
        func found() async throws -> [AssetID] {
            try await service.test.service.catalog.read { [project = service.one.project] tx in
                try tx.search(query, in: project, now: Timestamp(microseconds: 0))
            }
        }
        #expect(try await found() == [])
        _ = try await service.check(repairs: true)
        #expect(try await found() == [service.one.id])
    }

    @Test func `clients hear of what a repair changes for them`() async throws {
        let service = try await DamagedService.make()
        try service.harm("UPDATE assets SET file_count = 7 WHERE id = 2; UPDATE assets SET size = 99 WHERE id = 4")
        let project = service.one.project
        let cursor = try await service.test.service.catalog.read { try $0.projectCursor(project) }
        _ = try await service.check()
        #expect(try await service.test.service.catalog.read { try $0.projectCursor(project) } == cursor)
        _ = try await service.check(repairs: true)
        let changes = try await service.test.service.catalog.read {
            try $0.changes(in: project, after: cursor, limit: 10)
        }
        #expect(changes.map(\.action) == [.update, .update])
        #expect(changes.map(\.key) == [service.outer.gid, service.one.gid])
    }

    // MARK: Bytes

    @Test func `bytes that are gone or cut are found by their size`() async throws {
        let service = try await DamagedService.make()
        try await service.test.blobs.remove(service.location(of: service.one))
        try await service.test.blobs.replace(service.location(of: service.two), with: ByteBuffer(string: "twice"))
        let report = try await service.check(repairs: true)
        #expect(Set(report.entries.keys) == [.missingBytes, .wrongBytes])
        #expect(report.entries[.missingBytes]?.examples.map(\.gid) == [service.one.gid])
        #expect(report.entries[.wrongBytes]?.examples.map(\.pathname) == ["/outer/two.txt"])
        // The rows stay, and what is left of the bytes too.
        #expect(report.entries.values.allSatisfy { $0.repaired == 0 })
        #expect(try await service.test.blobs.locations == [service.location(of: service.two)])
        #expect(try await service.check(repairs: true).entries.count == 2)
    }

    @Test func `bytes that changed but kept their size are found by reading`() async throws {
        let service = try await DamagedService.make()
        try await service.test.blobs.replace(service.location(of: service.one), with: ByteBuffer(string: "2"))
        #expect(try await service.check().isClean)
        let report = try await service.check(readsBytes: true)
        #expect(Set(report.entries.keys) == [.wrongBytes])
    }

    @Test(arguments: [true, false])
    func `a good copy takes the place of damaged bytes`(isMissing: Bool) async throws {
        let service = try await DamagedService.make()
        let damaged = try await service.location(of: service.one)
        if isMissing {
            try await service.test.blobs.remove(damaged)
        } else {
            service.test.blobs.replace(damaged, with: ByteBuffer(string: "rotten"))
        }
        let copy = try await service.test.blobs.put(TestBody(Array("1".utf8)), limit: .max)
        let report = try await service.check(repairs: true)
        #expect(report.entries[isMissing ? .missingBytes : .wrongBytes]?.repaired == 1)
        let location = try await service.location(of: service.one)
        #expect(location != damaged)
        // The copy may be somebody's upload that is under way: the row has bytes of its own.
        #expect(location != copy.location)
        #expect(service.test.blobs.locations.contains(copy.location))
        #expect(service.test.blobs.quarantined == (isMissing ? [] : [damaged]))
        #expect(try await service.check(readsBytes: true).isClean)
    }

    @Test func `bytes without a row are put aside after a day, and never deleted`() async throws {
        let service = try await DamagedService.make()
        let orphan = try await service.test.blobs.put(TestBody(Array("lost".utf8)), limit: .max)
        #expect(try await service.check(repairs: true).isClean)
        service.test.clock.advance(seconds: 24 * 3600 + 1)
        let found = try await service.check()
        #expect(Set(found.entries.keys) == [.orphans])
        #expect(service.test.blobs.locations.contains(orphan.location))
        let repaired = try await service.check(repairs: true)
        #expect(repaired.entries[.orphans]?.repaired == 1)
        #expect(service.test.blobs.quarantined == [orphan.location])
        #expect(try await service.check().isClean)
    }

    @Test func `bytes that wait for the sweeper are no orphans`() async throws {
        let service = try await DamagedService.make()
        _ = try await service.test.service.delete(service.caller, .gid(service.one.gid))
        _ = try await service.test.service.permanentDelete(service.caller, .gid(service.one.gid))
        #expect(try await service.check().isClean)
        service.test.clock.advance(seconds: service.test.service.settings.gracePeriod + 1)
        try await service.test.sweeper().sweep(findsOrphans: false)
        #expect(service.test.blobs.locations.count == 2)
        service.test.clock.advance(seconds: 48 * 3600)
        #expect(try await service.check().isClean)
    }
}
