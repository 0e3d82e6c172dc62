import Synchronization

/// Whether the database can be reached, as far as the connections of a pool have found out: while it cannot, those who wait in line are
/// refused at once, and not one after the other when each has waited in vain.
final class PostgresReach: Sendable {
    private struct Failure {
        let error: PostgresError
        let until: ContinuousClock.Instant
    }

    private let failure = Mutex<Failure?>(nil)

    /// A refusal comes at once; what takes longer than this has no answer.
    private static let patience = Duration.seconds(2)
    private static let pause = Duration.seconds(1)

    /// - Throws: `PostgresError`, when somebody has just tried in vain.
    func check() throws {
        let known = failure.withLock { $0 }
        if let known, ContinuousClock.now < known.until { throw known.error }
    }

    /// What to throw when connecting has failed after so long.
    func failed(_ error: PostgresError, after time: Duration) -> PostgresError {
        if time < Self.patience { return error }
        return giveUp(error)
    }

    /// Nobody tries again for a while.
    @discardableResult
    func giveUp(_ error: PostgresError) -> PostgresError {
        var error = error
        error.moment = .unreachable
        let failure = Failure(error: error, until: ContinuousClock.now + Self.pause)
        self.failure.withLock { $0 = failure }
        return error
    }
}
