import Synchronization

/// How far one stage of a copy is; several tasks may tell.
final class Counted: Sendable {
    private let total: Int64
    private let done: Mutex<Int64>
    private let stage: StorageCopy.Stage
    private let progress: StorageCopy.Progress

    init(total: Int64, done: Int64, stage: StorageCopy.Stage, _ progress: @escaping StorageCopy.Progress) {
        self.total = total
        self.done = Mutex(done)
        self.stage = stage
        self.progress = progress
    }

    func add(_ count: Int64) {
        let done = done.withLock { done in
            done = min(done + count, total)
            return done
        }
        progress(stage, done, total)
    }
}
