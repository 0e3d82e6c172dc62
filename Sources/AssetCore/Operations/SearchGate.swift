/// Bounds what searches take from everybody else: few run at a time, so that readers of the database are left for other calls, and
/// each for a limited time only. A filter over a large project can be made to cost minutes.
package actor SearchGate {
    private static let maximumRunning = 2
    private static let maximumWaiting = 64
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Throws: `rateLimited` when too many wait; what `body` throws.
    func pass<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        if running >= Self.maximumRunning {
            guard waiting.count < Self.maximumWaiting else {
                throw AssetError(.rateLimited, "Too many searches at the same time")
            }
            // Whoever leaves hands over the place.
            await withCheckedContinuation { waiting.append($0) }
        } else {
            running += 1
        }
        defer { leave() }
        return try await body()
    }

    private func leave() {
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
    }
}

extension AssetService {
    /// How long a search may take that a client waits for, and one that a job begins with.
    static let searchTime = Duration.seconds(10)
    static let jobSearchTime = Duration.seconds(120)

    /// Reads for a search: one of few at a time, and for no longer than `limit`.
    /// - Throws: `searchFailed` when it takes too long; `rateLimited`.
    func searching<Value: Sendable>(
        _ limit: Duration, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        try await searches.pass { [catalog] in
            try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask { try await catalog.read(body) }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                guard let value = try await group.next() ?? nil else {
                    throw AssetError(.searchFailed, "The search takes too long: ask for less at a time")
                }
                return value
            }
        }
    }

    /// Reads for a selection: only searches in it make it wait for others.
    func selecting<Value: Sendable>(
        _ selection: Selection, _ limit: Duration = searchTime,
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        selection.hasSearches ? try await searching(limit, body) : try await catalog.read(body)
    }
}
