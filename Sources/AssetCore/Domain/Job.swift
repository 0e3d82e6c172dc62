import OrderedCollections

/// Work in the background (project reference 9).
package struct Job: Sendable {
    /// The kinds; the raw value is the name on the wire and in the database.
    package enum Kind: String, Sendable, CaseIterable {
        case bulkDelete = "bulk_delete_assets"
        case bulkUndelete = "bulk_undelete_assets"
        case bulkPermanentDelete = "bulk_permanent_delete_assets"
        case bulkMove = "bulk_move_assets"
        /// Takes back what one of these did, except for a permanent delete.
        case undo = "undo_job"
        case backup = "backup_project"
        case restore = "restore_project"
        case addLanguage = "add_language"
        case removeLanguage = "remove_language"
        case purgeProject = "purge_project"
        /// Always silent.
        case tellPathnames = "tell_pathnames"

        /// Whether the job's total counts what lies below the selected assets.
        var countsSubtrees: Bool { self == .bulkDelete || self == .bulkUndelete || self == .bulkPermanentDelete }

        package var canBeUndone: Bool { self == .bulkDelete || self == .bulkUndelete || self == .bulkMove }
    }

    package enum Status: String, Sendable {
        case queued, processing, rejected, done
    }

    package var id: JobID
    package var token: GID
    package var kind: Kind
    package var project: ProjectID
    package var user: UserID
    package var status: Status
    /// The call's parameters, as an object.
    package var parameters: JSON
    /// The frozen selection; nil until it has been evaluated.
    package var selection: SelectionID?
    /// How many selected items have been dealt with: the position in the frozen selection.
    package var position: Int64
    /// The folder whose content is being worked through.
    package var folder: AssetID?
    /// The name of the last child of `folder` that has been dealt with.
    package var afterName: String?
    /// Whether the sub-folders of `folder` have been dealt with and its files are next.
    package var isInFiles: Bool
    /// Assets to deal with, descendants included; nil until counted.
    package var total: Int64?
    package var succeeded: Int64
    package var failed: Int64
    /// Why the whole job failed.
    package var error: String?
    /// A silent job stands behind a call that answers its result itself, and shows nothing in the feed.
    package var isSilent: Bool
    /// Somebody wants it to end before its time.
    package let isCancelled: Bool
    package var createdOn: Timestamp
    package var updatedOn: Timestamp
    /// When progress was last put into the feed.
    package var reportedOn: Timestamp

    package init(
        id: JobID, token: GID, kind: Kind, project: ProjectID, user: UserID, status: Status, parameters: JSON,
        selection: SelectionID?, position: Int64, folder: AssetID?, afterName: String?, isInFiles: Bool, total: Int64?,
        succeeded: Int64, failed: Int64, error: String?, isSilent: Bool, isCancelled: Bool, createdOn: Timestamp,
        updatedOn: Timestamp, reportedOn: Timestamp
    ) {
        self.id = id
        self.token = token
        self.kind = kind
        self.project = project
        self.user = user
        self.status = status
        self.parameters = parameters
        self.selection = selection
        self.position = position
        self.folder = folder
        self.afterName = afterName
        self.isInFiles = isInFiles
        self.total = total
        self.succeeded = succeeded
        self.failed = failed
        self.error = error
        self.isSilent = isSilent
        self.isCancelled = isCancelled
        self.createdOn = createdOn
        self.updatedOn = updatedOn
        self.reportedOn = reportedOn
    }

    /// A job that has neither ended nor been rejected.
    package var isOpen: Bool { status == .queued || status == .processing }

    /// A number among the call's parameters.
    func parameter(_ name: String) -> Int64? { parameters[key: name]?.intValue }

    /// Once it is frozen, or not needed any more: it may have a hundred thousand entries, and is read with the job in every step.
    mutating func forgetSelection() {
        guard var members = parameters.objectValue, members.removeValue(forKey: "selection") != nil else { return }
        parameters = .object(members)
    }

    /// What the feed shows in `info`: `total` and `remaining` count assets, descendants included; `failed` counts items that were
    /// in the wrong state. `error` is there only when the whole job failed.
    package var info: JSON {
        var members: [(String, JSON)] = []
        if let total {
            let handled = succeeded + failed
            // What was counted before may have changed, or have stayed below a folder that was refused.
            let shown = status == .done && error == nil ? handled : max(total, handled)
            members = [("total", .int(shown)), ("remaining", .int(shown - handled)), ("failed", .int(failed))]
        }
        if let error { members.append(("error", .string(error))) }
        return .object(.init(uniqueKeysWithValues: members))
    }
}
