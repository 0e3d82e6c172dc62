import AssetTesting
import Testing

@testable import AssetCore

/// Segment reference 2.
struct SessionTests {
    @Test func `a session lives for 30 minutes after its last call`() async throws {
        let test = try await TestService.make()
        let token = try await test.service.openSession(account: "demo", key: test.demo.key)
        for _ in 0..<3 {
            test.clock.advance(seconds: 29 * 60)
            #expect(try await test.service.session(token: token, account: "demo").username == "demo")
        }
        test.clock.advance(seconds: 30 * 60 + 6)
        await expectError(.unauthenticated) { try await test.service.session(token: token, account: "demo") }
    }

    @Test func `without any call it ends after 30 minutes`() async throws {
        let test = try await TestService.make()
        let token = try await test.service.openSession(account: "demo", key: test.demo.key)
        test.clock.advance(seconds: 30 * 60)
        await expectError(.unauthenticated) { try await test.service.session(token: token, account: "demo") }
    }

    @Test func `calls in quick succession never shorten it`() async throws {
        let test = try await TestService.make()
        let token = try await test.service.openSession(account: "demo", key: test.demo.key)
        for _ in 0..<100 {
            test.clock.advance(seconds: 1)
            _ = try await test.service.session(token: token, account: "demo")
        }
        test.clock.advance(seconds: 29 * 60 + 59)
        _ = try await test.service.session(token: token.uppercased(), account: "demo")
    }

    @Test func `account and key must belong together, and the error does not tell which is wrong`() async throws {
        let test = try await TestService.make()
        try await test.service.createAccount(code: "other")
        var messages: Set<String> = []
        for (account, key) in [
            ("demo", "wrong"), ("other", test.demo.key), ("absent", test.demo.key), ("DEMO", test.demo.key),
        ] {
            let error = await expectError(.unknownUser) {
                try await test.service.openSession(account: account, key: key)
            }
            if let error { messages.insert(error.message) }
        }
        #expect(messages == ["Invalid private key."])
        let token = try await test.service.openSession(account: "demo", key: test.demo.key)
        await expectError(.unauthenticated) { try await test.service.session(token: token, account: "other") }
        await expectError(.unauthenticated) { try await test.service.session(token: "x", account: "demo") }
    }

    @Test func `a session that is closed is over; the others go on`() async throws {
        let test = try await TestService.make()
        let first = try await test.service.openSession(account: "demo", key: test.demo.key)
        let second = try await test.service.openSession(account: "demo", key: test.demo.key)
        #expect(first != second)
        try await test.service.closeSession(token: first)
        try await test.service.closeSession(token: first)
        await expectError(.unauthenticated) { try await test.service.session(token: first, account: "demo") }
        #expect(try await test.service.session(token: second, account: "demo").username == "demo")
    }

    @Test func `the sweeper removes what has expired only`() async throws {
        let test = try await TestService.make()
        _ = try await test.service.openSession(account: "demo", key: test.demo.key)
        test.clock.advance(seconds: 20 * 60)
        let second = try await test.service.openSession(account: "demo", key: test.demo.key)
        test.clock.advance(seconds: 20 * 60)
        try await test.sweeper().sweep()
        _ = try await test.service.session(token: second, account: "demo")
        let now = test.clock.clock.now()
        #expect(try await test.service.catalog.write { try $0.deleteExpiredSessions(now: now, limit: 10) } == 0)
    }
}
