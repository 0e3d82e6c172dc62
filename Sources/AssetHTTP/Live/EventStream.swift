import AssetCore
import HTTPTypes
import Hummingbird
import NIOCore
import OrderedCollections

/// `/sync/events`: the feed as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), an extension of
/// project reference 10.
///
/// The first event, `init`, tells the cursors from which it begins. Each `sync` event has a list of items, as `/sync/get` answers
/// them. The id of an event is both cursors behind it, as `<global>-<project>`.
struct EventStream: Sendable {
    let service: AssetService
    let tokens: TokenIssuer
    let live: LiveFeed

    private static let keepAlive = Duration.seconds(15)
    /// Who takes nothing for so long is cut off.
    private static let stall = TimeAmount.seconds(20)

    func mount(in routes: inout RouteTable) {
        routes.mount("/sync/events", [.get: { request, context in try await answer(request, context) }])
    }

    private func answer(_ request: Request, _ context: AppContext) async throws -> Response {
        let user = try await service.user(try await tokens.verify(request.headers[.authorization]).user)
        var project: GID?
        if let text = request.uri.queryParameters["project"] {
            guard let gid = GID(String(text)) else { throw AssetError.badParameter("project", "Expected a gid") }
            project = gid
        }
        let caller: Caller? = if let project { try await service.caller(user.gid, in: project) } else { nil }
        try caller?.require(.read)
        let heads = try await service.cursors(of: caller)
        var position = FeedPosition(
            global: try Self.cursor("cc_cursor", request) ?? heads.global,
            project: try Self.cursor("cursor", request) ?? heads.project ?? 0)
        if let last = request.headers[.lastEventID] {
            guard let known = FeedPosition(eventID: last) else {
                throw AssetError.badParameter("Last-Event-ID", "Expected two numbers, such as 12-345")
            }
            position = known
        }
        if caller == nil { position.project = 0 }
        let place = try live.enter()
        let follower = FeedFollower(service, user: user.gid, project: project, from: position)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                // nginx would keep events back until there are some kilobytes.
                .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                defer { withExtendedLifetime(place) {} }
                var follower = follower
                try await writer.write(Self.begin(follower.position, hasProject: caller != nil))
                do {
                    while true {
                        let now = follower
                        let (next, items) = try await context.whilePresent {
                            var next = now
                            let items = try await next.next(timeout: Self.keepAlive)
                            return (next, items)
                        }
                        follower = next
                        let channel = context.channel
                        let end = channel.eventLoop.scheduleTask(in: Self.stall) { channel.close(promise: nil) }
                        defer { end.cancel() }
                        try await writer.write(
                            items.isEmpty ? ByteBuffer(string: ": keep-alive\n\n") : Self.event(items, next.position))
                    }
                } catch is ClientLeft {
                    return
                } catch is AssetError {
                    // The user has lost the right to it, or the server stops: the client finds out when it asks again.
                }
                try await writer.finish(nil)
            })
    }

    private static func begin(_ position: FeedPosition, hasProject: Bool) -> ByteBuffer {
        var cursors: OrderedDictionary<String, JSON> = ["cc.cursor": .int(position.global)]
        if hasProject { cursors["cursor"] = .int(position.project) }
        return ByteBuffer(
            string: "retry: 2000\nevent: init\nid: \(position.eventID)\ndata: \(JSON.object(cursors).text)\n\n")
    }

    private static func event(_ items: [FeedItem], _ position: FeedPosition) -> ByteBuffer {
        let list = JSON.array(items.map(RPCModels.feedItem)).text
        return ByteBuffer(string: "event: sync\nid: \(position.eventID)\ndata: \(list)\n\n")
    }

    private static func cursor(_ name: String, _ request: Request) throws(AssetError) -> Int64? {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let cursor = Int64(digits: String(text)) else {
            throw .badParameter(name, "Expected a whole number from 0 on")
        }
        return cursor
    }
}

extension FeedPosition {
    fileprivate var eventID: String { "\(global)-\(project)" }

    fileprivate init?(eventID: String) {
        let parts = eventID.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let global = Int64(digits: String(parts[0])),
            let project = Int64(digits: String(parts[1]))
        else { return nil }
        self.init(global: global, project: project)
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
    fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
