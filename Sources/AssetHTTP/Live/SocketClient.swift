import AssetCore
import Foundation
import OrderedCollections

/// A client of socket.io, protocol 5 (https://socket.io/docs/v4/socket-io-protocol/), in the default namespace (project
/// reference 10.6).
///
/// * The client connects with `{"JWT": token}`.
/// * It emits `init` with its cursors, as in `/sync/get`; the acknowledgement has what it has missed.
/// * From then on it gets `sync` with lists of items, and `authorization` with a new token when the old one grows old.
final class SocketClient {
    private let session: EngineSession
    private let service: AssetService
    private let tokens: TokenIssuer
    private var token: TokenIssuer.Verified?
    /// Nothing more is answered: the client has been refused.
    private var isOver = false
    /// Follows the feeds, or before `init` only whether the user is still there.
    private var follower: Task<Void, Never>?
    private var renewal: Task<Void, Never>?
    /// Ends the session of a client that was refused.
    private var ending: Task<Void, Never>?

    init(session: EngineSession, service: AssetService, tokens: TokenIssuer) {
        self.session = session
        self.service = service
        self.tokens = tokens
    }

    /// Answers the client, one message after the other, until the session ends.
    func run() async {
        for await message in session.messages {
            guard let packet = SocketPacket(parsing: message) else {
                session.close()
                break
            }
            do {
                try await receive(packet)
                session.answered(message)
            } catch {
                break
            }
        }
        follower?.cancel()
        renewal?.cancel()
        ending?.cancel()
    }

    private func receive(_ packet: SocketPacket) async throws {
        if isOver { return }
        switch packet.kind {
        case .connect where packet.namespace != "/":
            endSoon()
            try await session.send("4\(packet.namespace),{\"message\":\"Invalid namespace\"}")
        case .connect:
            // Once is enough.
            if token == nil { try await connect(packet.data) } else { session.close() }
        case .disconnect: if packet.namespace == "/" { session.close() }
        case .event:
            guard packet.namespace == "/", token != nil, case .array(let elements) = packet.data,
                case .string(let name) = elements.first
            else { return session.close() }
            let argument = elements.dropFirst().first ?? .null
            let answer = await answer(name, argument)
            if let id = packet.id { try await session.send("3\(id)[\(answer.json.text)]") }
            if let follow = answer.follow { await startFollowing(follow) }
        case .ack: break
        }
    }

    private func connect(_ data: JSON) async throws {
        guard let text = data[key: "JWT"]?.stringValue, let verified = try? await tokens.verify("Bearer \(text)"),
            (try? await service.user(verified.user)) != nil
        else {
            isOver = true
            endSoon()
            return try await session.send("4{\"message\":\"Permission denied\"}")
        }
        token = verified
        session.setConnected()
        let id = Secrets.hex(Secrets.randomBytes(16))
        try await session.send("0{\"sid\":\"\(id)\"}")
        scheduleRenewal(verified)
        await startFollowing(nil)
    }

    /// Ends the session unless the client is connected by then, or has ended it itself. At once would be too early: that may meet the
    /// client's own end, and python-socketio then waits for half a minute. Never would be too late: over polling, the same client at
    /// times only waits for the server.
    private func endSoon() {
        ending?.cancel()
        ending = Task { [session] in
            try? await Task.sleep(for: .seconds(1))
            if !Task.isCancelled, !session.isConnected { session.close() }
        }
    }

    // MARK: Events of the client

    private struct Answer {
        let json: JSON
        var follow: FeedFollower?

        init(_ error: AssetError) { json = ["success": false, "result": RPCErrors.result(of: error)] }

        init(result: JSON, follow: FeedFollower? = nil) {
            json = ["success": true, "result": result]
            self.follow = follow
        }
    }

    private func answer(_ event: String, _ argument: JSON) async -> Answer {
        do {
            switch event {
            case "init": return try await initialize(argument)
            case "authorization": return try await authorize(argument)
            default: throw AssetError(.notImplemented, "Not implemented")
            }
        } catch {
            return Answer(AssetError(web: error))
        }
    }

    private func initialize(_ argument: JSON) async throws -> Answer {
        guard let user = token?.user, argument.objectValue != nil else {
            throw AssetError.badParameter("init", "Expected an object")
        }
        let project = try FeedParameters.project(argument)
        let caller: Caller? = if let project { try await service.caller(user, in: project) } else { nil }
        let heads = try await service.cursors(of: caller)
        var position = FeedPosition(
            global: try FeedParameters.cursor(argument, "cc_cursor") ?? heads.global,
            project: try FeedParameters.cursor(argument, "cursor") ?? heads.project ?? 0)
        let page = try await service.changes(
            for: try await service.user(user), globalCursor: position.global,
            project: caller.map { ($0, position.project) })
        position.advance(over: page.items)
        var result: OrderedDictionary<String, JSON> = [
            "sync": .array(page.items.map(RPCModels.feedItem)), "cc.cursor": .int(position.global),
        ]
        if caller != nil { result["cursor"] = .int(position.project) }
        if page.hasMore { result["warning"] = "more data available" }
        // What the follower before this one still sends must not come behind the answer.
        follower?.cancel()
        await follower?.value
        return Answer(
            result: .object(result), follow: FeedFollower(service, user: user, project: project, from: position))
    }

    private func authorize(_ argument: JSON) async throws -> Answer {
        let verified = try await tokens.verify((argument[key: "JWT"]?.stringValue).map { "Bearer \($0)" })
        // Also a good one of another user is none.
        guard verified.user == token?.user else { throw AssetError(.unauthenticated, "Permission denied") }
        _ = try await service.user(verified.user)
        token = verified
        scheduleRenewal(verified)
        return Answer(result: .emptyObject)
    }

    // MARK: Events of the server

    /// - Parameter follower: nil before `init`.
    private func startFollowing(_ follower: FeedFollower?) async {
        guard let user = token?.user else { return }
        self.follower = Task { [session, service] in
            do {
                if var follower {
                    while true {
                        let items = try await follower.next()
                        let list = JSON.array(items.map(RPCModels.feedItem)).text
                        try await session.send("2[\"sync\",\(list)]")
                    }
                }
                let signal = service.catalog.feedSignal
                while !signal.isClosed, !Task.isCancelled {
                    let seen = signal.generation(of: nil)
                    _ = try await service.user(user)
                    await signal.wait(for: nil, after: seen)
                }
            } catch is CancellationError where Task.isCancelled {
                return
            } catch let error as AssetError where error.code == .forbidden || error.code == .unauthenticated {
                // The user has lost the right to it.
                session.finish("1")
            } catch {
                // A client that hears nothing more must not stay: it comes back with its cursors.
                session.close()
            }
        }
    }

    private func scheduleRenewal(_ verified: TokenIssuer.Verified) {
        renewal?.cancel()
        renewal = Task { [session, tokens] in
            do {
                var verified = verified
                while true {
                    let fresh = try await tokens.renewed(verified)
                    if fresh != verified.text {
                        try await session.send("2[\"authorization\",\((["JWT": .string(fresh)] as JSON).text)]")
                        verified = try await tokens.verify("Bearer \(fresh)")
                    }
                    try await Task.sleep(for: .seconds(60))
                }
            } catch {
                // The session is over, or the next look finds out that the user is gone.
            }
        }
    }
}
