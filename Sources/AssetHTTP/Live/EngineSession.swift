import AssetCore
import DequeModule
import Synchronization

/// A connection of Engine.IO, protocol 4 (https://socket.io/docs/v4/engine-io-protocol/): packets in both directions, by polls or
/// by a WebSocket, and from the one to the other without losing any.
///
/// What is to be sent waits in a queue of bounded size, from which the transport takes what it can. A client that takes nothing for
/// `stall`, or does not answer pings, is cut off.
final class EngineSession: Sendable {
    /// Tells why a request on a session is refused; the session is closed by then, if it is to be.
    struct Refusal: Error {
        let message: String
    }

    /// Gets no packets when the session is closed: the client then takes the connection for broken and opens another, which it
    /// would not do after a packet that says that the session is over.
    fileprivate typealias Poll = CheckedContinuation<[String]?, Never>

    fileprivate typealias RoomWaiter = CheckedContinuation<Void, Never>

    fileprivate struct State {
        /// Until the session is closed.
        var place: LiveFeed.Place?
        var queue: Deque<String> = []
        var queuedBytes = 0
        /// When something was last taken from the queue, or the queue was empty.
        var movedOn = ContinuousClock.now
        var roomWaiters: [RoomWaiter] = []
        var poll: Poll?
        /// Once there is one, polling is over.
        var socket: SocketLink?
        /// A socket that the client is trying out, and since when.
        var probe: SocketLink?
        var probedSince = ContinuousClock.now
        /// Nothing more is put into the queue; once it is empty, the session is closed.
        var isFinishing = false
        var isClosed = false
        var isConnected = false
        /// Of messages that wait to be dealt with.
        var unansweredBytes = 0
        /// The client has asked over its new socket whether it works.
        var isProbed = false
        var pingedOn: ContinuousClock.Instant?
    }

    let id: String
    /// Messages from the client, in order; ends with the session. Whoever has dealt with one says so by `answered`.
    let messages: AsyncStream<String>
    private let inbox: AsyncStream<String>.Continuation
    private let onClose: @Sendable (String) -> Void
    private let state: Mutex<State>
    private let createdOn = ContinuousClock.now

    static let pingInterval = Duration.seconds(25)
    static let pingTimeout = Duration.seconds(20)
    /// The largest message from a client, and the largest body of a POST, in bytes.
    static let maximumPayload = 65_536
    private static let maximumQueued = 256 << 10
    private static let stall = Duration.seconds(20)
    /// How long a client may try a socket out.
    private static let probeTime = Duration.seconds(10)
    /// How long a client may take to say who it is.
    private static let connectTime = Duration.seconds(20)

    init(id: String, in place: LiveFeed.Place, onClose: @escaping @Sendable (String) -> Void) {
        self.id = id
        state = Mutex(State(place: place))
        self.onClose = onClose
        (messages, inbox) = AsyncStream.makeStream()
    }

    /// The first packet, which tells the client how to go on.
    func openPacket(canUpgrade: Bool) -> String {
        let facts: JSON = [
            "sid": .string(id), "upgrades": canUpgrade ? ["websocket"] : [],
            "pingInterval": .int(Self.pingInterval.components.seconds * 1000),
            "pingTimeout": .int(Self.pingTimeout.components.seconds * 1000), "maxPayload": JSON(Self.maximumPayload),
        ]
        return "0" + facts.text
    }

    // MARK: Sending

