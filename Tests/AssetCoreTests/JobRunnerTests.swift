import AssetTesting
import Testing

@testable import AssetCore

/// A process that is killed at any write loses nothing and does nothing twice.
struct JobRunnerTests {
    /// Longer than a lease lasts.
    private static let lease = 21.0

    /// A folder with more files than one transaction takes, and folders within.
    private struct Tree {
        let top: Asset
        let folders: [Asset]
        let files: [Asset]
        var all: [Asset] { [top] + folders + files }
    }

    private static func tree(_ test: TestService, _ caller: Caller, _ name: String) async throws -> Tree {
        let top = try await test.folder(caller, name)
        let sub = try await test.folder(caller, "sub", in: top.gid)
        let deep = try await test.folder(caller, "deep", in: sub.gid)
        let empty = try await test.folder(caller, "empty", in: top.gid)
        let files =
            try await test.files(700, in: top, prefix: "a") + test.files(450, in: sub, prefix: "b")
            + test.files(60, in: deep, prefix: "c")
        return Tree(top: top, folders: [sub, deep, empty], files: files)
    }

    /// Lets runners die at their n-th write, until one lives to the end of the job; answers how many have died.
    private static func crashAndFinish(
        _ test: TestService, at writes: Int, _ moment: InterruptedCatalog.Moment
    ) async throws -> Bool {
        let catalog = InterruptedCatalog(inner: test.service.catalog, writes: writes, dies: moment)
        let runner = test.runner(over: catalog)
        try? await runner.drain()
        let died = catalog.isDead
        // Whatever the dead one left: the lease is respected until it runs out, then another goes on.
        test.clock.advance(seconds: Self.lease)
        try await test.runJobs()
        return died
    }

