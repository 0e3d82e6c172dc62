/// A page of a selection.
package struct SelectionPage: Sendable {
    package let assets: [LocatedAsset]
    /// How many assets were selected when the first page was asked for.
    package let total: Int64
    /// Where the next page begins; nil when this is the last.
    package let cursor: String?
}

extension AssetService {
    /// The assets of a selection, page by page (project reference 5.18 and 6).
    ///
    /// The first page freezes the selection, so that paging is stable; the cursor is good for an hour after its last use, and
    /// for a minute more at most: its end is written down once in a minute, not with each page. Assets that are purged meanwhile are left out: a short page is not the end, only a nil cursor is.
    /// - Throws: `badSelection` when the selection or the cursor cannot be used.
    package func bulkGet(
        _ caller: Caller, _ selection: @autoclosure () throws -> Selection, cursor: String?, size: Int
    ) async throws -> SelectionPage {
        try caller.require(.read)
        if let cursor { return try await nextPage(caller, cursor, size: size) }
        let selection = try selection()
        let (ids, assets) = try await selecting(selection) { [clock] tx in
            let ids = try selection.evaluate(tx, in: caller.project, now: clock.now())
            return (ids, try tx.located(Array(ids.prefix(size))))
        }
        var cursor: String?
        if ids.count > size {
            let expiry = clock.now().adding(seconds: settings.cursorLifetime + Self.cursorSlack)
            let frozen = try await freeze(ids, project: caller.project.id, user: caller.user.id, expiresOn: expiry)
            cursor = PageCursor(token: frozen.token, position: Int64(size)).text
        }
        return SelectionPage(assets: assets, total: Int64(ids.count), cursor: cursor)
    }

    private func nextPage(_ caller: Caller, _ text: String, size: Int) async throws -> SelectionPage {
        guard let cursor = PageCursor(text) else { throw AssetError.badSelection("'page.cursor' is not one of ours") }
        let now = clock.now()
        let (selection, page) = try await catalog.read { tx -> (OpenSelection, SelectionPage) in
            let selection = try tx.selection(
                token: cursor.token, project: caller.project.id, user: caller.user.id, now: now)
            guard let selection else { throw AssetError.badSelection("'page.cursor' is unknown or has expired") }
            let total = try tx.selectionCount(selection.id)
            var ids: [AssetID] = []
            while ids.count < size {
                let more = try tx.selectionItems(selection.id, from: cursor.position + Int64(ids.count))
                if more.isEmpty { break }
                ids += more.prefix(size - ids.count)
            }
            let next = cursor.position + Int64(ids.count)
            let assets = try tx.located(ids)
            // What is gone meanwhile is not counted on the page that misses it (6).
            let page = SelectionPage(
                assets: assets, total: total - Int64(ids.count - assets.count),
                cursor: next < total ? PageCursor(token: cursor.token, position: next).text : nil)
            return (selection, page)
        }
        let needed = now.adding(seconds: settings.cursorLifetime)
        if selection.expiresOn < needed {
            let expiry = needed.adding(seconds: Self.cursorSlack)
            try await catalog.write(.rows) { tx in try tx.setExpiry(of: selection.id, to: expiry) }
        }
        return page
    }

    /// How many seconds a cursor may live longer than it is promised.
    private static let cursorSlack = 60.0

    /// Writes ids down as a frozen selection, in transactions of at most a few milliseconds.
    func freeze(
        _ ids: [AssetID], project: ProjectID, user: UserID, expiresOn: Timestamp
    ) async throws -> (id: SelectionID, token: GID) {
        let now = clock.now()
        let batch = 50 * selectionChunk
        let selection = try await catalog.write(.rows) { tx in
            let selection = try tx.createSelection(project: project, user: user, now: now, expiresOn: expiresOn)
            try tx.append(Array(ids.prefix(batch)), to: selection.id, from: 0)
            return selection
        }
        for start in stride(from: batch, to: ids.count, by: batch) {
            try await catalog.write(.rows) { tx in
                try tx.append(
                    Array(ids[start..<min(start + batch, ids.count)]), to: selection.id, from: Int64(start))
            }
        }
        return selection
    }
}

/// The text of a `page.cursor`: `<token>.<position>`; opaque to clients.
private struct PageCursor {
    let token: GID
    let position: Int64

    init(token: GID, position: Int64) {
        self.token = token
        self.position = position
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let token = GID(parts[0]), let position = Int64(digits: parts[1]) else { return nil }
        self.init(token: token, position: position)
    }

    var text: String { "\(token).\(position)" }
}
