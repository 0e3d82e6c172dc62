import Synchronization

/// Tells who waits for a feed that it has grown, and who remembers rights that they may have changed.
///
/// A feed has a generation, which is counted up after each commit that appended to it; so have the rights. Who follows a feed reads its generation, then
/// the table, and waits for a later generation when there was nothing: so no commit is missed, however the two interleave. The
/// table is the truth; a signal says only that looking is worth while.
package final class FeedSignal: Sendable {
    package struct Generation: Sendable, Hashable {
        package let access: Int
        package let global: Int
        package let project: Int
    }

    fileprivate struct Waiter {
        let project: ProjectID?
        let continuation: CheckedContinuation<Void, Never>
    }

    fileprivate struct State {
        var access = 0
        var global = 0
        var projects: [ProjectID: Int] = [:]
        var waiters: [Int: Waiter] = [:]
        var cancelled: Set<Int> = []
        var next = 0
        var isClosed = false

        func generation(_ project: ProjectID?) -> Generation {
            Generation(
                access: access, global: global, project: project.map { projects[$0, default: 0] } ?? 0)
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether whoever follows a feed has been asked to stop.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    package func generation(of project: ProjectID?) -> Generation { state.withLock { $0.generation(project) } }

    /// After a commit.
    package func changed(_ touched: Touched) {
        if touched.isEmpty { return }
        let waiting = state.withLock { state in
            if touched.isAccess { state.access += 1 }
            if touched.isGlobal { state.global += 1 }
            for project in touched.projects { state.projects[project, default: 0] += 1 }
            return state.takeWaiters { waiter in
                touched.isGlobal || touched.isAccess || waiter.project.map(touched.projects.contains) ?? false
            }
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets everybody go who waits, now and later: the server stops.
    package func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.takeWaiters { _ in true }
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns as soon as the generation is not `seen` any more; at once after `close` or when the task is cancelled.
    package func wait(for project: ProjectID?, after seen: Generation) async {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(number) != nil || state.isClosed || state.generation(project) != seen {
                        return true
                    }
                    state.waiters[number] = Waiter(project: project, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: number)
                if waiter == nil { state.cancelled.insert(number) }
                return waiter?.continuation
            }
            continuation?.resume()
        }
        state.withLock { _ = $0.cancelled.remove(number) }
    }

    /// The projects whose feeds are waited for, and whether anybody waits at all.
    package func waitedFor() -> (projects: Set<ProjectID>, isAny: Bool) {
        state.withLock { (Set($0.waiters.values.compactMap(\.project)), !$0.waiters.isEmpty) }
    }
}

extension FeedSignal.State {
    fileprivate mutating func takeWaiters(
        _ condition: (FeedSignal.Waiter) -> Bool
    ) -> [CheckedContinuation<Void, Never>] {
        let taken = waiters.filter { condition($0.value) }
        for number in taken.keys { waiters[number] = nil }
        return taken.values.map(\.continuation)
    }
}

/// What a transaction has changed that others wait for or remember.
package struct Touched: Sendable, Equatable {
    /// It appended to the global feed.
    package var isGlobal = false
    /// It appended to the feeds of these projects.
    package var projects: Set<ProjectID> = []
    /// It changed who may do what: users, memberships, projects or job scopes.
    package var isAccess = false

    package init() {}

    package mutating func formUnion(_ other: Touched) {
        isGlobal = isGlobal || other.isGlobal
        isAccess = isAccess || other.isAccess
        projects.formUnion(other.projects)
    }

    package var isEmpty: Bool { !isGlobal && !isAccess && projects.isEmpty }
}
