import Synchronization

/// Remembers who may do what, so that not every request asks the database.
///
/// What is remembered counts for a second at most, and not at all after a change of rights by this process (`Touched.isAccess`). So a
/// change counts at once where it was made, and within a second in other processes. Refusals are never remembered.
package final class AccessCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let generation: Int
        let loadedOn: ContinuousClock.Instant
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let lifetime = Duration.seconds(1)
    private let maximumCount = 10_000

    package init() {}

    /// What is remembered of `key`, or else what `load` finds out.
    package func value(
        _ key: Key, _ signal: FeedSignal, load: () async throws -> Value
    ) async throws -> Value {
        if let known = known(key, signal) { return known }
        // Read first: a change while the value is loaded makes it worthless.
        let generation = signal.generation(of: nil).access
        let now = ContinuousClock.now
        let value = try await load()
        entries.withLock { entries in
            if entries.count >= maximumCount { entries.removeAll() }
            entries[key] = Entry(value: value, generation: generation, loadedOn: now)
        }
        return value
    }

    /// nil when nothing is remembered of `key`, or not any more.
    package func known(_ key: Key, _ signal: FeedSignal) -> Value? {
        guard let entry = entries.withLock({ $0[key] }), entry.generation == signal.generation(of: nil).access,
            ContinuousClock.now < entry.loadedOn + lifetime
        else { return nil }
        return entry.value
    }

    package func forget(_ key: Key) { entries.withLock { $0[key] = nil } }
}

/// What an `AssetService` remembers.
struct AccessCaches: Sendable {
    struct Membership: Hashable {
        let user: GID
        let project: GID
    }

    struct Scope: Hashable {
        let user: UserID
        let scope: SegmentScope
    }

    let users = AccessCache<GID, User>()
    let members = AccessCache<Membership, Caller>()
    let sessions = AccessCache<[UInt8], Session>()
    let scopes = AccessCache<Scope, Caller>()
}
