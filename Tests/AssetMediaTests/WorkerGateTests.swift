import AssetCore
import Testing

@testable import AssetMedia

struct WorkerGateTests {
    /// A piece of work that tells when it begins, and ends when it is told to.
    private struct Work {
        let began = AsyncStream.makeStream(of: Void.self)
        let mayEnd = AsyncStream.makeStream(of: Void.self)

        @Sendable func run() async {
            began.continuation.yield()
            for await _ in mayEnd.stream { return }
        }

        func hasBegun() async { for await _ in began.stream { return } }

        func end() { mayEnd.continuation.yield() }
    }

    @Test func `whoever is waited for goes before the background, and nobody goes beyond the limit`() async throws {
        let gate = WorkerGate(places: 1, maximumWaiting: 2)
        let (first, background, second) = (Work(), Work(), Work())
        let running = Task { try await gate.pass(.waitedFor, first.run) }
        await first.hasBegun()
        let waiting = Task { try await gate.pass(.background, background.run) }
        while await gate.waitingCount < 1 { await Task.yield() }
        let urgent = Task { try await gate.pass(.waitedFor, second.run) }
        while await gate.waitingCount < 2 { await Task.yield() }
        // The queue is full: refused at once, and nothing is run.
        let error = await #expect(throws: AssetError.self) {
            try await gate.pass(.waitedFor) { Issue.record("run beyond the limit") }
        }
        #expect(error?.code == .rateLimited)
        first.end()
        await second.hasBegun()
        #expect(await gate.waitingCount == 1)
        second.end()
        await background.hasBegun()
        background.end()
        for task in [running, waiting, urgent] { try await task.value }
        // An error gives the place back too.
        await #expect(throws: CancellationError.self) { try await gate.pass(.waitedFor) { throw CancellationError() } }
        #expect(try await gate.pass(.waitedFor) { 7 } == 7)
    }
}