    /// Sends a message, as soon as there is room for it.
    /// - Throws: `CancellationError` when the session is closed.
    func send(_ message: String) async throws {
        while true {
            let hasRoom = state.withLock { state in
                state.isClosed || state.isFinishing || state.queue.isEmpty
                    || state.queuedBytes + message.utf8.count <= Self.maximumQueued
            }
            if hasRoom {
                guard enqueue("4" + message) else { throw CancellationError() }
                return
            }
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if state.isClosed || state.queue.isEmpty { return false }
                    state.roomWaiters.append(continuation)
                    return true
                }
                if !waits { continuation.resume() }
            }
        }
    }

    /// Sends a last message and then closes.
    func finish(_ message: String) {
        enqueue("4" + message)
        enqueue("1")
        let isEmpty = state.withLock { state in
            state.isFinishing = true
            return state.queue.isEmpty
        }
        if isEmpty { close() }
    }

    @discardableResult
    private func enqueue(_ packet: String) -> Bool {
        let (isOpen, poll, packets, socket) = state.withLock { state in
            if state.isClosed || state.isFinishing { return (false, Poll?.none, [String](), SocketLink?.none) }
            if state.queue.isEmpty { state.movedOn = .now }
            state.queue.append(packet)
            state.queuedBytes += packet.utf8.count
            let poll = state.poll
            state.poll = nil
            return (true, poll, poll == nil ? [] : state.takeAll(), state.socket)
        }
        poll?.resume(returning: packets)
        socket?.pump()
        return isOpen
    }

    /// The next packet for the WebSocket; nil when there is none.
    func nextPacket(for link: SocketLink) -> String? {
        let (packet, waiters, isOver) = state.withLock { state in
            guard link == state.socket, let packet = state.queue.popFirst() else {
                return (String?.none, [RoomWaiter](), state.isFinishing && link == state.socket)
            }
            state.queuedBytes -= packet.utf8.count
            state.movedOn = .now
            return (packet, state.takeRoomWaiters(), false)
        }
        for waiter in waiters { waiter.resume() }
        if isOver { close() }
        return packet
    }

    /// The packets for a poll: what is there, or else what comes next.
    /// - Throws: `Refusal` when another poll is waiting, which closes the session, or when polling is over.
    func poll() async throws(Refusal) -> [String] {
        let (isRefused, isDouble) = state.withLock { state in
            (state.isClosed || state.socket != nil, state.poll != nil)
        }
        if isRefused { throw Refusal(message: "This session is not polled any more") }
        if isDouble {
            close()
            throw Refusal(message: "Another poll of this session is waiting")
        }
        let packets = await withCheckedContinuation { (continuation: Poll) in
            let (isOver, packets, waiters) = state.withLock { state -> (Bool, [String], [RoomWaiter]) in
                if state.isClosed || state.poll != nil { return (true, [], []) }
                if state.queue.isEmpty {
                    if state.isProbed || state.socket != nil { return (false, ["6"], []) }
                    state.poll = continuation
                    return (false, [], [])
                }
                return (false, state.takeAll(), state.takeRoomWaiters())
            }
            for waiter in waiters { waiter.resume() }
            if isOver {
                continuation.resume(returning: nil)
            } else if !packets.isEmpty {
                continuation.resume(returning: packets)
            }
        }
        guard let packets else { throw Refusal(message: "This session is closed") }
        let isOver = state.withLock { $0.isFinishing && $0.queue.isEmpty }
        if isOver { close() }
        return packets
    }

    // MARK: Receiving

    /// A packet from the client.
    func receive(_ packet: Substring) {
        switch packet.first {
        case "4":
            let waiting = state.withLock { state in
                state.unansweredBytes += packet.utf8.count
                return state.unansweredBytes
            }
            // A client that sends much faster than it reads the answers is none that we know.
            if waiting > Self.maximumQueued { close() } else { inbox.yield(String(packet.dropFirst())) }
        case "3": state.withLock { $0.pingedOn = nil }
        case "6": break
        default: close()
        }
    }

    /// A message of the client has been dealt with.
    func answered(_ message: String) { state.withLock { $0.unansweredBytes -= message.utf8.count + 1 } }

    /// The client has said who it is.
    func setConnected() { state.withLock { $0.isConnected = true } }

    var isConnected: Bool { state.withLock { $0.isConnected } }

    // MARK: WebSockets

    /// A WebSocket that was opened for this session: the one transport from the start, or one to be tried out first.
    func attach(_ link: SocketLink, isUpgrade: Bool) {
        let isWelcome = state.withLock { state in
            if state.isClosed || state.socket != nil || state.probe != nil { return false }
            if isUpgrade {
                state.probe = link
                state.probedSince = .now
            } else {
                state.socket = link
            }
            return true
        }
        if !isWelcome { return link.close() }
        if !isUpgrade { enqueue(openPacket(canUpgrade: false)) }
    }

    func receive(_ text: String, from link: SocketLink) {
        let isCurrent = state.withLock { $0.socket == link }
        if isCurrent { return receive(text[...]) }
        switch text {
        case "2probe":
            link.send("3probe")
            // The poll that is waiting must end before the client can change over.
            let poll = state.withLock { state in
                let poll = state.poll
                state.poll = nil
                state.isProbed = true
                return poll
            }
            poll?.resume(returning: ["6"])
        case "5":
            let isUpgraded = state.withLock { state in
                guard state.probe == link, state.isProbed, !state.isClosed else { return false }
                state.probe = nil
                state.isProbed = false
                state.socket = link
                return true
            }
            if isUpgraded { link.pump() } else { link.close() }
        default: link.close()
        }
    }

    func closed(_ link: SocketLink) {
        let isCurrent = state.withLock { state in
            if state.probe == link {
                state.probe = nil
                state.isProbed = false
            }
            return state.socket == link
        }
        if isCurrent { close() }
    }

    // MARK: The end

    func close() {
        let (isFirst, poll, waiters, socket, probe) = state.withLock { state in
            let isFirst = !state.isClosed
            state.isClosed = true
            state.place = nil
            let poll = state.poll
            state.poll = nil
            state.queue = []
            let (socket, probe) = (state.socket, state.probe)
            state.socket = nil
            state.probe = nil
            return (isFirst, poll, state.takeRoomWaiters(), socket, probe)
        }
        guard isFirst else { return }
        poll?.resume(returning: nil)
        for waiter in waiters { waiter.resume() }
        socket?.close()
        probe?.close()
        inbox.finish()
        onClose(id)
    }

    /// Sends pings, and closes the session when the client is not there any more; runs as long as the session.
    func keepAlive() async {
        var lastPing = ContinuousClock.now
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            let now = ContinuousClock.now
            let (isClosed, isDead, idleProbe) = state.withLock { state in
                if state.queue.isEmpty { state.movedOn = now }
                let isLate = state.pingedOn.map { now - $0 > Self.pingTimeout } ?? false
                let isUnknown = !state.isConnected && now - createdOn > Self.connectTime
                let probe = now - state.probedSince > Self.probeTime ? state.probe : nil
                return (state.isClosed, isLate || isUnknown || now - state.movedOn > Self.stall, probe)
            }
            idleProbe?.close()
            if isClosed { return }
            if isDead { return close() }
            if now - lastPing >= Self.pingInterval {
                lastPing = now
                state.withLock { $0.pingedOn = $0.pingedOn ?? now }
                enqueue("2")
            }
        }
    }
}

extension EngineSession.State {
    fileprivate mutating func takeAll() -> [String] {
        let packets = Array(queue)
        queue.removeAll()
        queuedBytes = 0
        movedOn = .now
        return packets
    }

    fileprivate mutating func takeRoomWaiters() -> [EngineSession.RoomWaiter] {
        let waiters = roomWaiters
        roomWaiters = []
        return waiters
    }
}
