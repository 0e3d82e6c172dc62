import AssetCore
import Testing

extension CatalogSuite {
    /// A complete snapshot of the set's project.
    func completeBackup(_ set: CatalogSet) async throws -> Backup {
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
