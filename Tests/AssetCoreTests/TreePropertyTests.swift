import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

/// Random operations on a small tree: the catalog must agree with the model, and a client that follows the feed with the catalog.
struct TreePropertyTests {
    @Test(arguments: [1, 2, 3, 20_251_121] as [UInt64])
    func `the tree does what the model does, and the feed tells all of it`(seed: UInt64) async throws {
        let test = try await TestService.make()
        var run = try await TreeRun(test: test, seed: seed)
        for step in 0..<300 {
            try await run.step()
            if step % 10 == 9 { try await run.compare("seed \(seed), step \(step): \(run.log.suffix(12))") }
        }
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
    var cache: [GID: LocatedAsset] = [:]
    var cursor: Int64

    init(test: TestService, seed: UInt64) async throws {
        self.test = test
        caller = try await test.caller()
        random = SeededGenerator(seed: seed)
        let root = try await test.service.root(caller)
        model = TreeModel(root: root.asset.gid)
        known = [root.asset.gid]
        cache = [root.asset.gid: root]
        cursor = try await test.cursor()
    }

    private mutating func pick() -> GID { known[Int.random(in: 0..<known.count, using: &random)] }

    /// Mostly what exists.
    private mutating func pickFolder() -> GID {
        let folders = known.filter { model.nodes[$0]?.isFile == false }
        return Int.random(in: 0..<10, using: &random) == 0
            ? pick() : folders[Int.random(in: 0..<folders.count, using: &random)]
    }

    /// Folders first, then by the bytes of the name.
    private func sortKey(_ gid: GID) -> [UInt8] {
        model.nodes[gid].map { [$0.isFile ? 1 : 0] + Array($0.name.utf8) } ?? []
    }

    private mutating func pickSelection() -> (json: JSON, gids: [GID]) {
        var entries: [JSON] = []
        var gids: [GID] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            if Int.random(in: 0..<3, using: &random) > 0 {
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
        let service = test.service
        switch Int.random(in: 0..<16, using: &random) {
        case 0...2: try await add(isFile: false)
        case 3...5: try await add(isFile: true)
        case 6:
            let gid = pick()
            log.append("replace \(gid)")
            let file = try await service.ingest(
                OneBuffer(ByteBuffer(string: "\(log.count)")), named: AssetName("x.txt"))
            await expect(model.replace(gid), "replace") {
                _ = try await service.replaceFile(caller, file, of: .gid(gid))
            }
        case 7:
            let gid = pick()
            log.append("delete \(model.pathname(of: gid))")
            await expect(model.delete(gid), "delete") { _ = try await service.delete(caller, .gid(gid)) }
        case 8:
            let gid = pick()
            log.append("undelete \(model.pathname(of: gid))")
            await expect(model.undelete(gid), "undelete") { _ = try await service.undelete(caller, .gid(gid)) }
        case 9:
            let gid = pick()
            log.append("purge \(model.pathname(of: gid))")
            await expect(model.purge(gid), "purge") { _ = try await service.permanentDelete(caller, .gid(gid)) }
        case 10, 11:
            let selection = pickSelection()
            log.append("bulk delete \(selection.gids.map(model.pathname))")
            for gid in selection.gids { _ = model.delete(gid) }
            _ = try await service.bulkDelete(caller, selection.json)
        case 12:
            let selection = pickSelection()
            log.append("bulk undelete \(selection.gids.map(model.pathname))")
            for gid in selection.gids { _ = model.undelete(gid) }
            _ = try await service.bulkUndelete(caller, selection.json)
        case 13:
            let selection = pickSelection()
            log.append("bulk purge \(selection.gids.map(model.pathname))")
            for gid in selection.gids { _ = model.purge(gid) }
            _ = try await service.bulkPermanentDelete(caller, selection.json)
        default:
            let (selection, target) = (pickSelection(), pickFolder())
            log.append("bulk move \(selection.gids.map(model.pathname)) to \(model.pathname(of: target))")
            let isAllowed = model.isOpen(target)
            if isAllowed { for gid in selection.gids { model.move(gid, to: target) } }
            await expect(isAllowed, "bulk move") { _ = try await service.bulkMove(caller, selection.json, to: target) }
        }
        try await test.runJobs()
    }

    private mutating func add(isFile: Bool) async throws {
        let parent = pickFolder()
        let name = ["a", "b", "c"][Int.random(in: 0..<3, using: &random)] + (isFile ? ".txt" : "")
        log.append("add \(name) in \(model.pathname(of: parent))")
        let expected = model.nameOfNew(name, in: parent)
        var made: Asset?
        await expect(expected != nil, "add") {
            made =
                isFile
                ? try await test.file(caller, name, in: parent, name) : try await test.folder(caller, name, in: parent)
        }
        guard let made else { return }
        #expect(made.name == expected)
        model.add(made.gid, made.name, in: parent, isFile: isFile)
        known.append(made.gid)
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
                    version: Int(asset.version))
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
        try await follow(when)
    }

    /// A client that fetches what is new or changed, and drops what is deleted, sees what there is.
    private mutating func follow(_ when: String) async throws {
        let changes = try await test.changes(after: cursor)
        #expect(changes.map(\.cursor) == (0..<changes.count).map { cursor + 1 + Int64($0) }, "\(when)")
        cursor += Int64(changes.count)
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
        let all = try await test.service.assets(caller, model.nodes.keys.map(AssetReference.gid))
        #expect(Set(cache.keys) == Set(all.map(\.asset.gid)), "\(when)")
        for located in all {
            let cached = try #require(cache[located.asset.gid], "\(when)")
            #expect(cached.pathname == located.pathname, "\(when)")
            #expect(cached.asset.status == located.asset.status, "\(when)")
            #expect(cached.asset.version == located.asset.version, "\(when)")
            #expect(cached.asset.updatedOn == located.asset.updatedOn, "\(when)")
            #expect(cached.asset.fileCount == located.asset.fileCount, "\(when)")
            #expect(cached.asset.folderCount == located.asset.folderCount, "\(when)")
        }
    }
}
