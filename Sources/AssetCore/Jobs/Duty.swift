/// Work that one server does for all those on a database: the one that holds the lease.
///
/// The server that has done it does it the next time too, as long as it comes back before the lease has run out; when it dies, another
/// one takes over then.
struct Duty: Sendable {
    private let name: String
    private let service: AssetService
    /// How long a lease lasts, in seconds: longer than the time between two rounds of the work.
    private let leaseSeconds: Double
    private let owner = GID().description

    init(_ name: String, service: AssetService, leaseSeconds: Double) {
        self.name = name
        self.service = service
        self.leaseSeconds = leaseSeconds
    }

    /// Does the work, unless it is another server's; the lease is renewed meanwhile, and the work cancelled when that fails.
    func perform(_ work: @escaping @Sendable () async throws -> Void) async throws {
        guard try await take() else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(leaseSeconds / 3))
                    guard try await take() else {
                        throw AssetError(.unavailable, "Another server has taken over the \(name)")
                    }
                }
            }
            group.addTask { try await work() }
            // The first to end is the work, or the loss of the lease.
            try await group.next()
            group.cancelAll()
        }
    }

    private func take() async throws -> Bool {
        try await service.catalog.write(.rows) { tx in
            let now = service.clock.now()
            return try tx.takeDuty(name, owner: owner, now: now, until: now.adding(seconds: leaseSeconds))
        }
    }
}
