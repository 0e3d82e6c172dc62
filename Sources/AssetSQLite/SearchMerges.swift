import AssetSQL
import GRDB
import GRDBSQLite
import Synchronization

/// Keeps the search index in order, between the writers.
///
/// Each commit that changes words leaves segments of the FTS5 index, and segments must be merged, or searches have to look into ever
/// more of them. Left to itself, FTS5 does that within a commit whenever it has enough of them, hundreds of pages at a time: of the
/// transactions that removed 1,000,000 files, some held the writer for twice as long as they should. So it is told not to
/// (`0005_SearchMerges`), and here segments are merged after a commit, in a transaction of its own, when any level of the index has
/// eight; others that wait for the writer have their turn before. When there is nothing to merge, nothing is written, and it takes some
/// 30 µs. What is not merged when nobody writes any more stays as it is until somebody does: it is not much.
///
/// A transaction goes on for as long as merging may take, because a job may leave more with each of its commits than a few pages: when a
/// level has 64 segments, FTS5 merges them all within somebody's commit after all, which has held the writer for 200 ms.
///
/// The time is looked at only where a word ends: one that is in 170,000 files takes some 15 ms, one that is in millions longer than that.
final class SearchMerges: Sendable {
    private struct State {
        var isQueued = false
        var next = ContinuousClock.now
    }

    private let writer: any DatabaseWriter
    private let turns: WriterTurns
    private let partTime: Duration
    private let afterCommit: @Sendable () -> Void
    private let state = Mutex(State())

    /// Of 4 KiB, written before the time is looked at.
    private static let pages = 32
    static let standardPartTime = Duration.milliseconds(10)
    /// How much longer than a part the time after it is, at least: merging takes a third of the writer's time at most.
    private static let pause = 2

    /// - Parameters:
    ///   - partTime: after it a transaction begins nothing more.
    ///   - afterCommit: called on the writer's thread.
    init(
        writer: any DatabaseWriter, turns: WriterTurns, partTime: Duration = standardPartTime,
        afterCommit: @escaping @Sendable () -> Void
    ) {
        self.writer = writer
        self.turns = turns
        self.partTime = partTime
        self.afterCommit = afterCommit
    }

    /// To be called by the writer after each of its commits.
    func makeIfDue() {
        let isDue = state.withLock { state in
            if state.isQueued || ContinuousClock.now < state.next { return false }
            state.isQueued = true
            return true
        }
        guard isDue else { return }
        writer.asyncWriteWithoutTransaction { [self] db in
            let began = ContinuousClock.now
            turns.measure(.merge) { if merge(db) { afterCommit() } }
            let end = ContinuousClock.now
            state.withLock { $0 = State(next: end + (end - began) * Self.pause) }
        }
    }

    /// Whether there was something to merge. When it fails, it is tried again after more commits, whose failure is told to somebody.
    private func merge(_ db: Database) -> Bool {
        guard unsafe db.sqliteConnection != nil else { return false }
        let connection = SQLiteConnection(db: db)
        let end = ContinuousClock.now + partTime
        var hasMerged = false
        do {
            try connection.begin()
            while ContinuousClock.now < end {
                let changes = db.totalChangesCount
                try connection.execute(
                    "INSERT INTO asset_search (asset_search, rank) VALUES ('merge', \(Self.pages))", [], isCached: true)
                // The statement itself counts as one (sqlite.org/fts5.html, "The 'merge' Command").
                if db.totalChangesCount - changes < 2 { break }
                hasMerged = true
            }
            try connection.commit()
        } catch {
            connection.rollBack()
            return false
        }
        return hasMerged
    }
}
