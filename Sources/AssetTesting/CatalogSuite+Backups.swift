import AssetCore
import Testing

extension CatalogSuite {
    /// A complete snapshot of the set's project.
    private func completeBackup(_ set: CatalogSet) async throws -> Backup {
        try await set.write { tx in
            let backup = try tx.insertBackup(
                of: set.project.id, name: nil, createdBy: "test", isExport: false, now: CatalogSet.now)
            var last = AssetID(rawValue: 0)
            while let copied = try tx.copyAssets(to: backup, after: last, window: 2) { last = copied.last }
            try tx.copySettings(to: backup)
            try tx.setStatus(of: backup.id, to: .ready)
            return backup
        }
    }

    func backups(_ set: CatalogSet) async throws {
        let project = set.project.id
        let first = try await completeBackup(set)
        #expect((first.version, first.name) == (1, "Backup 1"))
        let second = try await set.write {
            try $0.insertBackup(of: project, name: "named", createdBy: "me", isExport: false, now: CatalogSet.now)
        }
        let export = try await set.write {
            try $0.insertBackup(of: project, name: "e", createdBy: "me", isExport: true, now: CatalogSet.now)
        }
        #expect(export.version == -1)
        #expect(try await set.read { try $0.backups(of: project) }.map(\.version) == [1, 2])
        #expect(try await set.read { try $0.nextBackup(of: project) } == 3)
        #expect(try await set.read { try $0.backup(second.id) } == second)
        #expect(try await set.read { try $0.nextBackup(of: set.strangeProject.id) } == 1)
        try await set.write { tx in
            try tx.setName(of: second.id, to: "renamed")
            try tx.setStatus(of: first.id, to: .deleting)
        }
        #expect(try await set.read { try $0.backups(of: project) }.map(\.name) == ["renamed"])
        // Rows of deleted ones go, in steps; a number never comes again.
        #expect(try await set.read { try $0.snapshotSize(of: first) } == 1)
        while try await set.write({ try $0.purgeBackups(limit: 1, now: CatalogSet.now) }) > 0 {}
        #expect(try await set.read { try $0.backup(first.id) } == nil)
        #expect(try await set.read { try $0.nextBackup(of: project) } == 3)
        #expect(try await set.write { try $0.expireExports(before: CatalogSet.now) } == 0)
        #expect(try await set.write { try $0.expireExports(before: CatalogSet.now.adding(seconds: 1)) } == 1)
        while try await set.write({ try $0.purgeBackups(limit: 1, now: CatalogSet.now) }) > 0 {}
        #expect(try await set.read { try $0.backup(export.id) } == nil)
    }

    /// The bytes that a snapshot names are kept, and no longer than it.
    func backupBlobs(_ set: CatalogSet) async throws {
        let file = try await set.file("file.txt")
        let blob = try #require(file.content).blob
        let backup = try await completeBackup(set)
        let later = CatalogSet.now.adding(seconds: 1000)
        func sweep() async throws {
            try await set.write { _ = try $0.releaseBlobs(before: later, now: later, limit: 100) }
        }
        try await set.write { tx in
            try tx.purge([file.id], childrenOf: set.root, project: set.project.id, files: true, now: CatalogSet.now)
        }
        try await sweep()
        #expect(try await set.read { try $0.blob(blob) } != nil)
        try await set.write { tx in
            try tx.setStatus(of: backup.id, to: .deleting)
            while try tx.purgeBackups(limit: 10, now: CatalogSet.now) > 0 {}
        }
        try await sweep()
        #expect(try await set.read { try $0.blob(blob) } == nil)
    }

