import AssetCore

/// Hands out the places of workers: renditions that somebody waits for go first, and the queue is bounded.
actor WorkerGate {
    enum Priority {
        case waitedFor
        case background
    }

    private var free: Int
    private let maximumWaiting: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var background: [CheckedContinuation<Void, Never>] = []

    init(places: Int, maximumWaiting: Int) {
        free = places
        self.maximumWaiting = maximumWaiting
    }

    /// How many wait for a place.
    var waitingCount: Int { waiting.count + background.count }

    /// - Throws: `rateLimited` when too many wait already; nothing has been done then. What `body` throws.
    func pass<Value: Sendable>(
        _ priority: Priority, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        if free > 0 {
            free -= 1
        } else {
            guard waitingCount < maximumWaiting else {
                throw AssetError(.rateLimited, "Too many files wait to be rendered")
            }
            await withCheckedContinuation { continuation in
                switch priority {
                case .waitedFor: waiting.append(continuation)
                case .background: background.append(continuation)
                }
            }
        }
        defer { leave() }
        return try await body()
    }

    /// Whoever leaves hands over the place.
    private func leave() {
        if !waiting.isEmpty {
            waiting.removeFirst().resume()
        } else if !background.isEmpty {
            background.removeFirst().resume()
        } else {
            free += 1
        }
    }
}
