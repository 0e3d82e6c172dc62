import AssetTesting
import Logging
import Testing

@testable import AssetCore

struct FeedCompactorTests {
    private static func compact(_ test: TestService, slack: Int64 = 0) async throws -> Int {
        try await FeedCompactor(service: test.service, logger: .init(label: "test")).compact(slack: slack)
    }

    @Test func `for each key the last line of each action stays, and nothing before a delete`() async throws {
        let test = try await TestService.make()
        let project = test.demo.project.id
        let (one, two, three) = (GID(), GID(), GID())
        let start = try await test.cursor()
        try await test.service.catalog.write { tx in
            for (action, key) in [
                (ChangeAction.insert, one), (.update, one), (.insert, two), (.update, two), (.update, one),
                (.delete, two), (.insert, three), (.update, one), (.delete, three), (.insert, three), (.update, three),
            ] {
                try tx.append(action, .assets, [key], in: project)
            }
        }
        _ = try await Self.compact(test)
        let left = try await test.changes(after: start)
        #expect(left.map { $0.cursor - start } == [1, 6, 8, 9, 10, 11])
        #expect(left.map(\.key) == [one, two, one, three, three, three])
        #expect(left.map(\.action) == [.insert, .delete, .update, .delete, .insert, .update])
        #expect(try await Self.compact(test) == 0)
    }

    @Test func `jobs keep their end`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        let token = try await test.service.bulkDelete(caller, .gids(file))
        try await test.runJobs()
        #expect(try await test.notices(of: token, seenBy: caller.user).count == 3)
        _ = try await Self.compact(test)
        let left = try await test.notices(of: token, seenBy: caller.user)
        #expect(left == [JobNotice(status: "done", total: 1, remaining: 0, failed: 0)])
    }

    @Test func `a feed is looked at when it has grown by half and some more`() async throws {
        let test = try await TestService.make()
        let project = test.demo.project.id
        _ = try await Self.compact(test)
        func append(_ count: Int) async throws {
            let gid = GID()
            try await test.service.catalog.write { tx in
                for _ in 0..<count { try tx.append(.update, .assets, [gid], in: project) }
            }
        }
        try await append(9)
        #expect(try await Self.compact(test, slack: 10) == 0)
        try await append(1)
        #expect(try await Self.compact(test, slack: 10) == 8)
        let feed = try #require(
            try await test.service.catalog.read { try $0.feeds() }.first { $0.name == .project(project) })
        #expect(feed.linesThen == 2)
        #expect(feed.compactedTo == feed.head)
    }
}
