import AssetCore
import OrderedCollections

/// The calls on a project's languages, channels, orderings, fieldlists and backups (project reference 4.4, 4.6).
enum RPCSettings {
    static let calls: [String: RPCEntry] = options.merging(languagesAndBackups) { first, _ in first }

    private static let languagesAndBackups: [String: RPCEntry] = [
        "languages/add": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return try await reply(to: try await call.service.addLanguage(caller, try language(call)), call)
        },
        "languages/remove": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return try await reply(to: try await call.service.removeLanguage(caller, try language(call)), call)
        },
        "backups/create": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let (backup, job) = try await call.service.createBackup(
                caller, createdBy: try call.string("created_by"), name: try call.optionalString("name"))
            var reply = try await project(caller.project, call)
            reply.result["version"] = .int(backup.version)
            reply.result["last_backed_up"] = .double(backup.createdOn.seconds)
            reply.result["job.token"] = JSON(job)
            return reply
        },
        "backups/update": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let version = Int64(try call.integer("version", in: 0...))
            try await call.service.renameBackup(caller, version: version, to: try call.string("name"))
            var reply = try await project(caller.project, call)
            reply.result["version"] = .int(version)
            return reply
        },
        "backups/restore": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let version = Int64(try call.integer("version", in: 0...))
            let (backup, job) = try await call.service.restoreBackup(caller, version: version)
            return RPCReply([
                "project": JSON(caller.project.gid), "version": .int(version),
                "last_restored": .double(backup.createdOn.seconds), "job.token": JSON(job),
            ])
        },
        "backups/delete": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let versions =
                call.value("version") == nil
                ? try call.integers("versions", in: 0...) : [try call.integer("version", in: 0...)]
            try await call.service.deleteBackups(caller, versions: versions.map(Int64.init))
            return try await project(caller.project, call)
        },
    ]

    /// Channels, orderings and fieldlists are all made and deleted alike.
    private static let options: [String: RPCEntry] = {
        var calls: [String: RPCEntry] = [:]
        for kind in RecordOption.Kind.allCases {
            calls["\(kind.rawValue)s/create"] = RPCEntry(.member) { call in
                let caller = try call.requireCaller()
                let gid = try await call.service.createRecordOption(caller, kind, name: try call.name())
                var reply = try await project(caller.project, call)
                reply.result[kind.rawValue] = JSON(gid)
                return reply
            }
            calls["\(kind.rawValue)s/delete"] = RPCEntry(.member) { call in
                let caller = try call.requireCaller()
                try await call.service.deleteRecordOption(caller, kind, try call.gid(kind.rawValue))
                return try await project(caller.project, call)
            }
        }
        return calls
    }()

    private static func language(_ call: RPCCall) throws(AssetError) -> String {
        try call.string("language").lowercased()
    }

    private static func reply(to change: (project: Project, job: GID?), _ call: RPCCall) async throws -> RPCReply {
        var reply = try await project(change.project, call)
        if let job = change.job { reply.result["job.token"] = JSON(job) }
        return reply
    }

    /// The project as it is now, complete.
    static func project(_ project: Project, _ call: RPCCall) async throws -> RPCReply {
        let details = try await call.service.details(of: project)
        return RPCReply(
            ["project": JSON(project.gid)],
            data: ["cc.projects": .object([project.gid.description: RPCModels.project(details)])])
    }
}
