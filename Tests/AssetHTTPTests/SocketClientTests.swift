import AssetCore
import AssetTesting
import Testing

@testable import AssetHTTP

/// Sessions of socket.io below their transports.
struct SocketClientTests {
    private struct Connection {
        let test: TestService
        let tokens: TokenIssuer
        let live: LiveFeed
        let session: EngineSession

        init(maximum: Int = 1) async throws {
            test = try await TestService.make()
            tokens = TokenIssuer(service: test.service)
            live = LiveFeed(service: test.service, maximum: maximum)
            session = try live.makeSession()
            Task { [session, test, tokens] in
                await SocketClient(session: session, service: test.service, tokens: tokens).run()
            }
        }

        /// Polls until a packet begins like this.
        func packet(_ beginning: String) async throws -> String {
            while true {
                for packet in try await session.poll() where packet.hasPrefix(beginning) { return packet }
            }
        }
    }

    @Test func `a token that has grown old is replaced over the connection`() async throws {
        let connection = try await Connection()
        let user = try await connection.test.caller().user
        let old = try await connection.tokens.issue(for: user.gid)
        connection.test.clock.advance(seconds: 3 * 3600)
        connection.session.receive("40{\"JWT\":\"\(old)\"}")
        let packet = try await connection.packet("42[\"authorization\",")
        let json = try JSON(parsing: String(packet.dropFirst(2)))
        let fresh = try #require(json.arrayValue?.last?[key: "JWT"]?.stringValue)
        #expect(fresh != old)
        connection.test.clock.advance(seconds: 2 * 3600)
        #expect(try await connection.tokens.verify("Bearer \(fresh)").user == user.gid)
        await #expect(throws: AssetError.self) { try await connection.tokens.verify("Bearer \(old)") }
        connection.session.close()
    }

    @Test func `who is refused may end the session, hears nothing more, and is cut off`() async throws {
        for connect in ["0{\"JWT\":\"wrong\"}", "0/admin,{}"] {
            let connection = try await Connection()
            let session = connection.session
            session.receive("4" + connect)
            #expect(try await connection.packet("44").hasSuffix("}"))
            session.receive("420[\"init\",{}]")
            if connect.hasPrefix("0{") {
                try await session.send("behind it")
                #expect(try await session.poll() == ["4behind it"])
            }
            await #expect(throws: EngineSession.Refusal.self) { try await session.poll() }
            #expect(connection.live.session(session.id) == nil)
        }
    }

    @Test func `a wrong namespace does not end the session of a client that also has the right one`() async throws {
        let connection = try await Connection(maximum: 2)
        let session = connection.session
        let token = try await connection.tokens.issue(for: try await connection.test.caller().user.gid)
        session.receive("40/admin,{}")
        #expect(try await connection.packet("44") == "44/admin,{\"message\":\"Invalid namespace\"}")
        session.receive("40{\"JWT\":\"\(token)\"}")
        _ = try await connection.packet("40{")
        // By the end of a later one that does not, its own time is over too.
        let other = try connection.live.makeSession()
        Task { await SocketClient(session: other, service: connection.test.service, tokens: connection.tokens).run() }
        other.receive("40/admin,{}")
        while (try? await other.poll()) != nil {}
        session.receive("420[\"other\"]")
        #expect(try await connection.packet("430").contains("501"))
        session.close()
    }

    @Test func `who sends waits while the client takes nothing, and goes on when it does`() async throws {
        let connection = try await Connection()
        let session = connection.session
        let message = "2" + String(repeating: "x", count: 100_000)
        let sender = Task {
            var sent = 0
            while sent < 8 {
                try await session.send(message)
                sent += 1
            }
            return sent
        }
        var received = 0
        while received < 8 {
            let packets = try await session.poll()
            // Not much more than a quarter of a megabyte waits.
            #expect(packets.count <= 3)
            received += packets.count
        }
        #expect(try await sender.value == 8)
        session.close()
        await #expect(throws: CancellationError.self) { try await session.send("2") }
    }

    @Test func `a closed session lets go whoever waits, and gives its place back`() async throws {
        let connection = try await Connection()
        let session = connection.session
        #expect(throws: AssetError.self) { try connection.live.makeSession() }
        let poll = Task { try await session.poll() }
        let full = Task { while true { try await session.send(String(repeating: "x", count: 200_000)) } }
        session.close()
        await #expect(throws: (any Error).self) { try await full.value }
        _ = await poll.result
        await #expect(throws: EngineSession.Refusal.self) { try await session.poll() }
        #expect(connection.live.session(session.id) == nil)
        _ = try connection.live.makeSession()
    }

    @Test func `when the server stops, all sessions are closed and none is opened`() async throws {
        let connection = try await Connection(maximum: 5)
        connection.live.stop()
        await #expect(throws: EngineSession.Refusal.self) { try await connection.session.poll() }
        #expect(throws: AssetError.self) { try connection.live.makeSession() }
    }
}
