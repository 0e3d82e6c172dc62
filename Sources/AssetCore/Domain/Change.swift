/// What happened to an object (project reference 10.4).
package enum ChangeAction: Int64, Sendable {
    case insert = 1
    case update = 2
    case delete = 3

    package var wireName: String {
        switch self {
        case .insert: "INSERT"
        case .update: "UPDATE"
        case .delete: "DELETE"
        }
    }
}

/// A line of a project's feed.
package struct ProjectChange: Sendable, Equatable {
    package enum DataType: Int64, Sendable {
        case assets = 1
        case queries = 2

        package var wireName: String {
            switch self {
            case .assets: "assets"
            case .queries: "queries"
            }
        }
    }

    package let cursor: Int64
    package let action: ChangeAction
    package let dataType: DataType
    package let key: GID

    package init(cursor: Int64, action: ChangeAction, dataType: DataType, key: GID) {
        self.cursor = cursor
        self.action = action
        self.dataType = dataType
        self.key = key
    }
}

/// A line of the global feed: users, projects, memberships and jobs.
package struct GlobalChange: Sendable, Equatable {
    package enum DataType: String, Sendable {
        case users = "cc.users"
        case projects = "cc.projects"
        case members = "cc.projects_members"
        case jobs
    }

    package let cursor: Int64
    package let action: ChangeAction
    package let dataType: DataType
    package let key: String
    /// For jobs only.
    package let data: JSON?

    package init(cursor: Int64, action: ChangeAction, dataType: DataType, key: String, data: JSON?) {
        self.cursor = cursor
        self.action = action
        self.dataType = dataType
        self.key = key
        self.data = data
    }
}

/// Who sees a line of the global feed.
package enum Audience: Sendable {
    /// The active members of a project.
    case project(ProjectID)
    /// A user, and all who share a project with that user.
    case user(UserID)
    /// This user alone.
    case only(UserID)
}
