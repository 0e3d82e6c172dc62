import AssetTesting
import Testing

@testable import AssetCore

/// Project reference 10.
struct SyncTests {
    private static func cursors(_ items: [FeedItem]) -> [Int64] {
        items.map { item in
            switch item {
            case .global(let change): change.cursor
            case .project(let change): change.cursor
            }
        }
    }

    @Test func `pages of a thousand, with the word that there is more`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let start = try await test.cursor()
        let global = try await test.service.cursors(of: nil).global
        let project = caller.project.id
        let gids = (0..<2001).map { _ in GID() }
        try await test.service.catalog.write { try $0.append(.update, .assets, gids, in: project) }
        var cursor = start
        var sizes: [Int] = []
        var more: [Bool] = []
        var keys: [GID] = []
        repeat {
            let page = try await test.service.changes(
                for: caller.user, globalCursor: global, project: (caller, cursor))
            for case .project(let change) in page.items { keys.append(change.key) }
            sizes.append(page.items.count)
            more.append(page.hasMore)
            cursor = try #require(Self.cursors(page.items).last)
        } while more.last == true
        #expect(sizes == [1000, 1000, 1])
        #expect(more == [true, true, false])
        #expect(keys == gids)
        #expect(try await test.service.cursors(of: caller).project == cursor)
    }

    @Test func `exactly a thousand are all`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let start = try await test.cursor()
        let global = try await test.service.cursors(of: nil).global
        let project = caller.project.id
        try await test.service.catalog.write { tx in
            try tx.append(.update, .assets, (0..<1000).map { _ in GID() }, in: project)
        }
        let page = try await test.service.changes(for: caller.user, globalCursor: global, project: (caller, start))
        #expect(page.items.count == 1000)
        #expect(!page.hasMore)
    }

    @Test func `without a project there are global items only`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        _ = try await test.file(caller, "file.txt")
        let page = try await test.service.changes(for: caller.user, globalCursor: 0, project: nil)
        #expect(!page.items.isEmpty)
        for item in page.items { if case .project = item { Issue.record("A project item") } }
        #expect(try await test.service.cursors(of: nil).project == nil)
        #expect(Self.cursors(page.items) == Self.cursors(page.items).sorted())
    }

    @Test func `only members see a project's items`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let start = try await test.service.cursors(of: nil).global
        let file = try await test.file(caller, "file.txt")
        let token = try await test.service.bulkDelete(caller, .gids(file))
        try await test.runJobs()
        let viewer = try await test.member(.viewer, named: "viewer")
        let worker = try #require(try await test.service.catalog.read { try $0.user(username: "worker") })
        func jobs(_ user: User) async throws -> Int {
            try await test.service.changes(for: user, globalCursor: start, project: nil).items.count {
                if case .global(let change) = $0 { change.key == token.description } else { false }
            }
        }
        #expect(try await jobs(caller.user) == 3)
        #expect(try await jobs(viewer.user) == 3)
        #expect(try await jobs(worker) == 0)
        let nobody = Caller(user: worker, project: caller.project, rights: [])
        await expectError(.forbidden) {
            try await test.service.changes(for: worker, globalCursor: 0, project: (nobody, 0))
        }
    }
}
