import AssetCore
import OrderedCollections

/// The calls on selections, and those on the jobs that carry them out (project reference 5.18, 9; docs/project-dialect.md).
enum RPCBulk {
    static let calls: [String: RPCEntry] = [
        "assets/bulk/get": RPCEntry(.member) { call in try await get(call) },
        "assets/bulk/delete": RPCEntry(.member) { call in
            try await run(.bulkDelete, call) { try await $0.service.bulkDelete($1, $0.value("selection")) }
        },
        "assets/bulk/undelete": RPCEntry(.member) { call in
            try await run(.bulkUndelete, call) { try await $0.service.bulkUndelete($1, $0.value("selection")) }
        },
        "assets/bulk/permanent_delete": RPCEntry(.member) { call in
            try await run(.bulkPermanentDelete, call) {
                try await $0.service.bulkPermanentDelete($1, $0.value("selection"))
            }
        },
        "assets/bulk/move": RPCEntry(.member) { call in
            let parent = try call.gid("parent")
            return try await run(.bulkMove, call, parent: parent) {
                try await $0.service.bulkMove($1, $0.value("selection"), to: parent)
            }
        },
        "jobs/list": RPCEntry(.member) { call in
            let (jobs, total) = try await call.service.jobs(
                try call.requireCaller(), top: try call.pageTop(), size: try call.pageSize(default: 20))
            let project = try call.requireCaller().project
            return RPCReply(["jobs": .array(jobs.map { RPCModels.job($0, in: project) }), "jobs.size": .int(total)])
        },
        "jobs/get": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let job = try await call.service.job(caller, try call.gid("job"))
            return RPCReply(["job": RPCModels.job(job, in: caller.project)])
        },
        "jobs/errors": RPCEntry(.member) { call in
            let (failures, total) = try await call.service.failures(
                try call.requireCaller(), of: try call.gid("job"), top: try call.pageTop(),
                size: try call.pageSize(default: 100))
            let errors = failures.map { ["asset": JSON($0.asset), "reason": .string($0.reason)] as JSON }
            return RPCReply(["errors": .array(errors), "errors.size": .int(total)])
        },
        "jobs/cancel": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let job = try await call.service.cancelJob(caller, try call.gid("job"))
            return RPCReply(["job": RPCModels.job(job, in: caller.project)])
        },
        "jobs/undo": RPCEntry(.member) { call in
            RPCReply([
                "job.token": JSON(try await call.service.undoJob(try call.requireCaller(), try call.gid("job")))
            ])
        },
    ]

    /// Starts the job, or only counts what it would do.
    private static func run(
        _ kind: Job.Kind, _ call: RPCCall, parent: GID? = nil, _ start: (RPCCall, Caller) async throws -> GID
    ) async throws -> RPCReply {
        let caller = try call.requireCaller()
        guard try call.flag("dry_run") else { return RPCReply(["job.token": JSON(try await start(call, caller))]) }
        let result = try await call.service.dryRun(kind, caller, call.value("selection"), to: parent)
        return RPCReply([
            "dry_run": true, "total": .int(result.succeeded + result.failed), "succeeded": .int(result.succeeded),
            "failed": .int(result.failed), "reasons": .object(result.failures.mapValues(JSON.int)),
        ])
    }

    private static func get(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        var cursor: String?
        if let value = call.value("page.cursor") {
            guard let text = value.stringValue else {
                throw AssetError.badSelection("'page.cursor' is not one of ours")
            }
            cursor = text
        }
        let page = try await call.service.bulkGet(
            caller, try Selection(parsing: call.value("selection")), cursor: cursor,
            size: try call.pageSize(default: 100))
        var reply = RPCAssets.list(["assets"], AssetPage(assets: page.assets, total: page.total), caller)
        reply.result["page.cursor"] = JSON(page.cursor)
        return reply
    }
}
