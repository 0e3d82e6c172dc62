import AssetTesting
import OrderedCollections
import Testing

@testable import AssetCore

/// A restore works in short transactions; what others do between them counts as done after it.
struct RestoreSweepTests {
    /// A tree with a bit of everything, backed up and changed since, and a restore of it that goes step by step.
    private struct Scene {
        let test: TestService
        let caller: Caller
        let shelf: Asset
        let files: [Asset]
        let moved: Asset
        let trash: Asset
        let purged: Asset
        let added: Asset

        static func make() async throws -> Scene {
            let test = try await TestService.make()
            let caller = try await test.caller()
            let service = test.service
            let shelf = try await test.folder(caller, "shelf")
            let files = try await test.files(20, in: shelf)
            let moved = try await test.folder(caller, "moved", in: shelf.gid)
            _ = try await test.files(5, in: moved, prefix: "m")
            let trash = try await test.folder(caller, "trash")
            _ = try await test.files(3, in: trash, prefix: "t")
            _ = try await service.delete(caller, .gid(trash.gid))
            let purged = try await test.folder(caller, "purged")
            _ = try await test.files(5, in: purged, prefix: "p")
            _ = try await service.createBackup(caller, createdBy: "test", name: nil)
            try await test.runJobs()

            _ = try await service.undelete(caller, .gid(trash.gid))
            _ = try await service.delete(caller, .gid(purged.gid))
            _ = try await service.permanentDelete(caller, .gid(purged.gid))
            _ = try await service.move(caller, .gid(moved.gid), to: .gid(trash.gid))
            _ = try await service.delete(caller, .gid(files[0].gid))
            let added = try await test.folder(caller, "added")
            _ = try await test.files(5, in: added, prefix: "a")
            return Scene(
                test: test, caller: caller, shelf: shelf, files: files, moved: moved, trash: trash, purged: purged,
                added: added)
        }

        /// A line for each asset, with counts, in the order of the pathnames.
        func tree() async throws -> [String] {
            try await test.tree().map { "\($0.path) \($0.asset.status) \($0.asset.fileCount) \($0.asset.folderCount)" }
        }
    }

    @Test(arguments: InterruptedCatalog.Moment.allCases)
    func `a restore resumes after a crash at any write`(moment: InterruptedCatalog.Moment) async throws {
        var writes = 0
        var expected: [String]?
        while true {
            let scene = try await Scene.make()
            let test = scene.test
            let before = try await scene.tree()
            let (undo, token) = try await test.service.restoreBackup(scene.caller, version: 1)
            // Steps as short as they get, so that there are many.
            let catalog = InterruptedCatalog(inner: test.service.catalog, writes: writes, dies: moment)
            var steps: RestoreSteps? = RestoreSteps(test: test, token: token, catalog: catalog)
            while let running = steps { steps = (try? await running.step(limit: 3)) == true ? running : nil }
            test.clock.advance(seconds: 31)
            try await test.runJobs()
            #expect(try await test.end(of: token, seenBy: scene.caller.user).error == nil)
            let after = try await scene.tree()
            expected = expected ?? after
            #expect(after == expected, "died at write \(writes)")
            try await test.expectSoundTree()
            // Nothing was done twice.
            #expect(try await test.now(scene.purged)?.fileCount == 5)
            _ = try await test.service.restoreBackup(scene.caller, version: undo.version)
            try await test.runJobs()
            #expect(try await scene.tree() == before, "died at write \(writes)")
            if !catalog.isDead { break }
            writes += 1
        }
        #expect(writes > 20)
        #expect(expected?.contains("/shelf/moved published 5 0") == true)
        #expect(expected?.contains("/trash deleted 3 0") == true)
        #expect(expected?.contains { $0.hasPrefix("/added") } == false)
    }

