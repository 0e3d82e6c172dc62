import AssetTesting
import Foundation
import Logging
import NIOCore
import OrderedCollections
import Testing

@testable import AssetCore

/// Ten thousand random calls on small trees, single and bulk mixed: the catalog must agree with the model at every look, and clients
/// that follow the feed with the catalog.
struct TreePropertyTests {
    private static let steps = 2500
    /// Three that are always the same, and one that is new in each run; or only what STOCKROOM_SEED says.
    private static let seeds: [UInt64] = {
        let given = ProcessInfo.processInfo.environment["STOCKROOM_SEED"].flatMap { UInt64($0) }
        return given.map { [$0] } ?? [1, 2, 20_251_121, UInt64.random(in: 3...1_000_000)]
    }()

    @Test(arguments: seeds)
    func `the tree does what the model does, and the feed tells all of it`(seed: UInt64) async throws {
        print("TreePropertyTests: seed \(seed), \(Self.steps) steps")
        let test = try await TestService.make()
        var run = try await TreeRun(test: test, seed: seed)
        for step in 0..<Self.steps {
            try await run.step()
            if step % 20 == 19 { try await run.compare("seed \(seed), step \(step): \(run.log.suffix(12))") }
        }
        try await run.compareLateFollower("seed \(seed)")
    }
}

/// Something that keeps assets, and follows the feed.
private struct Follower {
    var cache: [GID: LocatedAsset] = [:]
    var cursor: Int64

    /// Fetches what is new or changed, and drops what is deleted.
    mutating func follow(_ test: TestService, _ caller: Caller) async throws -> [ProjectChange] {
        let changes = try await test.changes(after: cursor)
        var stale: Set<GID> = []
        for change in changes {
            switch change.action {
            case .insert, .update: stale.insert(change.key)
            case .delete:
                cache[change.key] = nil
                stale.remove(change.key)
            }
        }
        for located in try await test.service.assets(caller, stale.map(AssetReference.gid)) {
            cache[located.asset.gid] = located
        }
        cursor = changes.last?.cursor ?? cursor
        return changes
    }
}

private struct TreeRun {
    let test: TestService
    let caller: Caller
    var random: SeededGenerator
    var model: TreeModel
    var log: [String] = []
    /// Gids that once were: to ask for what is gone as well.
    var known: [GID] = []
    var contents = 0
    /// The bulk jobs that can be undone, by the number that the model knows them by.
    var jobs: [(number: Int, kind: Job.Kind, token: GID)] = []
    var backups: [(version: Int64, model: TreeModel)] = []
    var follower: Follower
    /// Sees the feed at the end only, when it has been compacted again and again.
    var lateFollower: Follower

    init(test: TestService, seed: UInt64) async throws {
        self.test = test
        caller = try await test.caller()
        random = SeededGenerator(seed: seed)
        let root = try await test.service.root(caller)
        model = TreeModel(root: root.asset.gid)
        known = [root.asset.gid]
        follower = Follower(cache: [root.asset.gid: root], cursor: try await test.cursor())
        lateFollower = follower
    }

    private mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    private mutating func pick() -> GID { known[number(0..<known.count)] }

    /// Mostly what exists.
    private mutating func pickFolder() -> GID {
        let folders = known.filter { model.nodes[$0]?.isFile == false }
        return number(0..<10) == 0 ? pick() : folders[number(0..<folders.count)]
    }

    private mutating func pickName(isFile: Bool) -> String {
        ["a", "b", "c"][number(0..<3)] + (isFile ? ".txt" : "")
    }

    /// Folders first, then by the bytes of the name.
    private func sortKey(_ gid: GID) -> [UInt8] {
        model.nodes[gid].map { [$0.isFile ? 1 : 0] + Array($0.name.utf8) } ?? []
    }

    private mutating func pickSelection() -> (json: JSON, gids: [GID]) {
        var entries: [JSON] = []
        var gids: [GID] = []
        for _ in 0..<number(1..<5) {
            if number(0..<3) > 0 {
                let gid = pick()
                entries.append(JSON(gid))
                gids.append(gid)
            } else {
                let folder = pickFolder()
                let excluded = pick()
                entries.append(["children": JSON(folder), "exclude": [JSON(excluded)]])
                let children = model.children(of: folder).filter { $0 != excluded }
                gids += children.sorted { sortKey($0).lexicographicallyPrecedes(sortKey($1)) }
            }
        }
        var seen: Set<GID> = []
        return (.array(entries), gids.filter { model.nodes[$0] != nil && seen.insert($0).inserted })
    }

