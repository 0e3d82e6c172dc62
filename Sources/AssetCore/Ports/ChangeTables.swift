/// The feeds (project reference 10): every mutation appends its lines in its own transaction, so that the order of cursors is the
/// order of commits.
package protocol ChangeTables {
    func append(_ action: ChangeAction, _ dataType: ProjectChange.DataType, _ keys: [GID], in project: ProjectID) throws
    /// An UPDATE for everything below a folder; answers how many.
    func appendUpdates(below folder: AssetID, in project: ProjectID) throws -> Int
    /// An UPDATE for the next `limit` assets of a project by row number; answers how many there were, and the last, or nil when there
    /// are none behind `id`.
    func appendUpdates(in project: ProjectID, after id: AssetID, limit: Int) throws -> (count: Int, last: AssetID)?
    func append(
        _ action: ChangeAction, _ dataType: GlobalChange.DataType, key: String, data: JSON?, for audience: Audience
    ) throws

    func projectCursor(_ project: ProjectID) throws -> Int64
    func globalCursor() throws -> Int64
    /// Lines after `cursor`, in order, at most `limit`.
    func changes(in project: ProjectID, after cursor: Int64, limit: Int) throws -> [ProjectChange]
    /// Lines after `cursor` that `user` may see, in order, at most `limit`.
    func globalChanges(for user: UserID, after cursor: Int64, limit: Int) throws -> [GlobalChange]

    /// The global feed and those of all projects.
    func feeds() throws -> [Feed]
    /// Lines before `cursor`, the newest first, at most `limit`.
    func feedLines(of feed: FeedName, before cursor: Int64, limit: Int) throws -> [FeedLine]
    func removeFeedLines(of feed: FeedName, _ cursors: [Int64]) throws
    /// Remembers how far the feed has been compacted, and how many lines were left.
    func markCompacted(_ feed: FeedName, to head: Int64, lines: Int64) throws
}
