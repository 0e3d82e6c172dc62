package import AssetCore
import Synchronization

/// All connections that stay open to hear of changes, of every kind: socket.io, server-sent events, and long polls that wait.
package final class LiveFeed: Sendable {
    private struct State {
        var count = 0
        var sessions: [String: EngineSession] = [:]
        var isStopped = false
    }

    private let maximum: Int
    private let signal: FeedSignal
    private let state = Mutex(State())

    /// - Parameter maximum: how many may be open at the same time; 0 refuses all.
    package init(service: AssetService, maximum: Int) {
        self.maximum = maximum
        signal = service.catalog.feedSignal
    }

    /// Ends every connection, and refuses new ones: the server stops.
    package func stop() {
        let sessions = state.withLock { state in
            state.isStopped = true
            return Array(state.sessions.values)
        }
        for session in sessions { session.close() }
        signal.close()
    }

    /// One of the places for connections; free again when nobody holds it any more.
    final class Place: Sendable {
        private let live: LiveFeed

        fileprivate init(_ live: LiveFeed) { self.live = live }

        deinit { live.state.withLock { $0.count -= 1 } }
    }

    /// - Throws: `unavailable` when there is none.
    func enter() throws(AssetError) -> Place {
        let hasEntered = state.withLock { state in
            guard state.count < maximum, !state.isStopped else { return false }
            state.count += 1
            return true
        }
        guard hasEntered else { throw AssetError(.unavailable, "Too many connections wait for changes") }
        return Place(self)
    }

    // MARK: Sessions of socket.io

    func session(_ id: String) -> EngineSession? { state.withLock { $0.sessions[id] } }

    /// - Throws: `unavailable`.
    func makeSession() throws(AssetError) -> EngineSession {
        let place = try enter()
        // Whoever knows it can send and receive as its client.
        let session = EngineSession(id: Secrets.hex(Secrets.randomBytes(16)), in: place) { [self] id in
            state.withLock { $0.sessions[id] = nil }
        }
        let isStopped = state.withLock { state in
            state.sessions[session.id] = session
            return state.isStopped
        }
        if isStopped { session.close() }
        return session
    }
}
