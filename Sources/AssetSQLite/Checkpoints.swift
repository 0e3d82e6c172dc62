import GRDB
import GRDBSQLite
import Synchronization

/// Puts the write-ahead log into the file, beside the writer.
///
/// Left to itself, SQLite does that within a commit, whenever the log has 1,000 pages: whoever commits then, and all who wait for the
/// writer, wait for hundreds of pages to be written to their places and for the disk. Here a connection of its own does it while
/// others write. The writer itself only does what has come meanwhile, when that is little, so that the log begins anew.
///
/// A checkpoint beside the writer begins only when there are commits that none has covered. SQLite before 3.51.3 loses commits when
/// one finds nothing to do and the log begins anew at that moment ("The WAL-reset bug", sqlite.org/wal.html). Several processes that
/// write the same file are as safe from that as with SQLite's own checkpoints, which is nearly.
@safe final class Checkpoints: Sendable {
    /// Used where the writer runs only.
    private struct State {
        /// Of the log, at the last commit.
        var pages = 0
        /// Of these, how many are in the file.
        var covered = 0
        /// With so many pages something is done.
        var due = Checkpoints.maximumPages
        var passes = 0
        var isRunning = false
        var hasCommitted = false

        /// The next commit begins the log anew, unless somebody reads an old state of the database or the disk is full.
        mutating func wait() {
            due = pages + Checkpoints.maximumPages / 4
            passes = 0
        }
    }

    /// Whoever waits until there is room in the log.
    private struct Waiting {
        var isCrowded = false
        var continuations: [CheckedContinuation<Void, Never>] = []
    }

    private let connection: DatabaseQueue
    private let writer: any DatabaseWriter
    private let turns: WriterTurns
    private let state = Mutex(State())
    private let waiting = Mutex(Waiting())

    /// The log may have so many pages; a page that changes often is put into the file less often the longer the log is.
    private static let maximumPages = 4000
    /// So many the writer may put into the file itself; more after so many passes, so that the log does not grow for ever. Bulk work
    /// waits for the last of them, so that this is not much either.
    private static let fewPages = 500
    private static let maximumPasses = 2

    init(path: String, configuration: Configuration, writer: any DatabaseWriter, turns: WriterTurns) throws {
        connection = try DatabaseQueue(path: path, configuration: configuration)
        self.writer = writer
        self.turns = turns
        writer.writeWithoutTransaction { db in
            // Takes the place of what SQLite does by itself. Whoever commits keeps this object: see `makeIfDue`.
            let context = unsafe Unmanaged.passUnretained(self).toOpaque()
            _ = unsafe sqlite3_wal_hook(
                db.sqliteConnection,
                { context, _, _, pages in
                    unsafe context.map { unsafe Unmanaged<Checkpoints>.fromOpaque($0).takeUnretainedValue() }?
                        .committed(Int(pages))
                    return SQLITE_OK
                }, context)
        }
    }

    private func committed(_ pages: Int) {
        state.withLock { state in
            // The log has begun anew.
            if pages < state.pages { state = State(isRunning: state.isRunning) }
            state.pages = pages
            state.hasCommitted = true
        }
    }

    /// Whether something has been committed since this was asked last.
    func takeCommitted() -> Bool {
        state.withLock { state in
            defer { state.hasCommitted = false }
            return state.hasCommitted
        }
    }

    /// To be called by the writer after each of its commits.
    func makeIfDue() {
        let isDue = state.withLock { state in
            if state.isRunning || state.pages < state.due || state.pages <= state.covered { return false }
            state.isRunning = true
            return true
        }
        guard isDue else { return }
        setCrowded(state.withLock { $0.passes == Self.maximumPasses - 1 })
        connection.asyncWriteWithoutTransaction { [self] db in
            let pages = Self.checkpoint(db)
            let covered = Self.synchronize(db) ? pages : nil
            writer.asyncWriteWithoutTransaction { [self] db in
                turns.measure(.checkpoint) { goOn(db, covered: covered) }
            }
        }
    }

    /// After a pass beside the writer: another one, or the rest.
    private func goOn(_ writer: Database, covered: Int?) {
        let isRest = state.withLock { state in
            state.isRunning = false
            let covered = covered ?? state.covered
            // Unless the log has begun anew.
            guard state.pages >= state.due, covered <= state.pages else { return false }
            let hasAdvanced = covered > state.covered
            state.covered = covered
            state.passes += 1
            let rest = state.pages - covered
            if !hasAdvanced || rest == 0 {
                state.wait()
                return false
            }
            return rest <= Self.fewPages || state.passes == Self.maximumPasses
        }
        if isRest {
            // Nothing is committed meanwhile.
            let covered = Self.checkpoint(writer)
            state.withLock { state in
                state.covered = covered ?? state.covered
                state.wait()
            }
        }
        setCrowded(false)
        makeIfDue()
    }

    /// Returns at once, unless others write faster than passes beside them can keep up with.
    func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let isRoom = waiting.withLock { waiting in
                if waiting.isCrowded { waiting.continuations.append(continuation) }
                return !waiting.isCrowded
            }
            if isRoom { continuation.resume() }
        }
    }

    /// How many wait for room.
    var waitingCount: Int { waiting.withLock { $0.continuations.count } }

    func setCrowded(_ isCrowded: Bool) {
        let continuations = waiting.withLock { waiting in
            waiting.isCrowded = isCrowded
            if isCrowded { return [] as [CheckedContinuation<Void, Never>] }
            defer { waiting.continuations = [] }
            return waiting.continuations
        }
        for continuation in continuations { continuation.resume() }
    }

    /// - Returns: how many pages of the log are in the file now; nil when that failed, or the connection is closed.
    private static func checkpoint(_ db: Database) -> Int? {
        guard unsafe db.sqliteConnection != nil else { return nil }
        return (try? db.checkpoint(.passive))?.checkpointedFrameCount
    }

    /// Waits until the file is on the disk. SQLite itself does that only in the checkpoint that comes to the end of the log: that of the
    /// writer, who would then have the pages of all passes to wait for: up to 67 ms beside a bulk job on a million assets, where it is 25
    /// with this.
    /// - Returns: false when the disk has failed, which each connection is told once.
    static func synchronize(_ db: Database) -> Bool {
        guard let connection = unsafe db.sqliteConnection else { return false }
        var file: UnsafeMutablePointer<sqlite3_file>?
        let found = unsafe sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard found == SQLITE_OK, let file = unsafe file, let synchronize = unsafe file.pointee.pMethods?.pointee.xSync
        else { return false }
        return unsafe synchronize(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY) == SQLITE_OK
    }

    func close() { try? connection.close() }
}
