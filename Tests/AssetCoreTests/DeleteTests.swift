import AssetTesting
import Testing

@testable import AssetCore

/// Project reference 5.13 to 5.15.
struct DeleteTests {
    @Test func `delete marks the subtree, which stays in listings and counts`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let sub = try await test.folder(caller, "sub", in: folder.gid)
        let file = try await test.file(caller, "file.txt", in: sub.gid)
        let other = try await test.file(caller, "other.txt")
        let cursor = try await test.cursor()
        let deleted = try await test.service.delete(caller, .gid(folder.gid))
        #expect(deleted.asset.gid == folder.gid)
        #expect(deleted.asset.status == .deleted)
        #expect(try await test.statuses([folder, sub, file, other]) == [.deleted, .deleted, .deleted, .published])
        let root = try await test.service.children(caller, of: .gid(test.root().gid), top: 0, size: 100)
        #expect(root.total == 2)
        #expect(root.assets.map(\.asset.status) == [.deleted, .published])
        #expect(
            try await test.changedKeys(.update, after: cursor) == [folder, sub, file].map(\.gid.description).sorted())
        #expect(try await test.changes(after: cursor).count == 3)
    }

    @Test func `the wrong state is refused and changes nothing`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        let root = try await test.root()
        let service = test.service
        let cursor = try await test.cursor()
        await expectError(.unprocessable) { try await service.undelete(caller, .gid(file.gid)) }
        await expectError(.unprocessable) { try await service.permanentDelete(caller, .gid(file.gid)) }
        for reference in [AssetReference.gid(root.gid), .gid(GID())] {
            await expectError(.unprocessable) { try await service.delete(caller, reference) }
            await expectError(.unprocessable) { try await service.undelete(caller, reference) }
            await expectError(.unprocessable) { try await service.permanentDelete(caller, reference) }
        }
        #expect(try await test.cursor() == cursor)
        _ = try await service.delete(caller, .gid(file.gid))
        await expectError(.unprocessable) { try await service.delete(caller, .gid(file.gid)) }
        #expect(try await test.cursor() == cursor + 1)
    }

    @Test func `undelete restores the subtree, and what had been deleted separately`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let file = try await test.file(caller, "file.txt", in: folder.gid)
        let early = try await test.file(caller, "early.txt", in: folder.gid)
        _ = try await test.service.delete(caller, .gid(early.gid))
        _ = try await test.service.delete(caller, .gid(folder.gid))
        await expectError(.unprocessable) { try await test.service.undelete(caller, .gid(file.gid)) }
        let restored = try await test.service.undelete(caller, .gid(folder.gid))
        #expect(restored.asset.status == .published)
        #expect(try await test.statuses([folder, file, early]) == [.published, .published, .published])
    }

    @Test func `permanent delete removes the subtree at once and answers the folder`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let top = try await test.folder(caller, "top")
        let folder = try await test.folder(caller, "folder", in: top.gid)
        let sub = try await test.folder(caller, "sub", in: folder.gid)
        let file = try await test.file(caller, "file.txt", in: sub.gid)
        _ = try await test.service.delete(caller, .gid(folder.gid))
        let cursor = try await test.cursor()
        let parent = try await test.service.permanentDelete(caller, .gid(folder.gid))
        #expect(parent.asset.gid == top.gid)
        #expect(parent.asset.folderCount == 0)
        #expect(try await test.statuses([folder, sub, file]) == [nil, nil, nil])
        let gone = [folder, sub, file].map(\.gid.description).sorted()
        #expect(try await test.changedKeys(.delete, after: cursor) == gone)
        #expect(try await test.changedKeys(.update, after: cursor) == [top.gid.description])
        await expectError(.unprocessable) { try await test.service.permanentDelete(caller, .gid(folder.gid)) }
        // The names are free again.
        #expect(try await test.folder(caller, "folder", in: top.gid).name == "folder")
    }

    @Test func `each call needs its right`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        for role in [Member.Role.contributor, .viewer] {
            let member = try await test.member(role, named: "\(role)")
            await expectError(.forbidden) { try await test.service.delete(member, .gid(file.gid)) }
            await expectError(.forbidden) { try await test.service.undelete(member, .gid(file.gid)) }
            await expectError(.forbidden) { try await test.service.permanentDelete(member, .gid(file.gid)) }
        }
        #expect(try await test.statuses([file]) == [.published])
    }

    @Test func `a large subtree is worked off by the runner, and the call returns when all is done`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let sub = try await test.folder(caller, "sub", in: folder.gid)
        let files = try await test.files(2600, in: folder) + test.files(300, in: sub)
        let all = [folder, sub] + files
        try await withThrowingTaskGroup { group in
            group.addTask { try await test.runner().run() }
            _ = try await test.service.delete(caller, .gid(folder.gid))
            #expect(try await test.statuses(all) == all.map { _ in .deleted })
            _ = try await test.service.undelete(caller, .gid(folder.gid))
            #expect(try await test.statuses(all) == all.map { _ in .published })
            let cursor = try await test.cursor()
            _ = try await test.service.delete(caller, .gid(folder.gid))
            #expect(try await test.changedKeys(.update, after: cursor) == all.map(\.gid.description).sorted())
            _ = try await test.service.permanentDelete(caller, .gid(folder.gid))
            #expect(try await test.statuses(all) == all.map { _ in nil })
            group.cancelAll()
        }
        #expect(try await test.root().folderCount == 0)
    }

    @Test func `a caller who is cancelled does not stop the work`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(2600, in: folder)
        await withTaskGroup { group in
            group.addTask { _ = try? await test.service.delete(caller, .gid(folder.gid)) }
            while (try? await test.statuses([folder])) != [.deleted] { await Task.yield() }
            // Without a runner the call waits; it ends when its task does.
            group.cancelAll()
        }
        try await test.runJobs()
        #expect(try await test.statuses(files) == files.map { _ in .deleted })
    }
}
