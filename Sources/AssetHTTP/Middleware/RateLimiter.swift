import AssetCore
import Synchronization

/// Counts calls of each user within the running hour (segment reference 1.5).
final class RateLimiter: Sendable {
    private let limit: Int
    private let clock: WallClock
    private let counts = Mutex<(hour: Int64, users: [UserID: Int])>((0, [:]))

    init(limit: Int, clock: WallClock) {
        self.limit = limit
        self.clock = clock
    }

    /// - Throws: `rateLimited` when the allowance of this hour is used up.
    func count(_ user: UserID) throws(AssetError) {
        let hour = clock.now().microseconds / 3_600_000_000
        let isOver = counts.withLock { counts in
            if counts.hour != hour { counts = (hour, [:]) }
            counts.users[user, default: 0] += 1
            return counts.users[user, default: 0] > limit
        }
        if isOver {
            throw AssetError(.rateLimited, "Requests throttled. Maximum allowed \(limit) per 01:00:00.")
        }
    }
}
