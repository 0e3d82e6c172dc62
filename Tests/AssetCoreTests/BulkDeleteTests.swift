import AssetTesting
import Testing

@testable import AssetCore

struct BulkDeleteTests {
    @Test func `a selection of gids, children with exclude and search with exclude`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let single = try await test.file(caller, "single.txt")
        let folder = try await test.folder(caller, "folder")
        let child = try await test.file(caller, "child.txt", in: folder.gid)
        let sub = try await test.folder(caller, "sub", in: folder.gid)
        let deep = try await test.file(caller, "deep.txt", in: sub.gid)
        let kept = try await test.file(caller, "kept.txt", in: folder.gid)
        let other = try await test.folder(caller, "other")
        let found = try await test.file(caller, "cms 225.txt", in: other.gid)
        let spared = try await test.file(caller, "cms 226.txt", in: other.gid)
        let untouched = try await test.file(caller, "plain.txt", in: other.gid)
        let cursor = try await test.cursor()

        let token = try await test.service.bulkDelete(
            caller,
            [
                JSON(single.gid), ["children": JSON(folder.gid), "exclude": [JSON(kept.gid)]],
                ["search": ["language": "en", "q": "+cms"], "exclude": [JSON(spared.gid)]],
            ])
        #expect(try await test.changes(after: cursor).isEmpty)
        try await test.runJobs()

