import Synchronization

/// How far a client has read the two feeds (project reference 10.1).
package struct FeedPosition: Sendable, Hashable {
    package var global: Int64
    /// 0 without a project.
    package var project: Int64

    package init(global: Int64, project: Int64) {
        self.global = global
        self.project = project
    }

    /// Behind these items.
    package mutating func advance(over items: [FeedItem]) {
        for item in items {
            switch item {
            case .global(let change): global = change.cursor
            case .project(let change): project = change.cursor
            }
        }
    }
}

/// Reads the feeds of a user from a position on, and waits for what is not there yet. What is read comes from the table, so that no
/// item is lost or doubled between what was missed and what is new.
package struct FeedFollower: Sendable {
    private let service: AssetService
    private let user: GID
    private let project: GID?
    package private(set) var position: FeedPosition

    package init(_ service: AssetService, user: GID, project: GID?, from position: FeedPosition) {
        self.service = service
        self.user = user
        self.project = project
        self.position = position
    }

    /// The next items, at most a page of each kind; none only when `timeout` has passed.
    /// - Throws: as `AssetService.caller`, as soon as the user may not see the feed any more; `unavailable` when the server stops;
    ///   `CancellationError`.
    package mutating func next(timeout: Duration? = nil) async throws -> [FeedItem] {
        let deadline = timeout.map { ContinuousClock.now + $0 }
        let signal = service.catalog.feedSignal
        while true {
            try Task.checkCancellation()
            let member = try await member()
            // Read before the table, so that a commit behind the look at the table ends the wait.
            let seen = signal.generation(of: member.project)
            var items = try await service.feedReads.global(service.catalog, member.user, after: position.global, seen)
                .map(FeedItem.global)
            if let project = member.project {
                items += try await service.feedReads.project(service.catalog, project, after: position.project, seen)
                    .map(FeedItem.project)
            }
            if !items.isEmpty {
                position.advance(over: items)
                return items
            }
            if signal.isClosed { throw AssetError(.unavailable, "The server is stopping") }
            if let deadline {
                if ContinuousClock.now >= deadline { return [] }
                await signal.wait(for: member.project, after: seen, until: deadline)
            } else {
                await signal.wait(for: member.project, after: seen)
            }
        }
    }

    private func member() async throws -> (user: UserID, project: ProjectID?) {
        guard let project else { return (try await service.user(user).id, nil) }
        let caller = try await service.caller(user, in: project)
        try caller.require(.read)
        return (caller.user.id, caller.project.id)
    }
}

extension FeedSignal {
    /// As `wait(for:after:)`, but at most until the deadline.
    package func wait(
        for project: ProjectID?, after seen: Generation, until deadline: ContinuousClock.Instant
    ) async {
        await withTaskGroup { group in
            group.addTask { await self.wait(for: project, after: seen) }
            group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }
}

/// Lets followers that stand at the same place share what one of them reads: a thousand that wait for the same line ask the
/// database once.
final class FeedReads: Sendable {
    private struct Place<Feed: Hashable & Sendable>: Hashable, Sendable {
        let feed: Feed
        let cursor: Int64
        /// What was read before a commit says nothing about the time after it.
        let generation: Int
    }

    private let projects = SharedReads<Place<ProjectID>, [ProjectChange]>()
    private let users = SharedReads<Place<UserID>, [GlobalChange]>()

    func project(
        _ catalog: any Catalog, _ project: ProjectID, after cursor: Int64, _ seen: FeedSignal.Generation
    ) async throws -> [ProjectChange] {
        try await projects.value(Place(feed: project, cursor: cursor, generation: seen.project)) {
            try await catalog.read { try $0.changes(in: project, after: cursor, limit: AssetService.feedPageSize) }
        }
    }

    func global(
        _ catalog: any Catalog, _ user: UserID, after cursor: Int64, _ seen: FeedSignal.Generation
    ) async throws -> [GlobalChange] {
        try await users.value(Place(feed: user, cursor: cursor, generation: seen.global)) {
            try await catalog.read { try $0.globalChanges(for: user, after: cursor, limit: AssetService.feedPageSize) }
        }
    }
}

/// The last values that were read, by key; what is being read is waited for.
private final class SharedReads<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let running = SharedWork<Key, Value>()
    private let values = Mutex<(byKey: [Key: Value], order: [Key])>(([:], []))
    private static var capacity: Int { 64 }

    func value(_ key: Key, _ read: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if let known = values.withLock({ $0.byKey[key] }) { return known }
        let value = try await running.share(key, read)
        values.withLock { values in
            if values.byKey.updateValue(value, forKey: key) == nil { values.order.append(key) }
            if values.order.count > Self.capacity { values.byKey[values.order.removeFirst()] = nil }
        }
        return value
    }
}
