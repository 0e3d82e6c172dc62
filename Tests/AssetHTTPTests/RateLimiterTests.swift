import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// The hourly allowance of the segment dialect (segment reference 1.5).
struct RateLimiterTests {
    /// From the test clock's beginning to 10:00:00.
    private static let untilTheHour = 1136.97083

    private static func code(_ body: () throws -> Void) -> AssetError.Code? {
        do { try body() } catch { return (error as? AssetError)?.code }
        return nil
    }

    @Test func `each user has an allowance, and it is new when the hour begins`() {
        let clock = TestClock()
        let limiter = RateLimiter(limit: 2, clock: clock.clock)
        let (one, two) = (UserID(rawValue: 1), UserID(rawValue: 2))
        func calls(_ user: UserID) -> AssetError.Code? { Self.code { try limiter.count(user) } }
        #expect([calls(one), calls(one), calls(one), calls(one)] == [nil, nil, .rateLimited, .rateLimited])
        #expect(calls(two) == nil)
        clock.advance(seconds: Self.untilTheHour - 0.001)
        #expect(calls(one) == .rateLimited)
        clock.advance(seconds: 0.001)
        #expect([calls(one), calls(one), calls(one)] == [nil, nil, .rateLimited])
        clock.advance(seconds: 3599)
        #expect(calls(one) == .rateLimited)
        clock.advance(seconds: 1)
        #expect(calls(one) == nil)
    }

    @Test func `calls over the allowance get 429, and token calls do not count`() async throws {
        var settings = ServerSettings()
        settings.rateLimit = 2
        let server = try await TestServer(settings: settings)
        try await server.app.test(.router) { client in
            let body: TestJSON = ["accountid": "demo", "key": "\(server.fixture.demo.key)"]
            for _ in 0..<5 { #expect(try await client.send(.post, "/api/auth/token", body.text).code == 200) }
            let spare = try await server.rest(client)
            #expect(try await spare.call(.delete, "/api/auth/token").code == 200)
            let rest = try await server.rest(client)
            for _ in 0..<2 { #expect(try await rest.get(Segment.list(Segment.first)).code == 200) }
            let text = "Requests throttled. Maximum allowed 2 per 01:00:00."
            for uri in [Segment.list(Segment.first), "/api/media/get/x", Segment.flexURI(Segment.flex) + "/list"] {
                let answer = try await rest.get(uri)
                #expect(answer.code == 429)
                #expect(
                    answer.json == ["error": ["type": "Throttling error", "message": "\(text)"], "reason": "\(text)"])
                #expect(answer.headers[.retryAfter] == nil)
            }
            #expect(try await rest.call(.delete, "/api/auth/token").code == 200)
            let worker = try await server.rest(client, key: server.fixture.demo.worker.key)
            #expect(
                try await worker.get(Segment.list(Segment.first, scope: "jbs773")).code == 200, "Others have their own")
            let api = try await server.rpc(client)
            for _ in 0..<4 { _ = try await api.ok("assets/root") }
            server.fixture.clock.advance(seconds: Self.untilTheHour)
            #expect(try await server.rest(client).get(Segment.list(Segment.first)).code == 200)
        }
    }
}
