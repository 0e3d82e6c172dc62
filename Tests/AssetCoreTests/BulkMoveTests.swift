import AssetTesting
import Testing

@testable import AssetCore

struct BulkMoveTests {
    @Test func `assets move with what lies below them, and the feed tells whose pathname changed`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let from = try await test.folder(caller, "from")
        let to = try await test.folder(caller, "to")
        let sub = try await test.folder(caller, "sub", in: from.gid)
        let inside = try await test.file(caller, "inside.txt", in: sub.gid)
        let file = try await test.file(caller, "file.txt", in: from.gid)
        let cursor = try await test.cursor()
        let token = try await test.service.bulkMove(caller, .gids(sub, file), to: to.gid)
        try await test.runJobs()
        let located = try await test.service.asset(caller, .gid(inside.gid))
        #expect(located.pathname == "/to/sub/inside.txt")
        #expect(try await test.childNames(to) == ["sub", "file.txt"])
        #expect(try await test.now(from)?.fileCount == 0)
        #expect(try await test.now(from)?.folderCount == 0)
        #expect(try await test.now(to)?.fileCount == 1)
        #expect(try await test.now(to)?.folderCount == 1)
        let keys = Set(try await test.changedKeys(.update, after: cursor))
        #expect(keys == Set([from, to, sub, inside, file].map(\.gid.description)))
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 2, remaining: 0, failed: 0))
    }

    @Test func `a taken name gets a number, also when the other one is deleted`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let to = try await test.folder(caller, "to")
        let there = try await test.file(caller, "a.txt", in: to.gid)
        _ = try await test.service.delete(caller, .gid(there.gid))
        var moved: [Asset] = []
        for number in 1...2 {
            let folder = try await test.folder(caller, "from \(number)")
            moved.append(try await test.file(caller, "a.txt", in: folder.gid))
        }
        _ = try await test.service.bulkMove(caller, .gids(moved[0], moved[1]), to: to.gid)
        try await test.runJobs()
        #expect(try await test.childNames(to) == ["a 2.txt", "a 3.txt", "a.txt"])
        #expect(try await test.now(moved[0])?.name == "a 2.txt")
        let query = try SearchQuery(parsing: ["language": "en", "filter": ["name", "is", "a 3"]])
        let project = caller.project.id
        #expect(
            try await test.service.catalog.read { try $0.search(query, in: project, now: .init(microseconds: 0)) } == [
                moved[1].id
            ])
    }

    @Test func `a folder cannot move into itself or below itself`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let a = try await test.folder(caller, "a")
        let b = try await test.folder(caller, "b", in: a.gid)
        let file = try await test.file(caller, "file.txt")
        let root = try await test.root()
        let token = try await test.service.bulkMove(caller, .gids(a, b, root, file), to: b.gid)
        try await test.runJobs()
        #expect(try await test.service.asset(caller, .gid(b.gid)).pathname == "/a/b")
        #expect(try await test.now(file)?.parent == b.id)
        let end = try await test.end(of: token, seenBy: caller.user)
        #expect(end.failed == 3)
        // Where it is already: nothing to do, no new name.
        let again = try await test.service.bulkMove(caller, .gids(file), to: b.gid)
        let cursor = try await test.cursor()
        try await test.runJobs()
        #expect(try await test.childNames(b) == ["file.txt"])
        #expect(try await test.changes(after: cursor).isEmpty)
        #expect(try await test.end(of: again, seenBy: caller.user).failed == 0)
    }

    @Test func `a target that cannot take anything is refused at once`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        let deleted = try await test.folder(caller, "deleted")
        _ = try await test.service.delete(caller, .gid(deleted.gid))
        for target in [GID(), file.gid, deleted.gid] {
            await expectError(.unprocessable) { try await test.service.bulkMove(caller, .gids(file), to: target) }
        }
    }

    @Test func `a target that is deleted before the job runs ends the job with an error`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let to = try await test.folder(caller, "to")
        let file = try await test.file(caller, "file.txt")
        let token = try await test.service.bulkMove(caller, .gids(file), to: to.gid)
        _ = try await test.service.delete(caller, .gid(to.gid))
        try await test.runJobs()
        #expect(try await test.end(of: token, seenBy: caller.user).error != nil)
        #expect(try await test.now(file)?.parent == caller.project.root)
    }

    @Test func `the folders that segment files are found by do not move`() async throws {
        let set = try await SegmentSet.make()
        let (test, caller) = (set.test, set.caller)
        try await set.attach("a.txt", path: "x")
        let to = try await test.folder(caller, "to")
        var folders: [Asset] = []
        for path in ["/reference", "/reference/assets", "/reference/assets/19641", "/reference/assets/19641/601"] {
            let found = try await test.service.asset(caller, .pathname(try AssetPath(parsing: path, parameter: "p")))
            folders.append(found.asset)
        }
        folders.append(try #require(try await set.asset("")).asset)
        let token = try await test.service.bulkMove(caller, .array(folders.map { JSON($0.gid) }), to: to.gid)
        try await test.runJobs()
        #expect(try await test.end(of: token, seenBy: caller.user).failed == 5)
        #expect(try await test.childNames(to) == [])
        #expect(try await set.list() == ["-:x:a.txt"])
        // What lies below moves freely.
        let x = try #require(try await set.asset("x")).asset
        _ = try await test.service.bulkMove(caller, .gids(x), to: to.gid)
        try await test.runJobs()
        #expect(try await test.childNames(to) == ["x"])
        #expect(try await set.list() == [])
    }

    @Test func `a file cannot be moved to a place that is kept for segment folders`() async throws {
        let set = try await SegmentSet.make()
        let (test, caller) = (set.test, set.caller)
        let folder = try await test.folder(caller, "folder")
        let file = try await test.file(caller, "reference", in: folder.gid)
        // An upload to this place is refused, and so must a move be.
        await expectError(.unprocessable) { try await test.file(caller, "reference") }
        let token = try await test.service.bulkMove(caller, .gids(file), to: try await test.root().gid)
        try await test.runJobs()
        #expect(try await test.end(of: token, seenBy: caller.user).failed == 1)
        #expect(try await test.now(file)?.parent == folder.id)
        try await set.attach("a.txt")
        #expect(try await set.list() == ["-::a.txt"])
    }
}