    @Test func `what others do between the steps stays, wherever the restore is`() async throws {
        var pause = 0
        var isPaused = true
        while isPaused {
            let scene = try await Scene.make()
            let (test, caller, service) = (scene.test, scene.caller, scene.test.service)
            let (_, token) = try await service.restoreBackup(caller, version: 1)
            let steps = RestoreSteps(test: test, token: token)
            try await steps.begin()
            isPaused = true
            for _ in 0..<pause where isPaused { isPaused = try await steps.step(limit: 3) }
            // Titles, bytes, names, places and the trash; and what is new.
            _ = try await service.update(
                caller, .gid(scene.files[1].gid), .title("title"))
            let bytes = try await test.file(caller, "new.txt", in: scene.shelf.gid, "new bytes")
            _ = try await service.update(caller, .gid(scene.files[2].gid), try .name("own.txt"))
            let place = try await test.folder(caller, "place")
            _ = try await service.move(caller, .gid(scene.files[3].gid), to: .gid(place.gid))
            _ = try await service.delete(caller, .gid(scene.files[4].gid))
            _ = try await service.delete(caller, .gid(scene.files[5].gid))
            _ = try await service.permanentDelete(caller, .gid(scene.files[5].gid))
            // In a folder that the restore takes away, if it has not done so already.
            let late = try? await test.file(caller, "late.txt", in: scene.added.gid)
            // In one that it puts into the trash, and under a name that it needs.
            let inTrash = try? await test.file(caller, "late.txt", in: scene.trash.gid)
            let same = try? await test.folder(caller, "purged")
            while try await steps.step(limit: 3) {}

            #expect(try await test.now(scene.files[1])?.title["en"] == "title", "pause \(pause)")
            #expect(try await test.now(bytes)?.content?.blob == bytes.content?.blob)
            #expect(try await test.now(scene.files[2])?.name == "own.txt")
            #expect(try await test.now(scene.files[3])?.parent == place.id)
            #expect(try await test.now(scene.files[4])?.status == .deleted)
            #expect(try await test.now(scene.files[5]) == nil)
            if let late {
                #expect(try await test.now(late)?.status == .published, "pause \(pause)")
                #expect(try await test.now(scene.added)?.fileCount == 1)
            } else {
                #expect(try await test.now(scene.added) == nil)
            }
            if let inTrash {
                #expect(try await test.now(inTrash)?.status == .published, "pause \(pause)")
                #expect(try await test.now(scene.trash)?.status == .published)
            } else {
                #expect(try await test.now(scene.trash)?.status == .deleted)
            }
            let folder = try #require(same)
            let isBack = try await test.now(scene.purged) != nil
            // What had lain in the folder of that name lies there again: in the old one, or in the one that has its place.
            let holder = try #require(try await test.now(isBack ? scene.purged : folder))
            #expect((holder.fileCount, holder.name) == (5, "purged"), "pause \(pause)")
            #expect(try await test.now(folder)?.name == (isBack ? "purged 2" : "purged"))
            // And all the rest is as it was.
            #expect(try await test.now(scene.files[0])?.status == .published)
            #expect(try await test.now(scene.moved)?.parent == scene.shelf.id)
            try await test.expectSoundTree()
            pause += 1
        }
        #expect(pause > 10)
    }

