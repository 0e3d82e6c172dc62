/// Lets callers that want the same at the same time share one piece of work: the first does it, the others get its value or its
/// error.
package actor SharedWork<Key: Hashable & Sendable, Value: Sendable> {
    private var waiting: [Key: [CheckedContinuation<Value, any Error>]] = [:]

    package init() {}

    package func share(_ key: Key, _ work: @Sendable () async throws -> Value) async throws -> Value {
        if waiting[key] != nil {
            return try await withCheckedThrowingContinuation { waiting[key]?.append($0) }
        }
        waiting[key] = []
        let result: Result<Value, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        for continuation in waiting.removeValue(forKey: key) ?? [] { continuation.resume(with: result) }
        return try result.get()
    }
}