    @Test(arguments: InterruptedCatalog.Moment.allCases)
    func `bulk delete resumes after a crash at any write`(moment: InterruptedCatalog.Moment) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        var writes = 0
        while true {
            let tree = try await Self.tree(test, caller, "tree \(writes)")
            let cursor = try await test.cursor()
            let token = try await test.service.bulkDelete(caller, .gids(tree.top))
            let died = try await Self.crashAndFinish(test, at: writes, moment)
            #expect(try await test.statuses(tree.all) == tree.all.map { _ in .deleted })
            let keys = try await test.changedKeys(.update, after: cursor)
            #expect(keys == tree.all.map(\.gid.description).sorted(), "died at write \(writes)")
            #expect(
                try await test.end(of: token, seenBy: caller.user)
                    == JobNotice(status: "done", total: Int64(tree.all.count), remaining: 0, failed: 0))
            if !died { break }
            writes += 1
        }
        #expect(writes >= 6)
    }

    @Test(arguments: InterruptedCatalog.Moment.allCases)
    func `bulk permanent delete resumes after a crash at any write`(moment: InterruptedCatalog.Moment) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        var writes = 0
        while true {
            let tree = try await Self.tree(test, caller, "tree \(writes)")
            _ = try await test.service.bulkDelete(caller, .gids(tree.top))
            try await test.runJobs()
            let cursor = try await test.cursor()
            let token = try await test.service.bulkPermanentDelete(caller, .gids(tree.top))
            let died = try await Self.crashAndFinish(test, at: writes, moment)
            #expect(try await test.statuses(tree.all) == tree.all.map { _ in nil })
            let keys = try await test.changedKeys(.delete, after: cursor)
            #expect(keys == tree.all.map(\.gid.description).sorted(), "died at write \(writes)")
            #expect(
                try await test.end(of: token, seenBy: caller.user)
                    == JobNotice(status: "done", total: Int64(tree.all.count), remaining: 0, failed: 0))
            #expect(try await test.root().folderCount == 0)
            if !died { break }
            writes += 1
        }
        #expect(writes >= 6)
    }

    @Test(arguments: InterruptedCatalog.Moment.allCases)
    func `bulk move resumes after a crash at any write`(moment: InterruptedCatalog.Moment) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        var writes = 0
        while true {
            let from = try await test.folder(caller, "from \(writes)")
            let to = try await test.folder(caller, "to \(writes)")
            let files = try await test.files(510, in: from)
            let token = try await test.service.bulkMove(caller, [["children": JSON(from.gid)]], to: to.gid)
            let died = try await Self.crashAndFinish(test, at: writes, moment)
            #expect(try await test.now(from)?.fileCount == 0)
            #expect(try await test.now(to)?.fileCount == 510)
            // More than one transaction takes. Nothing was moved twice: a second move would have given a number.
            #expect(try await test.childNames(to).sorted() == files.map(\.name).sorted())
            #expect(
                try await test.end(of: token, seenBy: caller.user)
                    == JobNotice(status: "done", total: 510, remaining: 0, failed: 0))
            if !died { break }
            writes += 1
        }
        #expect(writes >= 6)
    }

    @Test func `the lease of a dead runner is respected until it runs out`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        _ = try await test.service.bulkDelete(caller, .gids(file))
        let catalog = InterruptedCatalog(inner: test.service.catalog, writes: 1, dies: .beforeCommit)
        try? await test.runner(over: catalog).drain()
        #expect(catalog.isDead)

        test.clock.advance(seconds: 19)
        try await test.runJobs()
        #expect(try await test.statuses([file]) == [.published])
        test.clock.advance(seconds: 2)
        try await test.runJobs()
        #expect(try await test.statuses([file]) == [.deleted])
    }

    @Test func `a process that is alone takes its leases back at the start`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        _ = try await test.service.bulkDelete(caller, .gids(file))
        let catalog = InterruptedCatalog(inner: test.service.catalog, writes: 2, dies: .beforeCommit)
        try? await test.runner(over: catalog).drain()
        try await test.service.catalog.write { try $0.releaseAllLeases() }
        try await test.runJobs()
        #expect(try await test.statuses([file]) == [.deleted])
    }

    @Test func `a runner that has lost its lease changes nothing more`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(3000, in: folder)
        let cursor = try await test.cursor()
        let token = try await test.service.bulkDelete(caller, .gids(folder))
        // Each of its writes takes longer than the lease: a second runner takes over in between.
        let slow = TickingCatalog(inner: test.service.catalog, clock: test.clock, seconds: 40)
        let slowRunner = test.runner(over: slow)
        try await withThrowingTaskGroup { group in
            group.addTask { try await slowRunner.drain() }
            group.addTask { try await test.runJobs() }
            try await group.waitForAll()
        }
        try await test.runJobs()
        #expect(try await test.changes(after: cursor).count == 3001)
        #expect(
            try await test.end(of: token, seenBy: caller.user)
                == JobNotice(status: "done", total: 3001, remaining: 0, failed: 0))
        #expect(try await test.notices(of: token, seenBy: caller.user).filter { $0.status == "done" }.count == 1)
    }

    @Test func `the service works jobs off when it is woken, and stops when it is cancelled`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        try await withThrowingTaskGroup { group in
            group.addTask { try await test.runner().run() }
            _ = try await test.service.bulkDelete(caller, .gids(file))
            // Each state that could be seen is either the one before or the one after.
            while try await test.statuses([file]) != [.deleted] { await Task.yield() }
            group.cancelAll()
        }
        #expect(try await test.statuses([file]) == [.deleted])
    }

    @Test func `jobs run in the order in which they were made`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        _ = try await test.service.bulkDelete(caller, .gids(file))
        _ = try await test.service.bulkUndelete(caller, .gids(file))
        let last = try await test.service.bulkDelete(caller, .gids(file))
        try await test.runJobs()
        #expect(try await test.statuses([file]) == [.deleted])
        #expect(try await test.end(of: last, seenBy: caller.user).failed == 0)
    }

    @Test func `a folder that is undeleted while it is being deleted is left alone from then on`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let tree = try await Self.tree(test, caller, "tree")
        let token = try await test.service.bulkDelete(caller, .gids(tree.top))
        // Claim, start, freeze, evaluate, and one step; then the runner gives the job back.
        let catalog = InterruptedCatalog(inner: test.service.catalog, writes: 5, dies: .beforeCommit)
        try? await test.runner(over: catalog).drain()
        let half = try await test.statuses(tree.all).filter { $0 == .deleted }.count
        #expect(half > 0)
        #expect(half < tree.all.count)
        let undelete = try await test.service.bulkUndelete(caller, .gids(tree.top))
        test.clock.advance(seconds: Self.lease)
        // The later job first: the other one's lease has not run out for it.
        try await test.runJobs()
        _ = try await test.end(of: token, seenBy: caller.user)
        _ = try await test.end(of: undelete, seenBy: caller.user)
        #expect(try await test.statuses(tree.all) == tree.all.map { _ in .published })
    }

    @Test func `a small folder that is taken out while others are being deleted keeps its content`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let top = try await test.folder(caller, "top")
        let other = try await test.folder(caller, "other")
        var folders: [Asset] = []
        var files: [[Asset]] = []
        for number in 0..<40 {
            folders.append(try await test.folder(caller, "folder \(number)", in: top.gid))
            files.append(try await test.files(50, in: folders[number]))
        }
        let token = try await test.service.bulkDelete(caller, .gids(top))
        // Claim, start, freeze, evaluate, and one step: all folders, and the files of some.
        let catalog = InterruptedCatalog(inner: test.service.catalog, writes: 5, dies: .beforeCommit)
        try? await test.runner(over: catalog).drain()
        #expect(try await test.statuses(folders) == folders.map { _ in .deleted })
        #expect(try await test.statuses(files[0]) == files[0].map { _ in .deleted })
        #expect(try await test.statuses(files[39]) == files[39].map { _ in .published })
        _ = try await test.service.bulkMove(caller, .gids(folders[39]), to: other.gid)
        try await test.runJobs()
        _ = try await test.service.bulkUndelete(caller, .gids(folders[39]))
        try await test.runJobs()
        test.clock.advance(seconds: Self.lease)
        try await test.runJobs()
        let taken = [folders[39]] + files[39]
        #expect(try await test.statuses(taken) == taken.map { _ in .published })
        let rest = [top] + folders.dropLast() + files.dropLast().flatMap(\.self)
        #expect(try await test.statuses(rest) == rest.map { _ in .deleted })
        #expect(try await test.end(of: token, seenBy: caller.user).remaining == 0)
    }

    /// Four writes end before the first step, five after it.
    @Test(arguments: [(4, Asset.Status.published), (5, .deleted)])
    func `a folder that is moved out meanwhile is deleted whole or not at all`(
        writes: Int, expected: Asset.Status
    ) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let tree = try await Self.tree(test, caller, "tree")
        let other = try await test.folder(caller, "other")
        let token = try await test.service.bulkDelete(caller, .gids(tree.top))
        let catalog = InterruptedCatalog(inner: test.service.catalog, writes: writes, dies: .beforeCommit)
        try? await test.runner(over: catalog).drain()
        #expect(try await test.statuses([tree.folders[0]]) == [expected])
        _ = try await test.service.bulkMove(caller, .gids(tree.folders[0]), to: other.gid)
        try await test.runJobs()
        #expect(try await test.now(tree.folders[0])?.parent == other.id)
        test.clock.advance(seconds: Self.lease)
        try await test.runJobs()
        let moved = [tree.folders[0], tree.folders[1]] + tree.files.filter { !$0.name.hasPrefix("a") }
        #expect(try await test.statuses(moved) == moved.map { _ in expected })
        let rest = [tree.top, tree.folders[2]] + tree.files.filter { $0.name.hasPrefix("a") }
        #expect(try await test.statuses(rest) == rest.map { _ in .deleted })
        #expect(try await test.end(of: token, seenBy: caller.user).remaining == 0)
    }
}
