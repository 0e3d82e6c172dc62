import AssetTesting
import Testing

@testable import AssetCore

struct SearchGateTests {
    @Test func `a search that takes too long ends, and leaves its place`() async throws {
        let test = try await TestService.make()
        let service = test.service
        for _ in 0..<3 {
            await expectError(.searchFailed) {
                try await service.searching(.milliseconds(20)) { tx in
                    while true { _ = try tx.globalCursor() }
                }
            }
        }
        #expect(try await service.searching(.seconds(60)) { try $0.globalCursor() } > 0)
    }

    @Test func `few run at a time, and too many do not wait`() async throws {
        let gate = SearchGate()
        let (running, begin) = AsyncStream.makeStream(of: Void.self)
        let (release, end) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    do {
                        try await gate.pass {
                            begin.yield()
                            for await _ in release { break }
                        }
                        return true
                    } catch let error as AssetError where error.code == .rateLimited {
                        return false
                    }
                }
            }
            var begun = running.makeAsyncIterator()
            for _ in 0..<2 { await begun.next() }
            // Two run, 64 wait; the other 34 are refused at once.
            for _ in 0..<34 { #expect(try await group.next() == false) }
            end.finish()
            var passed = 0
            while let didPass = try await group.next() { passed += didPass ? 1 : 0 }
            #expect(passed == 66)
        }
    }
}
