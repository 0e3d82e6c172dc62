import AssetCore
import HTTPTypes
import Hummingbird
import NIOCore

/// `/sync/io`: Engine.IO below socket.io (project reference 10.6).
struct EngineRoutes: Sendable {
    let service: AssetService
    let tokens: TokenIssuer
    let live: LiveFeed

    /// The errors of Engine.IO.
    private enum Failure: Error {
        case unknownTransport, unknownSession, wrongMethod
        case refused(String)
        case tooLarge, tooMany, unsupportedVersion

        var answer: (status: HTTPResponse.Status, code: Int64, message: String) {
            switch self {
            case .unknownTransport: (.badRequest, 0, "Transport unknown")
            case .unknownSession: (.badRequest, 1, "Session ID unknown")
            case .wrongMethod: (.badRequest, 2, "Bad handshake method")
            case .refused(let reason): (.badRequest, 3, "Bad request: \(reason)")
            case .tooLarge:
                (.contentTooLarge, 3, "Bad request: More than \(EngineSession.maximumPayload) bytes")
            case .tooMany: (.serviceUnavailable, 4, "Too many connections")
            case .unsupportedVersion: (.badRequest, 5, "Unsupported protocol version")
            }
        }
    }

    func mount(in routes: inout RouteTable) {
        routes.mount(
            "/sync/io",
            [
                .get: { request, context in try await answering { try await get(request, context) } },
                .post: { request, _ in try await answering { try await post(request) } },
            ])
    }

    private func answering(_ body: () async throws -> Response) async throws -> Response {
        do {
            return try await body()
        } catch let failure as Failure {
            let answer = failure.answer
            return Response(
                status: answer.status, json: ["code": .int(answer.code), "message": .string(answer.message)],
                headers: [.cacheControl: "no-store"])
        }
    }

    private func get(_ request: Request, _ context: AppContext) async throws -> Response {
        let isSocket = try isSocket(request)
        let known = try session(request)
        if isSocket { return try await socket(known, request, context) }
        guard let known else {
            let session = try makeSession()
            return text(session.openPacket(canUpgrade: true))
        }
        do {
            // What is handed to a client that has left would be lost: it has to begin anew, and catches up by its cursors.
            let packets = try await context.whilePresent {
                try await withTaskCancellationHandler {
                    try await known.poll()
                } onCancel: {
                    known.close()
                }
            }
            return text(packets.joined(separator: "\u{1e}"))
        } catch let refusal as EngineSession.Refusal {
            throw Failure.refused(refusal.message)
        }
    }

    private func post(_ request: Request) async throws -> Response {
        guard try !isSocket(request) else { throw Failure.refused("A WebSocket is opened with GET") }
        guard let session = try session(request) else { throw Failure.wrongMethod }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: EngineSession.maximumPayload)
        } catch is NIOTooManyBytesError {
            throw Failure.tooLarge
        }
        guard let payload = String(validating: body.readableBytesView, as: UTF8.self) else {
            session.close()
            throw Failure.refused("The body is not UTF-8")
        }
        for packet in payload.split(separator: "\u{1e}", omittingEmptySubsequences: false) { session.receive(packet) }
        return text("ok")
    }

    private func socket(
        _ known: EngineSession?, _ request: Request, _ context: AppContext
    ) async throws -> Response {
        let session = try known ?? makeSession()
        do {
            try await WebSocketUpgrade.run(request, on: context.channel, for: session) { link in
                session.attach(link, isUpgrade: known != nil)
            }
        } catch {
            // A session that was made for this socket is of no use without it.
            if known == nil { session.close() }
            guard let error = error as? AssetError else { throw error }
            throw Failure.refused(error.message)
        }
        // Goes nowhere: the connection is closed.
        return Response(status: .switchingProtocols)
    }

    private func isSocket(_ request: Request) throws(Failure) -> Bool {
        let parameters = request.uri.queryParameters
        guard let transport = parameters["transport"], ["polling", "websocket"].contains(transport) else {
            throw .unknownTransport
        }
        guard parameters["EIO"] == "4" else { throw .unsupportedVersion }
        return transport == "websocket"
    }

    private func session(_ request: Request) throws(Failure) -> EngineSession? {
        guard let id = request.uri.queryParameters["sid"] else { return nil }
        guard let session = live.session(String(id)) else { throw .unknownSession }
        return session
    }

    private func makeSession() throws(Failure) -> EngineSession {
        guard let session = try? live.makeSession() else { throw .tooMany }
        // Both end with the session.
        Task { await session.keepAlive() }
        Task { await SocketClient(session: session, service: service, tokens: tokens).run() }
        return session
    }

    private func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
