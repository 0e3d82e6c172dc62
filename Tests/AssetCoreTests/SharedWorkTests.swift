import AssetTesting
import Synchronization
import Testing

@testable import AssetCore

struct SharedWorkTests {
    private let shared = SharedWork<String, Int>()

    @Test func `those who ask while it is done get the same, and it is done once`() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await shared.share("a") {
                begins.yield()
                for await _ in gate.stream {}
                return 1
            }
        }
        for await _ in began.prefix(1) {}
        let second = Task { try await shared.share("a") { 2 } }
        #expect(try await shared.share("b") { 3 } == 3)
        gate.continuation.finish()
        #expect(try await first.value == 1)
        #expect([1, 2].contains(try await second.value))
        #expect(try await shared.share("a") { 4 } == 4)
    }

    @Test func `when whoever began it is cancelled, the others still get its value`() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let (began, begins) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await shared.share("a") {
                begins.yield()
                for await _ in gate.stream {}
                try Task.checkCancellation()
                return 1
            }
        }
        for await _ in began.prefix(1) {}
        let second = Task { try await shared.share("a") { 2 } }
        first.cancel()
        gate.continuation.finish()
        #expect([1, 2].contains(try await second.value))
    }

    /// A follower that leaves while it reads must not take along the others that stand at the same place.
    @Test func `followers that come and go disturb nobody`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let start = try await test.cursor()
        let count = 200
        @Sendable func follow() async throws {
            var follower = FeedFollower(
                test.service, user: caller.user.gid, project: caller.project.gid,
                from: FeedPosition(global: 0, project: start))
            while follower.position.project < start + Int64(count) * 2 { _ = try await follower.next() }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { try await follow() } }
            let coming = Task {
                while !Task.isCancelled {
                    let guests = (0..<8).map { _ in Task { try await follow() } }
                    await Task.yield()
                    for guest in guests { guest.cancel() }
                    for guest in guests { _ = await guest.result }
                }
            }
            for number in 0..<count { _ = try await test.folder(caller, "f\(number)") }
            try await group.waitForAll()
            coming.cancel()
            await coming.value
        }
    }
}
