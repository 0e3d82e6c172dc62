/// Lets callers that want the same at the same time share one piece of work: the first begins it, and all get its value or its error.
///
/// The work is nobody's own: it goes on when whoever began it is cancelled, because others may wait for it.
package actor SharedWork<Key: Hashable & Sendable, Value: Sendable> {
    private var running: [Key: Task<Value, any Error>] = [:]

    package init() {}

    package func share(_ key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if let task = running[key] { return try await task.value }
        let task = Task { try await work() }
        running[key] = task
        defer { running[key] = nil }
        return try await task.value
    }
}