        let deleted = [single, child, sub, deep, found]
        #expect(try await test.statuses(deleted) == deleted.map { _ in .deleted })
        let published = [folder, kept, other, spared, untouched]
        #expect(try await test.statuses(published) == published.map { _ in .published })
        // Exactly one UPDATE for each asset that has changed, and nothing else.
        let changes = try await test.changes(after: cursor)
        #expect(changes.count == deleted.count)
        #expect(try await test.changedKeys(.update, after: cursor) == deleted.map(\.gid.description).sorted())
        #expect(changes.map(\.cursor) == Array(cursor + 1...cursor + 5))
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 5, remaining: 0, failed: 0))
    }

    @Test func `the feed shows queued, processing and done with counts`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(3, in: folder)
        let before = try await test.service.cursors(of: nil).global
        let token = try await test.service.bulkDelete(caller, .gids(folder))
        #expect(try await test.notices(of: token, seenBy: caller.user) == [JobNotice(status: "queued")])
        try await test.runJobs()
        #expect(
            try await test.notices(of: token, seenBy: caller.user) == [
                JobNotice(status: "queued"), JobNotice(status: "processing", total: 4, remaining: 4, failed: 0),
                JobNotice(status: "done", total: 4, remaining: 0, failed: 0),
            ])
        // The client takes only what is newer than the cursor that it read before the call.
        let page = try await test.service.changes(for: caller.user, globalCursor: before, project: nil)
        #expect(page.items.count == 3)
        #expect(!page.hasMore)
    }

    @Test func `a long job tells its progress at most once a second, never backwards`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(12_000, in: folder)
        let token = try await test.service.bulkDelete(caller, .gids(folder))
        let ticking = TickingCatalog(inner: test.service.catalog, clock: test.clock, seconds: 0.4)
        try await test.runner(over: ticking).drain()

        let notices = try await test.notices(of: token, seenBy: caller.user)
        let remaining = notices.compactMap(\.remaining)
        #expect(
            notices.map(\.status) == ["queued"] + Array(repeating: "processing", count: notices.count - 2) + ["done"])
        #expect(notices.count > 3)
        #expect(remaining == remaining.sorted(by: >))
        #expect(notices.dropFirst().allSatisfy { $0.total == 12_001 && $0.failed == 0 })
    }

    @Test func `a job with nothing to do still ends`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let token = try await test.service.bulkDelete(caller, [JSON(GID())])
        try await test.runJobs()
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 0, remaining: 0, failed: 0))
    }

    @Test(arguments: [true, false])
    func `a folder and its own file are each counted once`(folderFirst: Bool) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let file = try await test.file(caller, "file.txt", in: folder.gid)
        let cursor = try await test.cursor()
        let token = try await test.service.bulkDelete(
            caller, folderFirst ? .gids(folder, file) : .gids(file, folder, file))
        try await test.runJobs()
        #expect(try await test.statuses([folder, file]) == [.deleted, .deleted])
        #expect(try await test.changes(after: cursor).count == 2)
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 2, remaining: 0, failed: 0))
    }

    @Test func `many small folders, and one between them that is larger than a step`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let top = try await test.folder(caller, "top")
        var all = [top]
        for number in 0..<240 {
            let folder = try await test.folder(caller, "folder \(number)", in: top.gid)
            let count = number == 120 ? 1500 : number % 3
            all.append(folder)
            all += try await test.files(count, in: folder)
            guard number.isMultiple(of: 50) else { continue }
            let sub = try await test.folder(caller, "sub", in: folder.gid)
            all.append(sub)
            all += try await test.files(2, in: sub)
        }
        let gone = all[3]
        _ = try await test.service.delete(caller, .gid(gone.gid))
        let changed = all.filter { $0.id != gone.id }.map(\.gid.description).sorted()
        let total = Int64(all.count)

        var cursor = try await test.cursor()
        let delete = try await test.service.bulkDelete(caller, .gids(top))
        try await test.runJobs()
        #expect(try await test.statuses(all) == all.map { _ in .deleted })
        #expect(try await test.changedKeys(.update, after: cursor) == changed)
        #expect(try await test.changes(after: cursor).map(\.cursor) == Array(cursor + 1..<cursor + total))
        // What was in the trash already has no line, and is not counted.
        let end = JobNotice(status: "done", total: total - 1, remaining: 0, failed: 0)
        #expect(try await test.end(of: delete, seenBy: caller.user) == end)

        cursor = try await test.cursor()
        let undelete = try await test.service.bulkUndelete(caller, .gids(top))
        try await test.runJobs()
        #expect(try await test.statuses(all) == all.map { _ in .published })
        #expect(
            try await test.changedKeys(.update, after: cursor) == all.map(\.gid.description).sorted())
        #expect(
            try await test.end(of: undelete, seenBy: caller.user)
                == JobNotice(status: "done", total: total, remaining: 0, failed: 0))
    }

    @Test func `items in the wrong state fail one by one`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let root = try await test.root()
        let good = try await test.file(caller, "good.txt")
        let gone = try await test.file(caller, "gone.txt")
        _ = try await test.service.delete(caller, .gid(gone.gid))
        let last = try await test.file(caller, "last.txt")
        let cursor = try await test.cursor()
        let token = try await test.service.bulkDelete(caller, .gids(gone, good, last))
        try await test.runJobs()
        #expect(try await test.statuses([good, gone, last]) == [.deleted, .deleted, .deleted])
        #expect(try await test.changes(after: cursor).count == 2)
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 3, remaining: 0, failed: 1))

        let rootToken = try await test.service.bulkDelete(caller, .gids(root))
        try await test.runJobs()
        #expect(try await test.end(of: rootToken, seenBy: caller.user).failed == 1)
        #expect(try await test.statuses([root]) == [.published])
    }

    @Test func `assets of another project are not touched`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let owner = try await test.owner()
        let project = try await test.service.createProject(
            account: "demo", owner: "demo", name: "Other", number: nil, languages: ["en"])
        let other = try await test.service.caller(owner.user.gid, in: project.gid)
        let file = try await test.file(other, "theirs.txt")
        let token = try await test.service.bulkDelete(
            caller, [JSON(file.gid), ["children": JSON(try await test.service.root(other).asset.gid)]])
        try await test.runJobs()
        #expect(try await test.statuses([file]) == [.published])
        #expect(try await test.end(of: token, seenBy: caller.user).total == 0)
    }

    @Test func `a selection that is wrong makes no job`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let before = try await test.service.cursors(of: nil).global
        await expectError(.badSelection) { try await test.service.bulkDelete(caller, nil) }
        await expectError(.badSelection) { try await test.service.bulkDelete(caller, []) }
        await expectError(.badSelection) { try await test.service.bulkDelete(caller, ["nonsense"]) }
        #expect(try await test.service.cursors(of: nil).global == before)
    }

    @Test func `each bulk call needs its right`() async throws {
        let test = try await TestService.make()
        let file = try await test.file(try await test.caller(), "file.txt")
        let contributor = try await test.member(.contributor, named: "contributor")
        let viewer = try await test.member(.viewer, named: "viewer")
        for caller in [contributor, viewer] {
            await expectError(.forbidden) { try await test.service.bulkDelete(caller, .gids(file)) }
            await expectError(.forbidden) { try await test.service.bulkUndelete(caller, .gids(file)) }
            await expectError(.forbidden) { try await test.service.bulkPermanentDelete(caller, .gids(file)) }
        }
        await expectError(.forbidden) {
            try await test.service.bulkMove(viewer, .gids(file), to: try await test.root().gid)
        }
        try await test.runJobs()
        #expect(try await test.statuses([file]) == [.published])
    }

    @Test func `a member who was removed before the job runs is rejected, then done with an error`() async throws {
        let test = try await TestService.make()
        let owner = try await test.owner()
        let member = try await test.member(.member, named: "leaver")
        let file = try await test.file(owner, "file.txt")
        let token = try await test.service.bulkDelete(member, .gids(file))
        try await test.service.removeMember("leaver", from: .gid(test.demo.project.gid))
        try await test.runJobs()
        let notices = try await test.notices(of: token, seenBy: owner.user)
        #expect(notices.map(\.status) == ["queued", "rejected", "done"])
        #expect(notices.last?.error != nil)
        #expect(try await test.statuses([file]) == [.published])
    }

    @Test func `a member who lost the right before the job runs is rejected`() async throws {
        let test = try await TestService.make()
        let owner = try await test.owner()
        let member = try await test.member(.member, named: "demoted")
        let file = try await test.file(owner, "file.txt")
        let token = try await test.service.bulkDelete(member, .gids(file))
        try await test.service.addMember("demoted", to: .gid(test.demo.project.gid), role: .viewer)
        try await test.runJobs()
        #expect(try await test.notices(of: token, seenBy: owner.user).map(\.status) == ["queued", "rejected", "done"])
        #expect(try await test.statuses([file]) == [.published])
    }
}

