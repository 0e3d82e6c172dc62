import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

/// Project reference 4.6; see `SnapshotSweep`.
struct BackupTests {
    @Test func `a backup is the project at its end, whatever is written meanwhile`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(60, in: folder)
        let service = test.service
        let (backup, token) = try await service.createBackup(caller, createdBy: "test", name: nil)
        #expect((backup.version, backup.name) == (1, "Backup 1"))
        // Step by step, with changes before and behind what has been copied.
        var job = try await service.job(caller, token).job
        let project = test.demo.project.id
        let root = try await test.root()
        var steps = 0
        var isFinished = false
        while !isFinished {
            let changes = steps == 2
            let (next, finished) = try await service.catalog.write { [job] tx -> (Job, Bool) in
                var job = job
                let now = service.clock.now()
                let step = try SnapshotSweep(tx: tx, now: now).step(&job, limit: 10)
                if changes {
                    for file in [files[0], files[59]] {
                        _ = try tx.move(file, into: root, by: caller.user.id, now: now)
                    }
                    try tx.purge([files[1].id], childrenOf: folder.id, project: project, files: true, now: now)
                    try tx.appendUpdate(of: folder.id, in: project)
                }
                return (job, step == nil)
            }
            (job, isFinished) = (next, finished)
            steps += 1
        }
        #expect(steps > 6)
        let count = try await service.catalog.read { tx in
            try tx.snapshotSize(of: backup)
        }
        #expect(count == 1 + 1 + 59)
        let inside = try await service.catalog.read {
            try $0.snapshotAssets(of: backup, in: folder.id, after: AssetID(rawValue: 0), limit: 100)
        }
        #expect(inside.count == 57)
        let snapshot = try await service.catalog.read {
            try $0.snapshotAssets(of: backup, in: test.demo.project.root, after: AssetID(rawValue: 0), limit: 100)
        }
        #expect(snapshot.first { $0.id == folder.id }?.fileCount == 57)
    }

    @Test func `a restore brings all of it back, and can itself be taken back`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let folder = try await test.folder(caller, "folder")
        let file = try await test.file(caller, "file.txt", in: folder.gid, "old")
        _ = try await service.createQuery(caller, .asset, name: "q", q: "x", filter: nil)
        _ = try await service.createBackup(caller, createdBy: "test", name: "good")
        try await test.runJobs()

        _ = try await service.delete(caller, .gid(folder.gid))
        _ = try await service.permanentDelete(caller, .gid(folder.gid))
        let later = try await test.file(caller, "later.txt")
        let queries = try await service.overview(caller).queries
        try await service.deleteQuery(caller, queries[0].gid)
        _ = try await service.addLanguage(caller, "de")
        // Long after, when the sweeper has been there: the bytes are kept for the backup.
        test.clock.advance(seconds: 5000)
        try await test.sweeper().sweep()
        let global = try await service.cursors(of: nil).global
        let (undo, token) = try await service.restoreBackup(caller, version: 1)
        #expect((undo.version, undo.name) == (2, "Before restoring version 1"))
        let before = try await test.cursor()
        try await test.runJobs()
        #expect(try await test.end(of: token, seenBy: caller.user).error == nil)

        #expect(try await test.now(later) == nil)
        #expect(try await test.now(file)?.status == .published)
        #expect(try await test.childNames(test.root()) == ["folder"])
        #expect(try await service.overview(caller).queries == queries)
        #expect(try await service.catalog.read { try $0.project(caller.project.id) }?.languages == ["en", "nl"])
        #expect(try await test.cursor() > before, "cursors never go back")
        let lines = try await service.catalog.read {
            try $0.globalChanges(for: caller.user.id, after: global, limit: 99)
        }
        #expect(lines.contains { $0.dataType == .projects })
        let content = try #require(try await test.now(file)?.content)
        #expect(content.blob == file.content?.blob)
        #expect(try await service.catalog.read { try $0.blob(content.blob) } != nil)

        // Back to what was before the restore.
        _ = try await service.restoreBackup(caller, version: 2)
        try await test.runJobs()
        #expect(try await test.childNames(test.root()) == ["later.txt"])
        #expect(try await test.now(file) == nil)
        #expect(try await service.overview(caller).queries == [])
        #expect(try await service.catalog.read { try $0.project(caller.project.id) }?.languages == ["en", "nl", "de"])
    }

    @Test func `what works on the old tree ends with it`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let file = try await test.file(caller, "file.txt")
        _ = try await service.createBackup(caller, createdBy: "test", name: nil)
        try await test.runJobs()
        // Begun, but not far.
        let delete = try await service.bulkDelete(caller, .gids(file))
        let owner = "somebody"
        let claimed = try #require(
            try await service.catalog.write { tx in
                try tx.claimJob(owner: owner, now: service.clock.now(), until: service.clock.now().adding(seconds: 5))
            })
        #expect(claimed.token == delete)
        let (_, restore) = try await service.restoreBackup(caller, version: 1)
        try await test.runJobs()
        #expect(try await test.end(of: restore, seenBy: caller.user).error == nil)
        test.clock.advance(seconds: 60)
        try await test.runJobs()
        #expect(try await test.end(of: delete, seenBy: caller.user).error == "The job was cancelled")
        #expect(try await test.now(file)?.status == .published)
    }

    @Test func `a purge that runs behind its call ends with the tree that it works on`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(2500, in: folder)
        _ = try await service.bulkDelete(caller, .gids(folder))
        _ = try await service.createBackup(caller, createdBy: "test", name: nil)
        try await test.runJobs()
        // The call takes 2000 rows at once, and waits for the job that takes the rest.
        let purge = Task { try await service.permanentDelete(caller, .gid(folder.gid)) }
        var open: [Job] = []
        while open.isEmpty {
            let claimed = try await service.catalog.write { tx in
                try tx.claimJob(owner: "test", now: service.clock.now(), until: service.clock.now())
            }
            open = claimed.map { [$0] } ?? []
        }
        _ = try await service.restoreBackup(caller, version: 1)
        // The restore comes first: the other job waits for its lease to run out.
        let silent = open[0].id
        try await service.catalog.write { tx in
            _ = try tx.renewLease(silent, owner: "test", until: service.clock.now().adding(seconds: 30))
        }
        try await test.runJobs()
        test.clock.advance(seconds: 60)
        try await test.runJobs()
        await expectError(.unprocessable) { try await purge.value }
        #expect(try await test.statuses(files).allSatisfy { $0 == .deleted })
        #expect(try await test.now(folder)?.fileCount == 2500)
    }

    @Test func `a cancelled backup leaves nothing, and a cancelled restore changes nothing`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let file = try await test.file(caller, "file.txt")
        let (_, token) = try await service.createBackup(caller, createdBy: "test", name: nil)
        _ = try await service.cancelJob(caller, token)
        try await test.runJobs()
        #expect(try await service.details(of: caller.project).backups.backups == [])
        _ = try await service.createBackup(caller, createdBy: "test", name: nil)
        try await test.runJobs()
        _ = try await service.delete(caller, .gid(file.gid))
        let (_, restore) = try await service.restoreBackup(caller, version: 2)
        _ = try await service.cancelJob(caller, restore)
        try await test.runJobs()
        #expect(try await test.now(file)?.status == .deleted)
        #expect(try await service.details(of: caller.project).backups.backups.map(\.version) == [2])
    }

    @Test func `names, versions and rights`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        await expectError(.unprocessable) { try await service.createBackup(caller, createdBy: "x", name: "Backup 7") }
        #expect(try await service.createBackup(caller, createdBy: "x", name: "Backup 1").backup.version == 1)
        // Not complete yet.
        await expectError(.processFailed) { try await service.restoreBackup(caller, version: 1) }
        try await test.runJobs()
        for version in [0, 2, 99] as [Int64] {
            await expectError(.unprocessable) { try await service.restoreBackup(caller, version: version) }
            await expectError(.unprocessable) {
                try await service.renameBackup(caller, version: version, to: "x")
            }
        }
        await expectError(.unprocessable) { try await service.renameBackup(caller, version: 1, to: "Backup 2") }
        try await service.renameBackup(caller, version: 1, to: "fine")
        #expect(try await service.details(of: caller.project).backups.backups.map(\.name) == ["fine"])
        let contributor = try await test.member(.contributor, named: "contributor")
        await expectError(.forbidden) { try await service.restoreBackup(contributor, version: 1) }
        await expectError(.forbidden) { try await service.deleteBackups(contributor, versions: [1]) }
        let viewer = try await test.member(.viewer, named: "viewer")
        await expectError(.forbidden) { try await service.createBackup(viewer, createdBy: "x", name: nil) }
        try await service.deleteBackups(caller, versions: [0, 1, 99])
        #expect(try await service.details(of: caller.project).backups.backups == [])
        #expect(try await service.details(of: caller.project).backups.nextVersion == 2)
    }
}
