/// A person, or an API user that belongs to one project.
package struct User: Sendable {
    package enum Level: String, Sendable {
        /// Sees the projects in which this user is a member.
        case manager
        /// Sees only the job scopes that are assigned to this user.
        case worker
        /// An API user: a key to one project.
        case api
    }

    package var id: UserID
    package var gid: GID
    package var account: AccountID
    package var level: Level
    /// Unique on the server; nil for API users.
    package var username: String?
    package var email: String?
    package var name: String
    package var avatar: String?
    package var isActive: Bool
    package var timezone: String

    package init(
        id: UserID, gid: GID, account: AccountID, level: Level, username: String?, email: String?, name: String,
        avatar: String?, isActive: Bool, timezone: String
    ) {
        self.id = id
        self.gid = gid
        self.account = account
        self.level = level
        self.username = username
        self.email = email
        self.name = name
        self.avatar = avatar
        self.isActive = isActive
        self.timezone = timezone
    }
}

/// A user in a project (project reference 2.4).
package struct Member: Sendable {
    package enum Status: String, Sendable {
        case active, invited, declined, deactivated
    }

    package enum Role: String, Sendable, CaseIterable {
        case owner, member, api
        /// Everything but deleting.
        case contributor
        /// Reading only.
        case viewer

        package var rights: Rights {
            switch self {
            case .owner: [.read, .write, .delete, .purge, .administer]
            case .member, .api: [.read, .write, .delete, .purge]
            case .contributor: [.read, .write]
            case .viewer: [.read]
            }
        }
    }

    package var project: ProjectID
    package var projectGID: GID
    package var user: User
    package var status: Status
    package var role: Role

    package init(project: ProjectID, projectGID: GID, user: User, status: Status, role: Role) {
        self.project = project
        self.projectGID = projectGID
        self.user = user
        self.status = status
        self.role = role
    }
}

/// What a caller may do with the content of a project.
package struct Rights: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let read = Rights(rawValue: 1)
    package static let write = Rights(rawValue: 2)
    /// Moving to the trash and back.
    package static let delete = Rights(rawValue: 4)
    /// Deleting for good.
    package static let purge = Rights(rawValue: 8)
    /// Members, keys and settings.
    package static let administer = Rights(rawValue: 16)
}

/// A tree of assets with its members (project reference 2.3).
package struct Project: Sendable {
    /// What a double can hold exactly: clients in other languages read numbers as doubles.
    package static let maximumNumber: Int64 = 1 << 53

    package var id: ProjectID
    package var gid: GID
    /// The platform's number: `pr7214` is number 7214.
    package var number: Int64
    package var account: AccountID
    package var owner: GID
    package var name: String
    package var icon: String?
    package var isActive: Bool
    package var timezone: String
    /// In order; the first is the default.
    package var languages: [String]
    package var root: AssetID
    package var createdOn: Timestamp

    package init(
        id: ProjectID, gid: GID, number: Int64, account: AccountID, owner: GID, name: String, icon: String?,
        isActive: Bool, timezone: String, languages: [String], root: AssetID, createdOn: Timestamp
    ) {
        self.id = id
        self.gid = gid
        self.number = number
        self.account = account
        self.owner = owner
        self.name = name
        self.icon = icon
        self.isActive = isActive
        self.timezone = timezone
        self.languages = languages
        self.root = root
        self.createdOn = createdOn
    }
}