    /// Runs an operation that the model allows or not; the service must be of the same opinion.
    private func expect(_ isAllowed: Bool, _ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            #expect(isAllowed, "allowed: \(what), \(log.suffix(12))")
        } catch {
            let code = (error as? AssetError)?.code
            #expect(!isAllowed && code == .unprocessable, "refused: \(what), \(error), \(log.suffix(12))")
        }
    }

    mutating func step() async throws {
        test.clock.advance(seconds: 0.01)
        // So that the tree stays small enough to be looked at whole.
        let isLarge = model.nodes.count > 60
        switch number(0..<20) {
        case 0...2 where !isLarge: try await add(isFile: false)
        case 3...5 where !isLarge: try await add(isFile: true)
        case 6: try await replace()
        case 7, 8: try await changeOne()
        case 9: try await purgeOne()
        case 10: try await editOne()
        case 11, 12: try await bulk(.bulkDelete)
        case 13: try await bulk(.bulkUndelete)
        case 14: try await bulk(.bulkPermanentDelete)
        case 15, 16: try await bulk(.bulkMove)
        case 17: try await undo()
        case 18: try await backUpOrRestore()
        case 19 where number(0..<10) == 0:
            _ = try await FeedCompactor(service: test.service, logger: .init(label: "test")).compact(slack: 0)
        default: try await purgeOne()
        }
        try await test.runJobs()
    }

    private mutating func ingested() async throws -> (file: IngestedFile, content: Int) {
        contents += 1
        let file = try await test.service.ingest(
            OneBuffer(ByteBuffer(string: "\(contents)")), named: AssetName("x.txt"))
        return (file, contents)
    }

    private mutating func add(isFile: Bool) async throws {
        let parent = pickFolder()
        let name = pickName(isFile: isFile)
        log.append("add \(name) in \(model.pathname(of: parent))")
        let expected = model.nameOfNew(name, in: parent)
        var made: Asset?
        let content = isFile ? try await ingested() : nil
        await expect(expected != nil, "add") {
            made =
                if let content {
                    try await test.service.addFile(
                        caller, content.file, named: AssetName(name), in: .gid(parent)
                    ).asset.asset
                } else {
                    try await test.folder(caller, name, in: parent)
                }
        }
        guard let made else { return }
        #expect(made.name == expected)
        model.add(made.gid, made.name, in: parent, content: content?.content)
        known.append(made.gid)
    }

    private mutating func replace() async throws {
        let gid = pick()
        if number(0..<2) == 0 {
            let version = number(1..<6)
            log.append("revert \(model.pathname(of: gid)) to \(version)")
            await expect(model.revert(gid, to: version), "revert") {
                _ = try await test.service.revert(caller, .gid(gid), to: Int64(version))
            }
            return
        }
        log.append("replace \(model.pathname(of: gid))")
        let (file, content) = try await ingested()
        await expect(model.replace(gid, with: content), "replace") {
            _ = try await test.service.replaceFile(caller, file, of: .gid(gid))
        }
    }

    private mutating func changeOne() async throws {
        let gid = pick()
        if number(0..<2) == 0 {
            log.append("delete \(model.pathname(of: gid))")
            await expect(model.delete(gid), "delete") { _ = try await test.service.delete(caller, .gid(gid)) }
        } else {
            log.append("undelete \(model.pathname(of: gid))")
            await expect(model.undelete(gid), "undelete") { _ = try await test.service.undelete(caller, .gid(gid)) }
        }
    }

    private mutating func purgeOne() async throws {
        let gid = pick()
        log.append("purge \(model.pathname(of: gid))")
        await expect(model.purge(gid), "purge") { _ = try await test.service.permanentDelete(caller, .gid(gid)) }
    }

    private mutating func editOne() async throws {
        let gid = pick()
        if number(0..<2) == 0 {
            let target = pickFolder()
            log.append("move \(model.pathname(of: gid)) to \(model.pathname(of: target))")
            await expect(model.move(gid, to: target), "move") {
                _ = try await test.service.move(caller, .gid(gid), to: .gid(target))
            }
        } else {
            let name = pickName(isFile: model.nodes[gid]?.isFile ?? false)
            log.append("rename \(model.pathname(of: gid)) to \(name)")
            var edit = AssetEdit()
            edit.name = try AssetName(name)
            edit.title = ["en": name]
            await expect(model.rename(gid, to: name), "rename") { [edit] in
                _ = try await test.service.update(caller, .gid(gid), edit)
            }
        }
    }

    private mutating func bulk(_ kind: Job.Kind) async throws {
        let (selection, gids) = pickSelection()
        let service = test.service
        let number = jobs.count + 1
        let target = kind == .bulkMove ? pickFolder() : model.root
        log.append("\(kind) \(gids.map(model.pathname)), target \(model.pathname(of: target))")
        guard model.isOpen(target) else {
            return await expect(false, "bulk move") {
                _ = try await service.bulkMove(caller, selection, to: target)
            }
        }
        let counted = try await service.dryRun(kind, caller, selection, to: target)
        let token =
            switch kind {
            case .bulkDelete: try await service.bulkDelete(caller, selection)
            case .bulkUndelete: try await service.bulkUndelete(caller, selection)
            case .bulkMove: try await service.bulkMove(caller, selection, to: target)
            default: try await service.bulkPermanentDelete(caller, selection)
            }
        for gid in gids {
            switch kind {
            case .bulkDelete: _ = model.delete(gid, by: number)
            case .bulkUndelete: _ = model.undelete(gid, by: number)
            case .bulkMove: _ = model.move(gid, to: target, by: number)
            default: _ = model.purge(gid)
            }
        }
        if kind == .bulkUndelete {
            // Folders come first, so that nothing fails that a folder of the same selection brings back.
            for gid in gids { _ = model.undelete(gid, by: number) }
        }
        jobs.append((number, kind, token))
        try await test.runJobs()
        let job = try await service.job(caller, token).job
        #expect(job.succeeded == counted.succeeded, "dry run: \(log.suffix(12))")
        #expect(job.failed == counted.failed, "dry run: \(log.suffix(12))")
    }

    private mutating func undo() async throws {
        guard !jobs.isEmpty else { return }
        // Mostly one of the last.
        let job = jobs[max(0, jobs.count - number(1..<6))]
        log.append("undo \(job.kind) \(job.number)")
        guard job.kind.canBeUndone else {
            return await expect(false, "undo") { _ = try await test.service.undoJob(caller, job.token) }
        }
        switch job.kind {
        case .bulkDelete: model.undoDelete(job.number)
        case .bulkUndelete: model.undoUndelete(job.number)
        default: model.undoMove(job.number)
        }
        _ = try await test.service.undoJob(caller, job.token)
    }

    private mutating func backUpOrRestore() async throws {
        if backups.isEmpty || number(0..<2) == 0 {
            log.append("back up")
            let backup = try await test.service.createBackup(caller, createdBy: "test", name: nil).backup
            backups.append((backup.version, model))
        } else {
            let backup = backups[number(0..<backups.count)]
            log.append("restore \(backup.version)")
            let undo = try await test.service.restoreBackup(caller, version: backup.version).backup
            backups.append((undo.version, model))
            model.restore(backup.model)
        }
    }

    mutating func compare(_ when: String) async throws {
        // The catalog is as the model says.
        var found: [GID: TreeModel.Node] = [:]
        var folders = [try await test.service.root(caller).asset]
        found[model.root] = TreeModel.Node(name: "", parent: nil, isFile: false)
        while let folder = folders.popLast() {
            let page = try await test.service.children(caller, of: .gid(folder.gid), top: 0, size: 10_000)
            let files = page.assets.count { $0.asset.isFile }
            #expect(folder.fileCount == Int64(files), "\(when)")
            #expect(folder.folderCount == Int64(page.assets.count - files), "\(when)")
            for located in page.assets {
                let asset = located.asset
                found[asset.gid] = TreeModel.Node(
                    name: asset.name, parent: folder.gid, isFile: asset.isFile, isDeleted: asset.status == .deleted,
                    version: Int(asset.version), content: try await content(of: asset))
                if !asset.isFile { folders.append(asset) }
            }
        }
        #expect(found == model.nodes, "\(when)")
        // A search finds the files, and nothing else.
        let query = try SearchQuery(parsing: ["language": "en", "q": "txt"])
        let project = caller.project.id
        let hits = try await test.service.catalog.read { tx in
            Set(try tx.assets(try tx.search(query, in: project, now: .init(microseconds: 0))).map(\.gid))
        }
        #expect(hits == Set(model.nodes.filter(\.value.isFile).map(\.key)), "\(when)")
        let changes = try await follower.follow(test, caller)
        #expect(changes.map(\.cursor) == changes.map(\.cursor).sorted(), "\(when)")
        try await compare(follower, when)
    }

    /// The bytes are a number.
    private func content(of asset: Asset) async throws -> Int {
        guard let blob = asset.content?.blob else { return 0 }
        let stored = try #require(try await test.service.catalog.read { try $0.blob(blob) })
        let bytes = try await test.blobs.head(stored.location, length: 100)
        return try #require(Int(String(buffer: bytes)))
    }

    private func compare(_ follower: Follower, _ when: String) async throws {
        let all = try await test.service.assets(caller, model.nodes.keys.map(AssetReference.gid))
        #expect(Set(follower.cache.keys) == Set(all.map(\.asset.gid)), "\(when)")
        for located in all {
            let cached = try #require(follower.cache[located.asset.gid], "\(when)")
            #expect(cached.pathname == located.pathname, "\(when)")
            #expect(cached.asset.status == located.asset.status, "\(when)")
            #expect(cached.asset.version == located.asset.version, "\(when)")
            #expect(cached.asset.updatedOn == located.asset.updatedOn, "\(when)")
            #expect(cached.asset.title == located.asset.title, "\(when)")
            #expect(cached.asset.fileCount == located.asset.fileCount, "\(when)")
            #expect(cached.asset.folderCount == located.asset.folderCount, "\(when)")
        }
    }

    /// However old a cursor is, nothing is missed.
    mutating func compareLateFollower(_ when: String) async throws {
        _ = try await FeedCompactor(service: test.service, logger: .init(label: "test")).compact(slack: 0)
        let head = try await test.cursor()
        let changes = try await lateFollower.follow(test, caller)
        #expect(Int64(changes.count) < head - changes[0].cursor, "the feed was compacted: \(when)")
        try await compare(lateFollower, when)
    }
}
