/// How often and how long a request is tried that may succeed another time.
struct S3Retry: Sendable {
    var tries = 6
    /// Before the second try; doubled for each further one, and made up to twice as short by chance, so that clients that were
    /// refused together do not come back together.
    var firstDelay = Duration.milliseconds(200)
    var longestDelay = Duration.seconds(8)
    /// No try begins later than this after the first one.
    var total = Duration.seconds(60)

    /// - Parameters:
    ///   - failed: how many tries have failed, from 1.
    ///   - asked: seconds that the store asks to wait.
    ///   - chance: from 0 to 1.
    func delay(after failed: Int, asked: Double?, chance: Double = .random(in: 0...1)) -> Duration {
        let full = min(firstDelay * (1 << min(failed - 1, 16)), longestDelay)
        return max(full * (0.5 + chance / 2), .seconds(min(asked ?? 0, 30)))
    }

    /// Runs `work` until it succeeds, fails for good, or has been tried often enough.
    func callAsFunction<Value>(_ work: () async throws -> Value) async throws -> Value {
        let start = ContinuousClock.now
        var failed = 0
        while true {
            do {
                return try await work()
            } catch var failure as S3Failure where failure.isTransient {
                failed += 1
                let delay = delay(after: failed, asked: failure.retryAfter)
                guard failed < tries, start.duration(to: .now) + delay < total else {
                    failure.tries = failed
                    throw failure
                }
                try await Task.sleep(for: delay)
            }
        }
    }
}
