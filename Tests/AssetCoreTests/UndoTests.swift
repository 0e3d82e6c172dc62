import AssetTesting
import Testing

@testable import AssetCore

/// Jobs that are looked at, cancelled and taken back: docs/project-dialect.md.
struct UndoTests {
    private static func undo(_ token: GID, _ test: TestService, _ caller: Caller) async throws -> JobNotice {
        let undo = try await test.service.undoJob(caller, token)
        try await test.runJobs()
        return try await test.end(of: undo, seenBy: caller.user)
    }

    @Test func `a delete undone restores just what that job deleted`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let folder = try await test.folder(caller, "folder")
        let (a, b) = (
            try await test.file(caller, "a.txt", in: folder.gid), try await test.file(caller, "b.txt", in: folder.gid)
        )
        let trash = try await test.file(caller, "trash.txt", in: folder.gid)
        let other = try await test.file(caller, "other.txt")
        _ = try await service.delete(caller, .gid(trash.gid))
        let token = try await service.bulkDelete(caller, .gids(folder, other))
        try await test.runJobs()
        #expect(try await test.statuses([folder, a, b, trash, other]).allSatisfy { $0 == .deleted })
        // Moved out of the folder: still this job's.
        _ = try await service.move(caller, .gid(b.gid), to: .gid(test.root().gid))
        let end = try await Self.undo(token, test, caller)
        #expect(end == JobNotice(status: "done", total: 4, remaining: 0, failed: 0))
        #expect(
            try await test.statuses([folder, a, b, trash, other]) == [
                .published, .published, .published, .deleted, .published,
            ])
        // Again there is nothing to take back.
        let again = try await Self.undo(token, test, caller)
        #expect(again == JobNotice(status: "done", total: 0, remaining: 0, failed: 0))
    }

    @Test func `what was changed since is left alone, and what cannot come back is told`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let outer = try await test.folder(caller, "outer")
        let file = try await test.file(caller, "file.txt", in: outer.gid)
        let revived = try await test.file(caller, "revived.txt")
        let token = try await service.bulkDelete(caller, .gids(file, revived))
        try await test.runJobs()
        _ = try await service.undelete(caller, .gid(revived.gid))
        _ = try await service.delete(caller, .gid(revived.gid))
        _ = try await service.delete(caller, .gid(outer.gid))
        let undo = try await service.undoJob(caller, token)
        try await test.runJobs()
        #expect(try await test.statuses([file, revived, outer]) == [.deleted, .deleted, .deleted])
        let failures = try await service.failures(caller, of: undo, top: 0, size: 10)
        #expect(failures.failures == [JobFailure(asset: file.gid, reason: "Its folder is deleted")])
        #expect(failures.total == 1)
        #expect(try await test.end(of: undo, seenBy: caller.user).failed == 1)
    }

    @Test func `an undelete undone leaves folders that hold something else`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let (one, two) = (try await test.folder(caller, "one"), try await test.folder(caller, "two"))
        let inOne = try await test.file(caller, "in one.txt", in: one.gid)
        let inTwo = try await test.file(caller, "in two.txt", in: two.gid)
        for folder in [one, two] { _ = try await service.delete(caller, .gid(folder.gid)) }
        let token = try await service.bulkUndelete(caller, .gids(one, two))
        try await test.runJobs()
        let new = try await test.file(caller, "new.txt", in: two.gid)
        let end = try await Self.undo(token, test, caller)
        #expect(end.failed == 1)
        #expect(
            try await test.statuses([one, inOne, two, inTwo, new]) == [
                .deleted, .deleted, .published, .deleted, .published,
            ])
    }

    @Test func `a move undone puts back what is still there, under its old name`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let (from, to) = (try await test.folder(caller, "from"), try await test.folder(caller, "to"))
        let file = try await test.file(caller, "a.txt", in: from.gid)
        _ = try await test.file(caller, "a.txt", in: to.gid)
        let gone = try await test.file(caller, "gone.txt", in: from.gid)
        let renamed = try await test.file(caller, "renamed.txt", in: from.gid)
        let already = try await test.file(caller, "already.txt", in: to.gid)
        let token = try await service.bulkMove(caller, .gids(file, gone, renamed, already), to: to.gid)
        try await test.runJobs()
        #expect(try await test.childNames(to) == ["a 2.txt", "a.txt", "already.txt", "gone.txt", "renamed.txt"])
        _ = try await service.delete(caller, .gid(gone.gid))
        _ = try await service.permanentDelete(caller, .gid(gone.gid))
        var edit = AssetEdit()
        edit.name = try AssetName("new name.txt")
        _ = try await service.update(caller, .gid(renamed.gid), edit)
        let end = try await Self.undo(token, test, caller)
        #expect(end.failed == 1)
        #expect(try await test.childNames(from) == ["a.txt"])
        #expect(try await test.now(file)?.parent == from.id)
        #expect(try await test.childNames(to) == ["a.txt", "already.txt", "new name.txt"])
    }

    @Test func `what cannot be undone, and who may not`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        let file = try await test.file(caller, "file.txt")
        let delete = try await service.bulkDelete(caller, .gids(file))
        await expectError(.unprocessable) { try await service.undoJob(caller, delete) }
        try await test.runJobs()
        let purge = try await service.bulkPermanentDelete(caller, .gids(file))
        try await test.runJobs()
        for token in [purge, GID()] { await expectError(.unprocessable) { try await service.undoJob(caller, token) } }
        let viewer = try await test.member(.viewer, named: "viewer")
        await expectError(.forbidden) { try await service.undoJob(viewer, delete) }
        await expectError(.forbidden) { try await service.cancelJob(viewer, delete) }
        await expectError(.unprocessable) { try await service.cancelJob(caller, delete) }
        #expect(try await service.jobs(viewer, top: 0, size: 10).jobs.map(\.job.token) == [purge, delete])
        let owner = try #require(try await service.catalog.read { try $0.user(test.demo.project.owner) })
        let project = try await service.createProject(owner, name: nil, timezone: nil)
        let stranger = try await service.caller(owner.gid, in: project.gid)
        for call in [service.job, service.cancelJob] as [(Caller, GID) async throws -> JobOverview] {
            await expectError(.unprocessable) { try await call(stranger, delete) }
        }
        await expectError(.unprocessable) { try await service.undoJob(stranger, delete) }
        await expectError(.unprocessable) { try await service.failures(stranger, of: delete, top: 0, size: 1) }
        #expect(try await service.jobs(stranger, top: 0, size: 10).total == 0)
    }
}
