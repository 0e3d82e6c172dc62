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
/// The time is looked at only where a word ends, and only where something has been written: a word that is in 170,000 files takes some
/// 15 ms, one that is in millions longer; and when all files of a project are gone, all of its words are passed over at once: 300 ms for a
/// million files. So a part that takes long is given up as soon as somebody waits, and is tried again later: whoever waits does not wait
/// for that.
final class SearchMerges: Sendable {
    private struct State {
        var isQueued = false
        var next = ContinuousClock.now
        /// How many parts in a row were given up.
        var givenUp = 0
    }

    private struct Followed {
        weak var queue: WriteQueue?
    }

    private let writer: any DatabaseWriter
    private let turns: WriterTurns
    private let partTime: Duration
    private let patience: Duration
    private let afterCommit: @Sendable () -> Void
    private let state = Mutex(State())
    private let followed = Mutex(Followed())

    /// Of 4 KiB, written before the time is looked at.
    private static let pages = 32
    static let standardPartTime = Duration.milliseconds(10)
    static let standardPatience = Duration.milliseconds(40)
    /// How much longer than a part the time after it is, at least: merging takes a third of the writer's time at most.
    private static let pause = 2
    /// After a part that was given up it is twice as long each time, but never longer than this.
    private static let maximumPause = Duration.seconds(2)
    /// The one after so many is not given up: without it the index would get worse and worse where somebody always waits.
    private static let maximumGivenUp = 30

    /// - Parameters:
    ///   - partTime: after it a part begins nothing more.
    ///   - patience: after it a part is given up when somebody waits.
    ///   - afterCommit: called on the writer's thread.
    init(
        writer: any DatabaseWriter, turns: WriterTurns, partTime: Duration = standardPartTime,
        patience: Duration = standardPatience, afterCommit: @escaping @Sendable () -> Void
    ) {
        self.writer = writer
        self.turns = turns
        self.partTime = partTime
        self.patience = patience
        self.afterCommit = afterCommit
    }

    /// - Parameter queue: those who wait.
    func follow(_ queue: WriteQueue) { followed.withLock { $0.queue = queue } }

    private var isAwaited: Bool { followed.withLock { $0.queue }?.isAwaited ?? false }

    /// To be called by the writer after each of its commits.
    func makeIfDue() {
        let isDue = state.withLock { state in
            if state.isQueued || ContinuousClock.now < state.next { return false }
            state.isQueued = true
            return true
        }
        guard isDue else { return }
        writer.asyncWriteWithoutTransaction { [self] db in make(db) }
    }

    private func make(_ db: Database) {
        guard unsafe db.sqliteConnection != nil else { return }
        let began = ContinuousClock.now
        let givenUp = state.withLock { $0.givenUp }
        let limit = givenUp < Self.maximumGivenUp ? Limit(end: began + patience) { [self] in isAwaited } : nil
        let (hasMerged, isGivenUp) = merge(db, limit, inSteps: givenUp > 0)
        if hasMerged { afterCommit() }
        let end = ContinuousClock.now
        turns.add(end - began, to: isAwaited ? .merge : .quietMerge)
        state.withLock { state in
            state.isQueued = false
            state.givenUp = isGivenUp ? state.givenUp + 1 : 0
            let pause = (end - began) * Self.pause * (1 << min(state.givenUp, 10))
            state.next = end + min(pause, Self.maximumPause)
        }
    }

    /// What is given up is undone: all of it, or when it is done `inSteps`, which costs a sync each, the last of them.
    /// - Returns: whether something was merged, and whether it was given up. When it fails, it is tried again after more commits, whose
    ///   failure is told to somebody.
    private func merge(_ db: Database, _ limit: Limit?, inSteps: Bool) -> (hasMerged: Bool, isGivenUp: Bool) {
        let connection = SQLiteConnection(db: db)
        let end = ContinuousClock.now + partTime
        var hasMerged = false
        do {
            try connection.begin()
            while ContinuousClock.now < end {
                let changes = db.totalChangesCount
                try limited(db, limit) {
                    _ = try connection.execute(
                        "INSERT INTO asset_search (asset_search, rank) VALUES ('merge', \(Self.pages))", [],
                        isCached: true)
                }
                // The statement itself counts as one (sqlite.org/fts5.html, "The 'merge' Command").
                if db.totalChangesCount - changes < 2 { break }
                if inSteps {
                    try connection.commit()
                    try connection.begin()
                }
                hasMerged = true
            }
            try connection.commit()
            return (hasMerged, false)
        } catch {
            connection.rollBack()
            return (hasMerged && inSteps, error is CancellationError)
        }
    }

    private final class Limit {
        private let end: ContinuousClock.Instant
        private let isAwaited: () -> Bool

        init(end: ContinuousClock.Instant, isAwaited: @escaping () -> Bool) {
            self.end = end
            self.isAwaited = isAwaited
        }

        var isOver: Bool { ContinuousClock.now >= end && isAwaited() }
    }

    /// Runs one statement, and ends it with `CancellationError` when the limit is over. Not by `sqlite3_interrupt`: FTS5 keeps a statement
    /// open, with which an interruption that comes too late meets all statements that follow, `ROLLBACK` too.
    private func limited(_ db: Database, _ limit: Limit?, _ statement: () throws -> Void) rethrows {
        guard let limit else { return try statement() }
        try withExtendedLifetime(limit) {
            let context = unsafe Unmanaged.passUnretained(limit).toOpaque()
            unsafe sqlite3_progress_handler(
                db.sqliteConnection, 100,
                { context in
                    guard
                        let limit = unsafe context.map({ unsafe Unmanaged<Limit>.fromOpaque($0).takeUnretainedValue() })
                    else { return 0 }
                    return limit.isOver ? 1 : 0
                }, context)
            defer { unsafe sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
            try statement()
        }
    }
}
