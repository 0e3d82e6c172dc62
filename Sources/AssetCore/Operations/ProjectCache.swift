import Synchronization

/// Remembers what was found in a project for as long as nothing changes in it.
///
/// Each change appends to the project's feed in its own transaction, so that the cursor of the feed, read in the same snapshot of the
/// database as everything else, tells exactly whether something is still so, whoever changed it.
package final class ProjectCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let cursor: Int64
    }

    private let entries = Mutex<[Key: Entry]>([:])
    private let maximumCount: Int

    package init(maximumCount: Int = 10_000) { self.maximumCount = maximumCount }

    /// nil when nothing is remembered of `key`, or not any more.
    /// - Parameter cursor: finds the cursor of the project's feed now, for what is remembered; nil when that does not count for another
    ///   reason.
    package func known(_ key: Key, cursor: (Value) throws -> Int64?) rethrows -> Value? {
        guard let entry = entries.withLock({ $0[key] }), try cursor(entry.value) == entry.cursor else { return nil }
        return entry.value
    }

    /// - Parameter cursor: of the project's feed when the value was found.
    package func keep(_ value: Value, for key: Key, at cursor: Int64) {
        entries.withLock { entries in
            if entries.count >= maximumCount { entries.removeAll() }
            entries[key] = Entry(value: value, cursor: cursor)
        }
    }
}
