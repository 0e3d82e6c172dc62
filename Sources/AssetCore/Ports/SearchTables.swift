/// A frozen selection that a `page.cursor` may still read.
package struct OpenSelection: Sendable, Equatable {
    package let id: SelectionID
    package let expiresOn: Timestamp

    package init(id: SelectionID, expiresOn: Timestamp) {
        self.id = id
        self.expiresOn = expiresOn
    }
}

/// Full-text search, and selections that have been evaluated and frozen.
package protocol SearchTables {
    /// The files that a query finds, deleted ones included, the most relevant first, then by id. Conditions such as "fewer than
    /// three days ago" are as of `now`.
    func search(_ query: SearchQuery, in project: ProjectID, now: Timestamp) throws -> [AssetID]

    /// Those of `search` from `top` on, at most `size`; and how many there are in all.
    func searchPage(_ query: SearchQuery, in project: ProjectID, now: Timestamp, top: Int, size: Int) throws -> (
        ids: [AssetID], total: Int64
    )

    /// Makes an empty frozen selection. One without `expiresOn` lives until it is deleted.
    func createSelection(project: ProjectID, user: UserID, now: Timestamp, expiresOn: Timestamp?) throws -> (
        id: SelectionID, token: GID
    )
    /// Appends ids behind the ones that are there. Each call but the last must bring a multiple of `selectionChunk` ids.
    func append(_ ids: [AssetID], to selection: SelectionID, from position: Int64) throws
    /// The ids from `position` on: at least one unless the end is reached, at most up to the end of a chunk.
    func selectionItems(_ selection: SelectionID, from position: Int64) throws -> [AssetID]
    /// How many ids a frozen selection holds.
    func selectionCount(_ selection: SelectionID) throws -> Int64
    /// The selection behind a `page.cursor` of this user, unless it has expired.
    func selection(token: GID, project: ProjectID, user: UserID, now: Timestamp) throws -> OpenSelection?
    /// nil = never. Without effect on one that is being deleted.
    func setExpiry(of selection: SelectionID, to moment: Timestamp?) throws
    func deleteSelection(_ selection: SelectionID) throws
    /// Deletes what has expired, at most `limit` rows; answers how many. A large selection takes several calls, and can be used no more
    /// from the first on.
    func deleteExpiredSelections(now: Timestamp, limit: Int) throws -> Int
}

/// How many ids one row of a frozen selection holds.
package let selectionChunk = 1000
