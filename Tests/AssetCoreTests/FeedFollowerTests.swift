import AssetTesting
import Testing

@testable import AssetCore

/// Who follows the feeds from a position on.
struct FeedFollowerTests {
    private static func cursors(_ items: [FeedItem]) -> [Int64] {
        items.compactMap { if case .project(let change) = $0 { change.cursor } else { nil } }
    }

    @Test func `whenever followers begin, they hear everything once and in order, while others write without pause`()
        async throws
    {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let start = try await test.cursor()
        let count = 300
        try await withThrowingTaskGroup(of: [Int64].self) { group in
            group.addTask {
                for number in 0..<count { _ = try await test.folder(caller, "f\(number)") }
                return []
            }
            for _ in 0..<20 {
                group.addTask {
                    var follower = FeedFollower(
                        test.service, user: caller.user.gid, project: caller.project.gid,
                        from: FeedPosition(global: 0, project: start))
                    var heard: [Int64] = []
                    // Each folder is a line of its own, and one of its parent.
                    while heard.count < count * 2 { heard += Self.cursors(try await follower.next()) }
                    return heard
                }
            }
            for try await heard in group where !heard.isEmpty {
                #expect(heard == Array(start + 1...start + Int64(count) * 2))
            }
        }
    }

    @Test func `nothing comes within the time`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let heads = try await test.service.cursors(of: caller)
        var follower = FeedFollower(
            test.service, user: caller.user.gid, project: caller.project.gid,
            from: FeedPosition(global: heads.global, project: heads.project ?? 0))
        let position = follower.position
        #expect(try await follower.next(timeout: .milliseconds(50)).isEmpty)
        #expect(follower.position == position)
    }

    @Test func `whoever loses the membership is told while waiting`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let heads = try await test.service.cursors(of: caller)
        let task = Task {
            var follower = FeedFollower(
                test.service, user: caller.user.gid, project: caller.project.gid,
                from: FeedPosition(global: heads.global, project: heads.project ?? 0))
            while true { _ = try await follower.next() }
        }
        while !test.service.catalog.feedSignal.waitedFor().isAny { await Task.yield() }
        try await test.service.catalog.write { tx in
            try tx.setMember(caller.user.id, of: caller.project.id, role: .api, status: .deactivated)
        }
        let error = await #expect(throws: AssetError.self) { try await task.value }
        #expect(error?.code == .forbidden)
    }

    @Test func `when the server stops, whoever waits is let go`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let heads = try await test.service.cursors(of: nil)
        let task = Task {
            var follower = FeedFollower(
                test.service, user: caller.user.gid, project: nil,
                from: FeedPosition(global: heads.global, project: 0))
            return try await follower.next()
        }
        while !test.service.catalog.feedSignal.waitedFor().isAny { await Task.yield() }
        test.service.catalog.feedSignal.close()
        let error = await #expect(throws: AssetError.self) { try await task.value }
        #expect(error?.code == .unavailable)
    }
}
