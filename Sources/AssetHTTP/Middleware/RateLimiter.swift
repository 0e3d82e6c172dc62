package import AssetCore
import Synchronization

/// Counts calls of each user within the running hour (segment reference 1.5).
package final class RateLimiter: Sendable {
    private struct Counts {
        var hour: Int64 = 0
        /// Of all servers, as far as they have told.
        var known: [UserID: Int] = [:]
        /// Of this one, since it has told the others.
        var untold: [UserID: Int] = [:]

        mutating func begin(_ now: Int64) {
            if hour != now { self = Counts(hour: now) }
        }
    }

    private let limit: Int
    private let clock: WallClock
    private let counts = Mutex(Counts())

    package init(limit: Int, clock: WallClock) {
        self.limit = limit
        self.clock = clock
    }

    private var hour: Int64 { clock.now().microseconds / 3_600_000_000 }

    /// - Throws: `rateLimited` when the allowance of this hour is used up.
    func count(_ user: UserID) throws(AssetError) {
        let hour = hour
        let isOver = counts.withLock { counts in
            counts.begin(hour)
            counts.untold[user, default: 0] += 1
            return counts.known[user, default: 0] + counts.untold[user, default: 0] > limit
        }
        if isOver {
            throw AssetError(.rateLimited, "Requests throttled. Maximum allowed \(limit) per 01:00:00.")
        }
    }

    /// Tells the other servers what this one has counted, and learns what they have, of the users that call here. Between two
    /// exchanges a user may call each server a few times too often.
    package func exchange(with catalog: any Catalog) async throws {
        let (hour, untold, others) = counts.withLock { counts in
            let untold = counts.untold
            counts.untold = [:]
            for (user, count) in untold { counts.known[user, default: 0] += count }
            return (counts.hour, untold, counts.known.keys.filter { untold[$0] == nil })
        }
        if untold.isEmpty, others.isEmpty { return }
        var calls = untold
        for user in others { calls[user] = 0 }
        do {
            let told = calls
            let sums = try await catalog.write(.rows) { try $0.addCalls(told, hour: hour) }
            counts.withLock { counts in if counts.hour == hour { counts.known = sums } }
        } catch {
            // They are told the next time.
            counts.withLock { counts in
                guard counts.hour == hour else { return }
                for (user, count) in untold {
                    counts.known[user, default: 0] -= count
                    counts.untold[user, default: 0] += count
                }
            }
            throw error
        }
    }
}
