/// An item of the feed.
package enum FeedItem: Sendable {
    case global(GlobalChange)
    case project(ProjectChange)
}

/// A page of the feed.
package struct FeedPage: Sendable {
    package let items: [FeedItem]
    /// Whether there is more after these.
    package let hasMore: Bool
}

extension AssetService {
    /// The most items of each kind in one page.
    package static let feedPageSize = 1000

    /// What has happened since the cursors, as far as the user may see it (project reference 10.2). Without `project` only global
    /// items.
    package func changes(
        for user: User, globalCursor: Int64, project: (caller: Caller, cursor: Int64)?
    ) async throws -> FeedPage {
        try project?.caller.require(.read)
        let limit = Self.feedPageSize
        return try await catalog.read { tx in
            let global = try tx.globalChanges(for: user.id, after: globalCursor, limit: limit + 1)
            var changes: [ProjectChange] = []
            if let project {
                changes = try tx.changes(in: project.caller.project.id, after: project.cursor, limit: limit + 1)
            }
            let items = global.prefix(limit).map(FeedItem.global) + changes.prefix(limit).map(FeedItem.project)
            return FeedPage(items: items, hasMore: global.count > limit || changes.count > limit)
        }
    }

    /// The newest cursors (project reference 10.3).
    package func cursors(of project: Caller?) async throws -> (global: Int64, project: Int64?) {
        try await catalog.lookUp { tx in
            (try tx.globalCursor(), try project.map { try tx.projectCursor($0.project.id) })
        }
    }
}