// MARK: - Back from the trash

struct BulkUndeleteTests {
    @Test func `undelete brings back a subtree, with what had been deleted before`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let sub = try await test.folder(caller, "sub", in: folder.gid)
        let file = try await test.file(caller, "file.txt", in: sub.gid)
        let early = try await test.file(caller, "early.txt", in: folder.gid)
        _ = try await test.service.delete(caller, .gid(early.gid))
        _ = try await test.service.delete(caller, .gid(folder.gid))
        let cursor = try await test.cursor()
        let token = try await test.service.bulkUndelete(caller, .gids(folder))
        try await test.runJobs()
        let all = [folder, sub, file, early]
        #expect(try await test.statuses(all) == all.map { _ in .published })
        #expect(try await test.changedKeys(.update, after: cursor) == all.map(\.gid.description).sorted())
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 4, remaining: 0, failed: 0))
    }

    @Test func `what is not deleted, or lies in a deleted folder, fails alone`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let inside = try await test.file(caller, "inside.txt", in: folder.gid)
        _ = try await test.service.delete(caller, .gid(folder.gid))
        let deleted = try await test.file(caller, "deleted.txt")
        _ = try await test.service.delete(caller, .gid(deleted.gid))
        let published = try await test.file(caller, "published.txt")
        let cursor = try await test.cursor()
        let token = try await test.service.bulkUndelete(caller, .gids(inside, published, deleted))
        try await test.runJobs()
        #expect(try await test.statuses([inside, published, deleted]) == [.deleted, .published, .published])
        #expect(try await test.changedKeys(.update, after: cursor) == [deleted.gid.description])
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 3, remaining: 0, failed: 2))
    }

    @Test func `children of a deleted folder can be selected, together with the folder`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(3, in: folder)
        _ = try await test.service.delete(caller, .gid(folder.gid))
        let token = try await test.service.bulkUndelete(
            caller, [JSON(folder.gid), ["children": JSON(folder.gid)]])
        try await test.runJobs()
        #expect(try await test.statuses([folder] + files) == Array(repeating: .published, count: 4))
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 4, remaining: 0, failed: 0))
    }
}

// MARK: - For good