    @Test func `names that are exchanged, and folders that change places`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let outer = try await test.folder(caller, "outer")
        let inner = try await test.folder(caller, "inner", in: outer.gid)
        let (a, b) = (
            try await test.file(caller, "a", in: inner.gid, "1"), try await test.file(caller, "b", in: inner.gid, "2")
        )
        _ = try await service.createBackup(caller, createdBy: "test", name: nil)
        try await test.runJobs()
        let before = try await test.tree().map(\.path)
        // The inner folder around the outer one, under each other's names; the files likewise.
        let root = try await test.root()
        _ = try await service.move(caller, .gid(inner.gid), to: .gid(root.gid))
        _ = try await service.move(caller, .gid(outer.gid), to: .gid(inner.gid))
        for (asset, name) in [(a, "x"), (b, "a"), (a, "b"), (inner, "x"), (outer, "inner"), (inner, "outer")] {
            _ = try await service.update(caller, .gid(asset.gid), try .name(name))
        }
        let changed = try await test.tree().map(\.path)
        #expect(changed == ["/outer", "/outer/a", "/outer/b", "/outer/inner"])
        let (undo, token) = try await service.restoreBackup(caller, version: 1)
        let steps = RestoreSteps(test: test, token: token)
        while try await steps.step(limit: 1) { try await test.expectSoundTree(isAtEnd: false) }
        #expect(try await test.tree().map(\.path) == before)
        #expect(try await test.now(a)?.name == "a")
        _ = try await service.restoreBackup(caller, version: undo.version)
        try await test.runJobs()
        #expect(try await test.tree().map(\.path) == changed)
        #expect(try await test.now(a)?.name == "b")
    }

    @Test(arguments: [1, 1000])
    func `new folders go, also when what they hold goes to the trash last`(limit: Int) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let trash = try await test.folder(caller, "trash")
        let thrown = try await test.folder(caller, "thrown", in: trash.gid)
        _ = try await service.delete(caller, .gid(trash.gid))
        _ = try await service.createBackup(caller, createdBy: "test", name: nil)
        try await test.runJobs()
        let before = try await test.tree().map { "\($0.path) \($0.asset.status)" }
        let outer = try await test.folder(caller, "outer")
        let inner = try await test.folder(caller, "inner", in: outer.gid)
        _ = try await service.move(caller, .gid(thrown.gid), to: .gid(inner.gid))
        _ = try await service.undelete(caller, .gid(thrown.gid))
        let (_, token) = try await service.restoreBackup(caller, version: 1)
        let steps = RestoreSteps(test: test, token: token)
        while try await steps.step(limit: limit) { try await test.expectSoundTree(isAtEnd: false) }
        #expect(try await test.tree().map { "\($0.path) \($0.asset.status)" } == before)
        try await test.expectSoundTree()
    }

    @Test func `a restore that has begun goes to its end, and what was asked for later waits for it`() async throws {
        let scene = try await Scene.make()
        let (test, caller, service) = (scene.test, scene.caller, scene.test.service)
        let (_, token) = try await service.restoreBackup(caller, version: 1)
        let again = try await service.restoreBackup(caller, version: 1)
        let steps = RestoreSteps(test: test, token: token)
        try await steps.begin()
        await expectError(.unprocessable) { try await service.cancelJob(caller, token) }
        // Neither backup goes before the restore that needs it has ended.
        try await service.deleteBackups(caller, versions: [1, 2])
        test.clock.advance(seconds: 5000)
        try await test.sweeper().sweep()
        let delete = try await service.bulkDelete(caller, .gids(scene.purged, scene.shelf))
        await expectError(.unprocessable) {
            try await service.export(.gid(caller.project.gid)) { _ in () }
        }
        try await test.runJobs()
        #expect(try await test.end(of: token, seenBy: caller.user).error == nil)
        // The second one was asked for while there was something to restore.
        #expect(try await test.end(of: again.job, seenBy: caller.user).error != nil)
        // It deleted what had come back.
        #expect(try await test.now(scene.purged)?.status == .deleted)
        #expect(
            try await test.end(of: delete, seenBy: caller.user)
                == JobNotice(status: "done", total: 1 + 5 + 1 + 20 + 1 + 5, remaining: 0, failed: 0))
        try await test.sweeper().sweep()
        #expect(try await service.details(of: caller.project).backups.backups == [])
        try await test.expectSoundTree()
    }

    @Test func `a language that comes during a restore comes to all texts`() async throws {
        let scene = try await Scene.make()
        let (test, caller, service) = (scene.test, scene.caller, scene.test.service)
        _ = try await service.update(caller, .gid(scene.files[1].gid), .title("later"))
        let (_, token) = try await service.restoreBackup(caller, version: 1)
        let steps = RestoreSteps(test: test, token: token)
        try await steps.begin()
        let language = try #require(try await service.addLanguage(caller, "de").job)
        while try await steps.step(limit: 3) {}
        try await test.runJobs()
        #expect(try await test.end(of: language, seenBy: caller.user).error == nil)
        #expect(try await test.now(scene.files[1])?.title["en"] != "later")
        #expect(try await service.catalog.read { try $0.project(caller.project.id) }?.languages == ["en", "nl", "de"])
    }
}

