import AssetCore
import OrderedCollections

/// The objects of the project dialect as JSON (project reference 2).
enum RPCModels {
    /// The version of the dialect that clients are told: asset metadata, and no features of records (1.11).
    static let version: JSON = "2026.04.002"

    static func asset(_ located: LocatedAsset, in project: Project) -> JSON {
        let asset = located.asset
        return [
            "gid": JSON(asset.gid),
            "pathname": .string(located.pathname),
            "path": .string(located.path),
            "name": .string(asset.name),
            "is_file": .bool(asset.isFile),
            "type": JSON(asset.content?.type),
            "childcount": .int(asset.fileCount + asset.folderCount),
            "status": .string(asset.status.rawValue),
            "version": .int(asset.version),
            "info": asset.content?.info ?? [
                "filecount": .int(asset.fileCount), "foldercount": .int(asset.folderCount),
            ],
            "transforms": asset.transforms,
            "title": localized(asset.title, in: project),
            "description": localized(asset.description, in: project),
            "metadata": asset.metadata,
            "created_on": .double(asset.createdOn.seconds),
            "updated_on": .double(asset.updatedOn.seconds),
        ]
    }

    static func assets(_ assets: [LocatedAsset], in project: Project) -> JSON {
        var members: OrderedDictionary<String, JSON> = [:]
        members.reserveCapacity(assets.count)
        for located in assets { members[located.asset.gid.description] = asset(located, in: project) }
        return .object(members)
    }

    /// A key for every language of the project; what is empty is "" (1.7).
    private static func localized(_ text: LocalizedText, in project: Project) -> JSON {
        .object(
            OrderedDictionary(
                project.languages.map { ($0, .string(text[$0] ?? "")) }, uniquingKeysWith: { first, _ in first }))
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

    /// The complete form, for members. Channels, orderings and fieldlists belong to records: one fixed default each, because
    /// clients index them.
    static func project(_ project: Project) -> JSON {
        var members = shortProject(project).objectValue ?? [:]
        let fixed = FixedRecordOptions(project: project.gid)
        members["options"] = [
            "timezone": .string(project.timezone),
            "languages": .array(project.languages.map(JSON.string)),
            "channels": .object(["__all__": "[all records]", fixed.channel.description: "Main channel"]),
            "orderings": .object([fixed.ordering.description: "Main ordering"]),
            "fieldlists": .object([fixed.fieldlist.description: "Main fieldlist"]),
            "imageserver": ["type": "ccdam", "options": .emptyObject],
            "orderedchannels": ["__all__", JSON(fixed.channel)],
            "orderedorderings": [JSON(fixed.ordering)],
            "orderedfieldlists": [JSON(fixed.fieldlist)],
        ]
        members["backups"] = ["versions": [], "next_version": 1]
        members["build"] = 1
        return .object(members)
    }

    static func member(_ member: Member) -> JSON {
        [
            "project_gid": JSON(member.projectGID), "user_gid": JSON(member.user.gid),
            "status": .string(member.status.rawValue), "roles": [.string(member.role.rawValue)],
        ]
    }

    static func roles(_ members: [Member]) -> JSON {
        .object(
            OrderedDictionary(
                members.map { ($0.projectGID.description, [.string($0.role.rawValue)]) },
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

/// The gids of the one channel, ordering and fieldlist of a project, derived from its own gid, so that they never change.
private struct FixedRecordOptions {
    let channel: GID
    let ordering: GID
    let fieldlist: GID

    init(project: GID) {
        channel = project.derived(1)
        ordering = project.derived(2)
        fieldlist = project.derived(3)
    }
}

extension GID {
    fileprivate func derived(_ number: UInt8) -> GID {
        var bytes = self.bytes
        bytes[15] ^= number
        return GID(bytes: bytes) ?? self
    }
}