struct BulkPermanentDeleteTests {
    @Test func `rows, search hits and bytes go`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let sub = try await test.folder(caller, "sub", in: folder.gid)
        let first = try await test.file(caller, "needle one.txt", in: folder.gid, "one")
        let second = try await test.file(caller, "needle two.txt", in: sub.gid, "two")
        let kept = try await test.file(caller, "needle three.txt", in: nil, "two")
        let bytes = test.blobs.locations
        #expect(bytes.count == 3)
        _ = try await test.service.delete(caller, .gid(folder.gid))
        let cursor = try await test.cursor()
        let token = try await test.service.bulkPermanentDelete(caller, .gids(folder))
        try await test.runJobs()

        #expect(try await test.statuses([folder, sub, first, second, kept]) == [nil, nil, nil, nil, .published])
        let query = try SearchQuery(parsing: ["language": "en", "q": "needle"])
        let project = caller.project.id
        #expect(
            try await test.service.catalog.read { try $0.search(query, in: project, now: .init(microseconds: 0)) } == [
                kept.id
            ])
        let root = try await test.root()
        #expect(root.fileCount == 1)
        #expect(root.folderCount == 0)
        let gone = [folder, sub, first, second].map(\.gid.description).sorted()
        #expect(try await test.changedKeys(.delete, after: cursor) == gone)
        #expect(try await test.changedKeys(.update, after: cursor) == [root.gid.description])
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 4, remaining: 0, failed: 0))

        // The bytes of `two` are still those of `kept`; its second copy was never needed.
        let sweeper = test.sweeper()
        test.clock.advance(seconds: test.service.settings.gracePeriod + 1)
        try await sweeper.sweep()
        test.clock.advance(seconds: test.service.settings.gracePeriod + 1)
        try await sweeper.sweep()
        #expect(test.blobs.locations.count == 1)
        let content = try #require(kept.content)
        let blob = try #require(try await test.service.catalog.read { try $0.blob(content.blob) })
        #expect(test.blobs.locations == [blob.location])
    }

    @Test func `what is not in the trash fails alone`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let published = try await test.file(caller, "published.txt")
        let folder = try await test.folder(caller, "folder")
        let inside = try await test.file(caller, "inside.txt", in: folder.gid)
        let deleted = try await test.file(caller, "deleted.txt")
        _ = try await test.service.delete(caller, .gid(deleted.gid))
        let token = try await test.service.bulkPermanentDelete(caller, .gids(published, folder, deleted))
        try await test.runJobs()
        #expect(
            try await test.statuses([published, folder, inside, deleted]) == [.published, .published, .published, nil])
        let end = try await test.end(of: token, seenBy: caller.user)
        #expect(end.failed == 2)
        #expect(end.remaining == 0)
    }

    @Test func `a file in the wrong state is counted once, also when an item beside it is gone`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let inside = try await test.file(caller, "inside.txt", in: folder.gid)
        let deleted = try await test.file(caller, "deleted.txt")
        let published = try await test.file(caller, "published.txt")
        for asset in [folder, deleted] { _ = try await test.service.delete(caller, .gid(asset.gid)) }
        // `inside` goes with `folder`, so that it is gone when its own turn comes.
        let token = try await test.service.bulkPermanentDelete(caller, .gids(folder, deleted, inside, published))
        try await test.runJobs()
        #expect(try await test.statuses([folder, deleted, inside, published]) == [nil, nil, nil, .published])
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 4, remaining: 0, failed: 1))
    }

    @Test func `files of several folders in one selection`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        var files: [Asset] = []
        var folders: [Asset] = []
        for number in 0..<3 {
            let folder = try await test.folder(caller, "folder \(number)")
            folders.append(folder)
            files += try await test.files(2, in: folder)
        }
        let mixed = [0, 2, 4, 1, 3, 5].map { files[$0] }
        let delete = try await test.service.bulkDelete(caller, .array(mixed.map { JSON($0.gid) }))
        try await test.runJobs()
        let purge = try await test.service.bulkPermanentDelete(caller, .array(mixed.map { JSON($0.gid) }))
        try await test.runJobs()
        let expected = JobNotice(status: "done", total: 6, remaining: 0, failed: 0)
        #expect(try await test.end(of: delete, seenBy: caller.user) == expected)
        #expect(try await test.end(of: purge, seenBy: caller.user) == expected)
        for folder in folders { #expect(try await test.now(folder)?.fileCount == 0) }
    }
}
