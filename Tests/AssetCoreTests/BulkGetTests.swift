import AssetTesting
import Testing

@testable import AssetCore

struct BulkGetTests {
    private static func children(_ folder: Asset) throws -> Selection {
        try Selection(parsing: [["children": JSON(folder.gid)]])
    }

    @Test func `pages of a frozen selection`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(2500, in: folder)
        let expected = files.map(\.name).sorted()
        let first = try await test.service.bulkGet(caller, Self.children(folder), cursor: nil, size: 700)
        // What comes and goes meanwhile does not move the pages.
        _ = try await test.file(caller, "a new one.txt", in: folder.gid)
        var names = first.assets.map(\.asset.name)
        var cursor = first.cursor
        var pages = 1
        while let next = cursor {
            let page = try await test.service.bulkGet(caller, Self.children(folder), cursor: next, size: 700)
            #expect(page.total == 2500)
            names += page.assets.map(\.asset.name)
            cursor = page.cursor
            pages += 1
        }
        #expect(names == expected)
        #expect(pages == 4)
        #expect(first.assets.first?.pathname == "/folder/f0.txt")
    }

    @Test(arguments: [(1, 3), (2, 2), (3, 1), (4, 1)])
    func `the last page has no cursor`(size: Int, pages: Int) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(3, in: folder)
        var page = try await test.service.bulkGet(caller, Self.children(folder), cursor: nil, size: size)
        var count = 1
        var seen = page.assets.count
        while let cursor = page.cursor {
            page = try await test.service.bulkGet(caller, Self.children(folder), cursor: cursor, size: size)
            count += 1
            seen += page.assets.count
        }
        #expect(count == pages)
        #expect(seen == 3)
    }

    @Test func `entries in order, duplicates once, what does not exist is skipped`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(3, in: folder)
        let outside = try await test.file(caller, "f9 outside.txt")
        let deleted = try await test.file(caller, "deleted.txt")
        _ = try await test.service.delete(caller, .gid(deleted.gid))
        let selection = try Selection(parsing: [
            JSON(files[2].gid), JSON(GID()), ["children": JSON(folder.gid), "exclude": [JSON(files[1].gid)]],
            JSON(deleted.gid), ["search": ["language": "en", "q": "f1 f9"]], JSON(files[0].gid), JSON(folder.gid),
        ])
        let page = try await test.service.bulkGet(caller, selection, cursor: nil, size: 100)
        #expect(
            page.assets.map(\.asset.name).prefix(3) == ["f2.txt", "f0.txt", "deleted.txt"])
        // `exclude` holds for its own entry only: the search finds what the children left out.
        #expect(Set(page.assets.map(\.asset.id).dropFirst(3).dropLast()) == [files[1].id, outside.id])
        #expect(page.assets.last?.asset.id == folder.id)
        #expect(page.total == 6)
        #expect(page.cursor == nil)
    }

    @Test func `what is purged meanwhile makes a page short, not the last`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(4, in: folder)
        let first = try await test.service.bulkGet(caller, Self.children(folder), cursor: nil, size: 2)
        _ = try await test.service.delete(caller, .gid(files[2].gid))
        _ = try await test.service.permanentDelete(caller, .gid(files[2].gid))
        let second = try await test.service.bulkGet(caller, Self.children(folder), cursor: first.cursor, size: 1)
        #expect(second.assets.isEmpty)
        let last: String = try #require(second.cursor)
        let third = try await test.service.bulkGet(caller, Self.children(folder), cursor: last, size: 1)
        #expect(third.assets.map(\.asset.id) == [files[3].id])
        #expect(third.cursor == nil)
    }

    @Test func `a cursor that cannot be used`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let owner = try await test.owner()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(3, in: folder)
        let page = try await test.service.bulkGet(caller, Self.children(folder), cursor: nil, size: 1)
        let cursor = try #require(page.cursor)
        let token = try #require(cursor.split(separator: ".").first)
        for wrong in ["", ".", "x", "\(token)", "\(token).", "\(token).-1", "\(token).x", "\(token).1.1", "\(GID()).1"]
        {
            await expectError(.badSelection) {
                try await test.service.bulkGet(caller, Self.children(folder), cursor: wrong, size: 1)
            }
        }
        // Of another user, in another project.
        await expectError(.badSelection) {
            try await test.service.bulkGet(owner, Self.children(folder), cursor: cursor, size: 1)
        }
        let project = try await test.service.createProject(
            account: "demo", owner: "demo", name: "Other", number: nil, languages: ["en"])
        let elsewhere = Caller(user: caller.user, project: project, rights: .read)
        await expectError(.badSelection) {
            try await test.service.bulkGet(elsewhere, Self.children(folder), cursor: cursor, size: 1)
        }
        // Behind the end there is nothing, and it is the end.
        let end = try await test.service.bulkGet(caller, Self.children(folder), cursor: "\(token).99999999", size: 1)
        #expect(end.assets.isEmpty)
        #expect(end.cursor == nil)
    }

    @Test func `a cursor lives for an hour after its last use, and for a minute more at most`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(5, in: folder)
        var page = try await test.service.bulkGet(caller, Self.children(folder), cursor: nil, size: 1)
        for _ in 0..<2 {
            test.clock.advance(seconds: 3599)
            try await test.sweeper().sweep()
            page = try await test.service.bulkGet(caller, Self.children(folder), cursor: page.cursor, size: 1)
            #expect(page.assets.count == 1)
        }
        test.clock.advance(seconds: 3660)
        let cursor = page.cursor
        await expectError(.badSelection) {
            try await test.service.bulkGet(caller, Self.children(folder), cursor: cursor, size: 1)
        }
    }

    @Test func `the end of a cursor is written down once in a minute, not with each page`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(9, in: folder)
        var page = try await test.service.bulkGet(caller, Self.children(folder), cursor: nil, size: 1)
        let text: String = try #require(page.cursor)
        let token = try #require(text.split(separator: ".").first.flatMap { GID($0) })
        func secondsLeft() async throws -> Double {
            let now = test.clock.clock.now()
            let open = try await test.service.catalog.read { tx in
                try tx.selection(token: token, project: caller.project.id, user: caller.user.id, now: now)
            }
            return try #require(open).expiresOn.seconds - now.seconds
        }
        for (wait, left) in [(0.0, 3660.0), (59, 3601), (1, 3600), (1, 3660), (10, 3650), (3600, 3660)] {
            test.clock.advance(seconds: wait)
            page = try await test.service.bulkGet(caller, Self.children(folder), cursor: page.cursor, size: 1)
            #expect(page.assets.count == 1)
            #expect(abs(try await secondsLeft() - left) < 0.001)
        }
    }
}
