import AssetCore
import OrderedCollections

/// The objects of the project dialect as JSON (project reference 2).
enum RPCModels {
    /// The version of the dialect that clients are told: asset metadata, and no features of records (1.11).
    static let version: JSON = "2026.04.002"

    static func assets(_ assets: [LocatedAsset], in project: Project) -> JSON {
        AssetWriter.object(of: assets, in: project)
    }

    static func user(_ user: User, isComplete: Bool) -> JSON {
        var members: OrderedDictionary<String, JSON> = ["gid": JSON(user.gid), "username": JSON(user.username)]
        if isComplete { members["email"] = JSON(user.email) }
        members["name"] = .string(user.name)
        members["avatar"] = JSON(user.avatar)
        members["status"] = user.isActive ? "active" : "deactivated"
        if isComplete { members["options"] = ["language": "en", "timezone": .string(user.timezone)] }
        return .object(members)
    }

    static func users(_ users: [User], seenBy viewer: User) -> JSON {
        .object(
            OrderedDictionary(
                users.map { ($0.gid.description, user($0, isComplete: $0.gid == viewer.gid)) },
                uniquingKeysWith: { first, _ in first }))
    }

    static func shortProject(_ project: Project) -> JSON {
        [
            "gid": JSON(project.gid), "name": .string(project.name), "icon": JSON(project.icon),
            "owner": JSON(project.owner), "status": project.isActive ? "active" : "deleted",
        ]
    }

    /// The complete form, for members. Channels, orderings and fieldlists belong to records: a fixed one of each, because
    /// clients index them, and those that were made beside it.
    static func project(_ details: ProjectDetails) -> JSON {
        let project = details.project
        var members = shortProject(project).objectValue ?? [:]
        func options(_ kind: RecordOption.Kind, _ first: [(String, String)]) -> [(String, String)] {
            let main = (project.gid.derived(kind.number).description, "Main \(kind.rawValue)")
            return first + [main] + details.options.filter { $0.kind == kind }.map { ($0.gid.description, $0.name) }
        }
        let channels = options(.channel, [("__all__", "[all records]")])
        let orderings = options(.ordering, [])
        let fieldlists = options(.fieldlist, [])
        members["options"] = [
            "timezone": .string(project.timezone),
            "languages": .array(project.languages.map(JSON.string)),
            "channels": names(channels), "orderings": names(orderings), "fieldlists": names(fieldlists),
            "imageserver": ["type": "ccdam", "options": .emptyObject],
            "orderedchannels": order(channels), "orderedorderings": order(orderings),
            "orderedfieldlists": order(fieldlists),
        ]
        members["backups"] = [
            "versions": .array(details.backups.backups.map(backup)),
            "next_version": .int(details.backups.nextVersion),
        ]
        members["build"] = 1
        return .object(members)
    }

    private static func names(_ options: [(String, String)]) -> JSON {
        .object(OrderedDictionary(options.map { ($0.0, .string($0.1)) }, uniquingKeysWith: { first, _ in first }))
    }

    private static func order(_ options: [(String, String)]) -> JSON { .array(options.map { .string($0.0) }) }

    private static func backup(_ backup: Backup) -> JSON {
        [
            "version": .int(backup.version), "name": .string(backup.name), "created_by": .string(backup.createdBy),
            "timestamp": .double(backup.createdOn.seconds),
        ]
    }

    static func queries(_ queries: [SavedQuery]) -> JSON {
        .object(
            OrderedDictionary(
                queries.map { query in
                    (
                        query.gid.description,
                        [
                            "gid": JSON(query.gid), "type": .string(query.kind.rawValue), "name": .string(query.name),
                            "q": .string(query.q), "filter": query.filter,
                        ]
                    )
                }, uniquingKeysWith: { first, _ in first }))
    }

    /// A version of a file: our own addition.
    static func version(_ version: FileVersion) -> JSON {
        [
            "version": .int(version.version), "type": JSON(version.content.type),
            "filesize": .int(version.content.size), "info": version.content.info,
            "replaced_on": version.replacedOn.map { .double($0.seconds) } ?? .null,
        ]
    }

    /// A job as our own calls show it: what the feed shows, with token and user.
    static func job(_ overview: JobOverview, in project: Project) -> JSON {
        let job = overview.job
        return [
            "token": JSON(job.token), "project_gid": JSON(project.gid), "job": .string(job.kind.rawValue),
            "user": overview.user.map { JSON($0) } ?? .null, "status": .string(job.status.rawValue), "info": job.info,
            "can_undo": .bool(job.status == .done && job.kind.canBeUndone),
            "created_on": .double(job.createdOn.seconds), "updated_on": .double(job.updatedOn.seconds),
        ]
    }

    static func member(_ member: Member) -> JSON {
        [
            "project_gid": JSON(member.projectGID), "user_gid": JSON(member.user.gid),
            "status": .string(member.status.rawValue), "roles": [.string(member.role.rawValue)],
            // There is no mail; clients read the keys.
            "options": [
                "notifications": ["email": nil, "events": ["all"], "frequency": "immediate"],
                "rate_limit_per_second": nil,
            ],
        ]
    }

    /// An invitation gives no role yet.
    static func roles(_ members: [Member]) -> JSON {
        .object(
            OrderedDictionary(
                members.filter { $0.status == .active }.map {
                    ($0.projectGID.description, [.string($0.role.rawValue)])
                },
                uniquingKeysWith: { first, _ in first }))
    }

    static func feedItem(_ item: FeedItem) -> JSON {
        switch item {
        case .global(let change):
            var members: OrderedDictionary<String, JSON> = [
                "type": "cc", "cursor": .int(change.cursor), "action": .string(change.action.wireName),
                "data_type": .string(change.dataType.rawValue), "data_key": .string(change.key),
            ]
            if let data = change.data { members["data"] = data }
            return .object(members)
        case .project(let change):
            return [
                "type": "project", "cursor": .int(change.cursor), "action": .string(change.action.wireName),
                "data_type": .string(change.dataType.wireName), "data_key": JSON(change.key),
            ]
        }
    }

    static let languages: JSON = .object(
        OrderedDictionary(uniqueKeysWithValues: Languages.names.map { ($0.code, .string($0.name)) }))
}

extension RecordOption.Kind {
    /// Tells the gids of a project's fixed options apart: each is the project's own gid with this in its last byte, so that it
    /// never changes.
    fileprivate var number: UInt8 {
        switch self {
        case .channel: 1
        case .ordering: 2
        case .fieldlist: 3
        }
    }
}

extension GID {
    fileprivate func derived(_ number: UInt8) -> GID {
        var bytes = self.bytes
        bytes[15] ^= number
        return GID(bytes: bytes) ?? self
    }
}