    /// Rows that were added, changed, moved, purged and deleted since are all as they were.
    func restore(_ set: CatalogSet) async throws {
        let project = set.project.id
        let (a, b) = (try await set.folder("a"), try await set.folder("b"))
        let kept = try await set.file("kept.txt", in: a)
        let swapped = try await set.file("swapped.txt", in: a)
        let purged = try await set.file("purged needle.txt", in: b)
        let replaced = try await set.file("replaced.txt", in: b)
        try await set.write { tx in
            try tx.save(SavedQuery(gid: GID(), kind: .asset, name: "q", q: "x", filter: []), in: project)
        }
        let before = try await tree(set)
        let queries = try await set.read { try $0.queries(of: project) }
        let backup = try await completeBackup(set)

        let later = CatalogSet.now.adding(seconds: 5)
        let added = try await set.folder("added")
        let addedFile = try await set.file("swapped.txt", in: added)
        try await set.write { tx in
            // Into a folder that the snapshot does not know; a new file takes its old place.
            try tx.move(swapped, to: added.id, name: "moved.txt", now: later)
            _ = try tx.insert(
                AssetDraft(
                    project: project, parent: a.id, name: "swapped.txt", content: try set.content(tx), createdOn: later)
            )
            try tx.purge([purged.id], childrenOf: b.id, project: project, files: true, now: later)
            _ = try tx.replaceContent(of: replaced, with: try set.content(tx), keeping: 10, now: later)
            try tx.move(b, to: a.id, name: "b", now: later)
            try tx.setStatus(of: a.id, to: .deleted, now: later)
            for query in try tx.queries(of: project) { try tx.deleteQuery(query.gid, in: project) }
            var changed = try #require(try tx.project(project))
            changed.languages = ["de"]
            try tx.update(changed)
        }
        let end = CatalogSet.now.adding(seconds: 9)
        try await set.write { try $0.restore(backup, now: end) }

        let after = try await tree(set)
        #expect(after.map(\.line) == before.map(\.line))
        #expect(try await set.read { try $0.queries(of: project) } == queries)
        #expect(try await set.read { try $0.project(project) }?.languages == ["en", "nl"])
        // What did not change is not touched; what did, is as of now.
        let times = Dictionary(after.map { ($0.gid, $0.updatedOn) }, uniquingKeysWith: { first, _ in first })
        #expect(times[kept.gid] == kept.updatedOn)
        for asset in [a, b, swapped, purged, replaced] { #expect(times[asset.gid] == end, "\(asset.name)") }
        // The bytes of now are an old version, and the version grows on.
        let restored = try #require(try await set.asset(replaced))
        #expect(restored.version == 3)
        #expect(restored.content?.blob == replaced.content?.blob)
        #expect(try await set.read { try $0.oldVersions(of: replaced.id) }.map(\.version) == [2, 1])
        #expect(try await set.asset(added) == nil)
        #expect(try await set.asset(addedFile) == nil)
        // Searches find what there is.
        func found(_ q: String) async throws -> [AssetID] {
            let query = try SearchQuery(parsing: ["language": "en", "q": .string(q)])
            return try await set.read { try $0.search(query, in: project, now: end) }
        }
        #expect(try await found("needle") == [purged.id])
        #expect(try await found("moved") == [])
        #expect(try await found("swapped") == [swapped.id])
        // Again changes nothing.
        try await set.write { try $0.restore(backup, now: end.adding(seconds: 1)) }
        #expect(try await tree(set).map(\.updatedOn) == after.map(\.updatedOn))
    }

    private struct Row {
        let gid: GID
        let line: String
        let updatedOn: Timestamp
    }

    /// Everything below the root, with its path.
    private func tree(_ set: CatalogSet) async throws -> [Row] {
        try await set.read { tx in
            var rows: [Row] = []
            var open = [set.root]
            while let folder = open.popLast() {
                for asset in try tx.children(of: folder, top: 0, size: 100) {
                    let path = try tx.names(to: asset.id).joined(separator: "/")
                    let blob = asset.content?.blob.rawValue ?? 0
                    rows.append(
                        Row(
                            gid: asset.gid,
                            line:
                                "\(asset.gid) \(path) \(asset.status) \(blob) \(asset.fileCount) \(asset.folderCount)",
                            updatedOn: asset.updatedOn))
                    if !asset.isFile { open.append(asset.id) }
                }
            }
            return rows.sorted { $0.line < $1.line }
        }
    }

    func snapshotChanges(_ set: CatalogSet) async throws {
        let file = try await set.file("file.txt")
        let gone = try await set.file("gone.txt")
        let backup = try await completeBackup(set)
        let added = try await set.file("added.txt")
        try await set.write { tx in
            try tx.setStatus(of: file.id, to: .deleted, now: CatalogSet.now)
            try tx.purge([gone.id], childrenOf: set.root, project: set.project.id, files: true, now: CatalogSet.now)
            try tx.copyAgain([file.gid, gone.gid, added.gid, GID()], to: backup)
        }
        let root = try #require(
            try await set.read { try $0.snapshotAssets(of: backup, in: nil, after: AssetID(rawValue: 0), limit: 9) }
                .first)
        #expect(root.id == set.root)
        let assets = try await set.read {
            try $0.snapshotAssets(of: backup, in: set.root, after: AssetID(rawValue: 0), limit: 9)
        }
        #expect(assets.map(\.gid) == [file.gid, added.gid])
        #expect(assets.map(\.status) == [.deleted, .published])
        #expect(
            try await set.read { try $0.snapshotAssets(of: backup, in: set.root, after: file.id, limit: 9) }.map(\.gid)
                == [added.gid])
    }
}
