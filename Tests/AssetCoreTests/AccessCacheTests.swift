import Synchronization
import Testing

@testable import AssetCore

struct AccessCacheTests {
    private let cache = AccessCache<String, Int>()
    private let signal = FeedSignal()

    private final class Loads: Sendable {
        private let counted = Mutex(0)
        func next() -> Int {
            counted.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test func `what is remembered is not asked for again`() async throws {
        let loads = Loads()
        for _ in 0..<5 { #expect(try await cache.value("a", signal) { loads.next() } == 1) }
        #expect(try await cache.value("b", signal) { loads.next() } == 2)
    }

    @Test func `a change of rights counts at once, and other changes do not matter`() async throws {
        let loads = Loads()
        #expect(try await cache.value("a", signal) { loads.next() } == 1)
        var touched = Touched()
        touched.isGlobal = true
        touched.projects = [ProjectID(rawValue: 1)]
        signal.changed(touched)
        #expect(try await cache.value("a", signal) { loads.next() } == 1)
        touched.isAccess = true
        signal.changed(touched)
        #expect(try await cache.value("a", signal) { loads.next() } == 2)
    }

    @Test func `what changes while it is loaded is loaded again`() async throws {
        let loads = Loads()
        let value = try await cache.value("a", signal) {
            var touched = Touched()
            touched.isAccess = true
            signal.changed(touched)
            return loads.next()
        }
        #expect(value == 1)
        #expect(try await cache.value("a", signal) { loads.next() } == 2)
    }

    @Test func `refusals are not remembered, and what is forgotten is asked for again`() async throws {
        let loads = Loads()
        await #expect(throws: AssetError.self) {
            try await cache.value("a", signal) { throw AssetError(.forbidden, "no") }
        }
        #expect(try await cache.value("a", signal) { loads.next() } == 1)
        cache.forget("a")
        #expect(try await cache.value("a", signal) { loads.next() } == 2)
    }

    @Test func `after a second it is asked for again`() async throws {
        let loads = Loads()
        #expect(try await cache.value("a", signal) { loads.next() } == 1)
        let began = ContinuousClock.now
        while try await cache.value("a", signal, load: { loads.next() }) == 1 {
            #expect(ContinuousClock.now - began < .seconds(30))
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(ContinuousClock.now - began > .milliseconds(900))
    }
}
