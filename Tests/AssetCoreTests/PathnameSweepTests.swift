import AssetTesting
import Testing

@testable import AssetCore

/// What the feed tells of a large folder that is moved or renamed.
struct PathnameSweepTests {
    private struct Forest {
        let test: TestService
        let caller: Caller
        let top: Asset
        let below: Set<GID>
    }

    /// More than a move tells itself: 2,100 files in one folder and some folders with some more.
    private static func make() async throws -> Forest {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let top = try await test.folder(caller, "top")
        let many = try await test.folder(caller, "many", in: top.gid)
        let deep = try await test.folder(caller, "deep", in: many.gid)
        let empty = try await test.folder(caller, "empty", in: top.gid)
        let file = try await test.file(caller, "deepest.txt", in: deep.gid)
        guard let content = file.content else { throw AssetError.unprocessable("No file") }
        let (project, folder) = (caller.project.id, many.id)
        let files = try await test.service.catalog.write { tx in
            try (0..<2100).map { number in
                try tx.insert(
                    AssetDraft(
                        project: project, parent: folder, name: "\(number).txt", content: content,
                        createdOn: file.createdOn))
            }
        }
        return Forest(
            test: test, caller: caller, top: top,
            below: Set(files.map(\.gid) + [many.gid, deep.gid, empty.gid, file.gid]))
    }

    @Test(arguments: ["move", "rename", "bulk move"])
    func `everything below it is told once, in the background`(how: String) async throws {
        let forest = try await Self.make()
        let (test, caller, top) = (forest.test, forest.caller, forest.top)
        let target = try await test.folder(caller, "target")
        let before = try await test.cursor()
        switch how {
        case "move": _ = try await test.service.move(caller, .gid(top.gid), to: .gid(target.gid))
        case "rename":
            var edit = AssetEdit()
            edit.name = try AssetName("other")
            _ = try await test.service.update(caller, .gid(top.gid), edit)
        default:
            _ = try await test.service.bulkMove(caller, .array([JSON(top.gid)]), to: target.gid)
        }
        if how != "bulk move" {
            // The call itself has written few lines.
            #expect(try await test.cursor() - before < 10)
        }
        try await test.runJobs()
        let changes = try await test.changes(after: before)
        #expect(changes.allSatisfy { $0.action == .update })
        let told = changes.map(\.key).filter(forest.below.contains)
        #expect(told.count == forest.below.count)
        #expect(Set(told) == forest.below)
        #expect(changes.contains { $0.key == top.gid })
        // Nobody sees the job.
        let jobs = try await test.service.catalog.read { try $0.jobs(in: caller.project.id, top: 0, size: 10) }
        #expect(jobs.total == (how == "bulk move" ? 1 : 0))
    }

    @Test func `what is purged meanwhile does not disturb it`() async throws {
        let forest = try await Self.make()
        let (test, caller, top) = (forest.test, forest.caller, forest.top)
        var edit = AssetEdit()
        edit.name = try AssetName("other")
        _ = try await test.service.update(caller, .gid(top.gid), edit)
        _ = try await test.service.bulkDelete(caller, .array([JSON(top.gid)]))
        _ = try await test.service.bulkPermanentDelete(caller, .array([JSON(top.gid)]))
        try await test.runJobs()
        #expect(try await test.service.assets(caller, [.gid(top.gid)]).isEmpty)
        #expect(try await test.service.catalog.read { try $0.openJobs(in: caller.project.id) } == 0)
    }
}
