import AssetCore
import OrderedCollections

/// The calls below `/sync/` (project reference 10).
enum RPCSync {
    static let calls: [String: RPCEntry] = [
        "get": RPCEntry(.user) { call in
            let user = try call.requireUser()
            let global = try cursor(call, "cc_cursor")
            var project: (caller: Caller, cursor: Int64)?
            if call.value("project") != nil {
                let caller = try await call.service.caller(user.gid, in: try call.gid("project"))
                project = (caller, try cursor(call, "cursor"))
            }
            var page = try await call.service.changes(for: user, globalCursor: global, project: project)
            let wait = min(try call.integer("wait", default: 0, in: 0...), FeedParameters.maximumWait)
            if page.items.isEmpty, wait > 0 {
                let place = try call.live.enter()
                defer { withExtendedLifetime(place) {} }
                let start = FeedFollower(
                    call.service, user: user.gid, project: project?.caller.project.gid,
                    from: FeedPosition(global: global, project: project?.cursor ?? 0))
                do {
                    _ = try await call.context.whilePresent {
                        var follower = start
                        return try await follower.next(timeout: .seconds(wait))
                    }
                    page = try await call.service.changes(for: user, globalCursor: global, project: project)
                } catch is ClientLeft {
                    // As if the time had passed.
                }
            }
            var reply = RPCReply(["sync": .array(page.items.map(RPCModels.feedItem))])
            if page.hasMore { reply.result["warning"] = "more data available" }
            return reply
        },
        "cursors": RPCEntry(.user) { call in
            let user = try call.requireUser()
            var caller: Caller?
            if call.value("project") != nil {
                caller = try await call.service.caller(user.gid, in: try call.gid("project"))
            }
            let cursors = try await call.service.cursors(of: caller)
            var reply = RPCReply(["cc.cursor": .int(cursors.global)])
            if let cursor = cursors.project { reply.result["cursor"] = .int(cursor) }
            return reply
        },
    ]

    private static func cursor(_ call: RPCCall, _ name: String) throws -> Int64 {
        guard call.value(name) != nil else { throw AssetError.badParameter(name, "This parameter is required") }
        return Int64(try call.integer(name, default: 0, in: 0...))
    }
}
