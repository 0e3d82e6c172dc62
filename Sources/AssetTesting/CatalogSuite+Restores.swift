import AssetCore
import Testing

/// What a restore asks of a catalog: an asset as it is, as it was, and as it shall be.
extension CatalogSuite {
    func restore(_ set: CatalogSet) async throws {
        let project = set.project.id
        let (a, b) = (try await set.folder("a"), try await set.folder("b"))
        let kept = try await set.file("kept.txt", in: a)
        let purged = try await set.file("needle.txt", in: a)
        let sub = try await set.folder("sub", in: a)
        let replaced = try await set.file("replaced.txt", in: a)
        try await set.write { tx in
            try tx.setStatus(of: b.id, to: .deleted, now: CatalogSet.now)
            try tx.save(SavedQuery(gid: GID(), kind: .asset, name: "q", q: "x", filter: []), in: project)
        }
        let queries = try await set.read { try $0.queries(of: project) }
        let wanted = try await completeBackup(set)

        let later = CatalogSet.now.adding(seconds: 5)
        let added = try await set.file("added.txt", in: a)
        try await set.write { tx in
            _ = try tx.replaceContent(of: purged, with: try set.content(tx), keeping: 10, now: later)
            try tx.purge([purged.id], childrenOf: a.id, project: project, files: true, now: later)
            try tx.purge([sub.id], childrenOf: a.id, project: project, files: false, now: later)
            _ = try tx.replaceContent(of: replaced, with: try set.content(tx), keeping: 10, now: later)
            try tx.setStatus(of: kept.id, to: .deleted, now: later)
            try tx.setStatus(of: b.id, to: .published, now: later)
            for query in try tx.queries(of: project) { try tx.deleteQuery(query.gid, in: project) }
            var changed = try #require(try tx.project(project))
            changed.languages = ["de"]
            try tx.update(changed)
        }
        let base = try await completeBackup(set)
        let taking = try await set.file("needle.txt", in: a)
        try await set.write { try $0.setStatus(of: added.id, to: .deleted, now: later) }

        // What is there, and what is not.
        let entries = try await set.read {
            try $0.restoreEntries(
                of: wanted, since: base, in: a.id, now: a.id, after: AssetID(rawValue: 0), limit: 9)
        }
        #expect(entries.map(\.id) == [kept.id, purged.id, sub.id, replaced.id])
        #expect(entries.map(\.now) == [.deleted, nil, nil, .published])
        #expect(entries.map(\.before) == [.deleted, nil, nil, .published])
        #expect(entries.map(\.wanted) == [.published, .published, .published, .published])
        #expect(entries.map(\.isInPlace) == [true, false, false, true])
        #expect(entries.map(\.hasOtherContent) == [false, true, false, true])
        #expect(entries.map(\.isFile) == [true, true, false, true])
        let elsewhere = try await set.read {
            try $0.restoreEntries(of: wanted, since: base, in: a.id, now: b.id, after: purged.id, limit: 9)
        }
        #expect(elsewhere.map(\.isInPlace) == [false, false])
        let top = try await set.read {
            try $0.restoreEntries(of: wanted, since: base, in: nil, now: nil, after: AssetID(rawValue: 0), limit: 9)
        }
        #expect(top.map(\.id) == [set.root])
        #expect(top.map(\.isInPlace) == [true])
        #expect(
            try await set.read { try $0.takenNames(among: [purged.id, sub.id], of: wanted, in: a.id) } == [purged.id])
        #expect(
            try await set.read { try $0.snapshotAssets([purged.id, sub.id, added.id], of: wanted) }.mapValues(\.name)
                == [purged.id: "needle.txt", sub.id: "sub"])
        let start = AssetID(rawValue: 0)
        #expect(try await set.read { try $0.snapshotWindow(of: wanted, after: start, window: 2) } == a.id)
        #expect(try await set.read { try $0.snapshotWindow(of: wanted, after: replaced.id, window: 2) } == nil)
        #expect(
            try await set.read { try $0.extraAssets(to: wanted, since: base, after: start, upTo: added.id) }
                == [added.id])
        #expect(
            try await set.read { try $0.extraAssets(to: wanted, since: base, after: start, upTo: replaced.id) } == [])
        #expect(
            try await set.read { try $0.foldersToTrash(among: [a.id, b.id], of: wanted, since: base) } == [b.id])
        #expect(
            try await set.read {
                try $0.assets(since: base, after: start, upTo: added.id, withNamePrefix: "add")
            }.map(\.id) == [added.id])
        try await reviving(set, wanted, into: b, [purged, sub, replaced])

        try await set.write { try $0.restoreSettings(of: wanted) }
        #expect(try await set.read { try $0.queries(of: project) } == queries)
        #expect(try await set.read { try $0.project(project) }?.languages == ["en", "nl"])
        #expect(try await set.asset(taking)?.name == "needle.txt")

        // As long as a restore is open, the rows of deleted snapshots stay.
        let job = try await set.write { tx in
            try tx.setStatus(of: wanted.id, to: .deleting)
            return try tx.insertJob(
                .restore, project: project, user: set.user.id, parameters: [:], isSilent: false, now: later)
        }
        #expect(try await set.write { try $0.purgeBackups(limit: 1, now: later) } == 0)
        try await set.write { try $0.deleteJob(job.id) }
        #expect(try await set.write { try $0.purgeBackups(limit: 1, now: later) } == 1)
    }

    /// Assets that come back, under other names or not, and old bytes.
    private func reviving(_ set: CatalogSet, _ wanted: Backup, into b: Asset, _ assets: [Asset]) async throws {
        let (purged, sub, replaced) = (assets[0], assets[1], assets[2])
        let end = CatalogSet.now.adding(seconds: 9)
        try await set.write { tx in
            try tx.reviveAssets([sub.id], of: wanted, in: b.id, named: nil, status: nil, now: end)
            try tx.reviveAssets([purged.id], of: wanted, in: b.id, named: "thread.txt", status: .deleted, now: end)
            let now = try #require(try tx.asset(replaced.id))
            try tx.restoreContent(of: now, to: try #require(replaced.content), now: end)
        }
        let folder = try #require(try await set.asset(b))
        #expect((folder.fileCount, folder.folderCount) == (1, 1))
        let revived = try #require(try await set.asset(purged))
        #expect((revived.gid, revived.parent, revived.name) == (purged.gid, b.id, "thread.txt"))
        #expect((revived.status, revived.updatedOn, revived.createdOn) == (.deleted, end, purged.createdOn))
        #expect(revived.content?.blob == purged.content?.blob)
        // It had a version 2, with other bytes.
        #expect(revived.version == 3)
        #expect(try await set.asset(sub)?.status == .published)
        #expect(try await set.asset(replaced)?.content?.blob == replaced.content?.blob)
        #expect(try await set.asset(replaced)?.version == 3)
        #expect(try await set.read { try $0.oldVersions(of: replaced.id) }.map(\.version) == [2, 1])
        let query = try SearchQuery(parsing: ["language": "en", "q": "thread"])
        #expect(try await set.read { try $0.search(query, in: set.project.id, now: end) } == [purged.id])
    }
}