/// A restore's job, claimed, and advanced by one short transaction after the other.
struct RestoreSteps {
    let test: TestService
    let token: GID
    let catalog: any Catalog
    private let owner = GID().description

    init(test: TestService, token: GID, catalog: (any Catalog)? = nil) {
        self.test = test
        self.token = token
        self.catalog = catalog ?? test.service.catalog
    }

    /// Up to the first change of the project.
    func begin() async throws {
        while try await job()?.mustEnd == false { _ = try await step(limit: 10) }
    }

    private func job() async throws -> Job? {
        let project = test.demo.project.id
        return try await catalog.read { [token] tx in try tx.job(token: token, in: project) }
    }

    /// Answers whether there is more to do.
    func step(limit: Int) async throws -> Bool {
        let project = test.demo.project
        return try await catalog.write { [test, owner, token] tx in
            let now = test.service.clock.now()
            let until = now.adding(seconds: 30)
            guard let id = try tx.job(token: token, in: project.id)?.id else { return false }
            var owned = try tx.renewLease(id, owner: owner, until: until)
            if owned == nil { owned = try tx.claimJob(owner: owner, now: now, until: until) }
            guard var job = owned, job.id == id, job.status != .done else { return false }
            let isFinished = try SnapshotSweep(tx: tx, now: now).step(&job, limit: limit) == nil
            job.status = isFinished ? .done : .processing
            if isFinished { try tx.report(job, in: project) }
            try tx.save(job)
            return !isFinished
        }
    }
}

extension TestService {
    /// Everything below the root, by pathname.
    func tree() async throws -> [(path: String, asset: Asset)] {
        let root = demo.project.root
        return try await service.catalog.read { tx in
            var found: [(path: String, asset: Asset)] = []
            var open = [(root, "")]
            while let (folder, path) = open.popLast() {
                for asset in try tx.children(of: folder, top: 0, size: 10_000) {
                    found.append(("\(path)/\(asset.name)", asset))
                    if !asset.isFile { open.append((asset.id, "\(path)/\(asset.name)")) }
                }
            }
            return found.sorted { $0.path < $1.path }
        }
    }

    /// What must be true of a tree at any moment; and, `isAtEnd`, that no name is for the time being.
    func expectSoundTree(isAtEnd: Bool = true, _ comment: Comment? = nil) async throws {
        let tree = try await tree()
        let project = demo.project
        let backup = try await service.catalog.write { tx in
            try tx.insertBackup(
                of: project.id, name: "all", createdBy: "test", isExport: true, now: service.clock.now())
        }
        // Each row is below the root, and there are no others.
        let rows = try await service.catalog.write { tx in
            var sweep = SnapshotSweep.Progress()
            while try SnapshotSweep(tx: tx, now: service.clock.now()).copy(to: backup, &sweep, limit: 1000) != nil {}
            try tx.setStatus(of: backup.id, to: .deleting)
            return try tx.snapshotSize(of: backup)
        }
        #expect(rows == Int64(tree.count) + 1, comment)
        let byParent = Dictionary(grouping: tree.map(\.asset), by: \.parent)
        for folder in tree.map(\.asset) + [try await root()] where !folder.isFile {
            let inside = byParent[folder.id] ?? []
            #expect(folder.fileCount == Int64(inside.count(where: \.isFile)), comment)
            #expect(folder.folderCount == Int64(inside.count { !$0.isFile }), comment)
            if folder.status == .deleted {
                #expect(inside.allSatisfy { $0.status == .deleted }, comment)
            }
        }
        if isAtEnd { #expect(!tree.contains { $0.asset.hasMadeRoom }, comment) }
    }
}

extension AssetEdit {
    fileprivate static func title(_ text: String) -> AssetEdit {
        var edit = AssetEdit()
        edit.title = ["en": text]
        return edit
    }

    fileprivate static func name(_ text: String) throws -> AssetEdit {
        var edit = AssetEdit()
        edit.name = try AssetName(text)
        return edit
    }
}
