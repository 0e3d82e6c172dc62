import GRDB
import GRDBSQLite
import Synchronization

/// Puts the write-ahead log into the file, beside the writer.
///
/// Left to itself, SQLite does that within a commit, whenever the log has 1,000 pages: whoever commits then, and all who wait for the
/// writer, wait for hundreds of pages to be written to their places and for the disk. Here a connection of its own does it while
/// others write. The writer itself only does what has come meanwhile, which is little, so that the log begins anew.
@safe final class Checkpoints: Sendable {
    private let connection: DatabaseQueue
    private let writer: any DatabaseWriter
    /// Of the log, at the writer's last commit.
    private let pages = Atomic(0)
    private let isRunning = Atomic(false)

    /// The log may have so many pages; a page that changes often is put into the file less often the longer the log is.
    private static let maximumPages = 4000

    init(path: String, configuration: Configuration, writer: any DatabaseWriter) throws {
        connection = try DatabaseQueue(path: path, configuration: configuration)
        self.writer = writer
        writer.writeWithoutTransaction { db in
            // Takes the place of what SQLite does by itself. Whoever commits keeps this object: see `makeIfDue`.
            let context = unsafe Unmanaged.passUnretained(self).toOpaque()
            _ = unsafe sqlite3_wal_hook(
                db.sqliteConnection,
                { context, _, _, pages in
                    unsafe context.map { unsafe Unmanaged<Checkpoints>.fromOpaque($0).takeUnretainedValue() }?
                        .pages.store(Int(pages), ordering: .relaxed)
                    return SQLITE_OK
                }, context)
        }
    }

    /// To be called by the writer after each of its commits.
    func makeIfDue() {
        guard pages.load(ordering: .relaxed) >= Self.maximumPages,
            isRunning.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged
        else { return }
        connection.asyncWriteWithoutTransaction { [self] db in
            // The second time only for what was written during the first.
            for _ in 0..<2 { _ = try? db.checkpoint(.passive) }
            writer.asyncWriteWithoutTransaction { [self] db in
                // What fails is tried again after the next commit.
                _ = try? db.checkpoint(.passive)
                pages.store(0, ordering: .relaxed)
                isRunning.store(false, ordering: .releasing)
            }
        }
    }

    func close() { try? connection.close() }
}
