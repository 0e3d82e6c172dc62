/// A new asset, before it has a row.
package struct AssetDraft: Sendable {
    package var project: ProjectID
    package var parent: AssetID
    package var name: String
    /// nil makes a folder.
    package var content: Asset.Content?
    package var createdOn: Timestamp

    package init(project: ProjectID, parent: AssetID, name: String, content: Asset.Content?, createdOn: Timestamp) {
        self.project = project
        self.parent = parent
        self.name = name
        self.content = content
        self.createdOn = createdOn
    }
}

/// A child of a folder, as little of it as walking needs.
package struct ChildEntry: Sendable, Equatable {
    package let id: AssetID
    package let name: String

    package init(id: AssetID, name: String) {
        self.id = id
        self.name = name
    }
}

/// A change of status of many assets at once.
package struct StatusChange: Sendable {
    package let project: ProjectID
    package let from: Asset.Status
    package let to: Asset.Status
    /// The job that does it, written into each row that it changes; nil when no job is needed.
    package let job: JobID?
    package let now: Timestamp

    package init(project: ProjectID, from: Asset.Status, to: Asset.Status, job: JobID?, now: Timestamp) {
        self.project = project
        self.from = from
        self.to = to
        self.job = job
        self.now = now
    }
}

/// How far a change of status went through the files of a folder.
package struct FileSweep: Sendable, Equatable {
    /// How many files were changed.
    package let changed: Int
    /// The name of the last file that was looked at; nil when there are no more behind it.
    package let last: String?

    package init(changed: Int, last: String?) {
        self.changed = changed
        self.last = last
    }
}

/// What a job needs to know of an asset before it changes it.
package struct AssetState: Sendable {
    package let id: AssetID
    package let gid: GID
    package let parent: AssetID?
    package let isFile: Bool
    package let status: Asset.Status
    /// The job that changed the status last.
    package let statusJob: JobID?
    package let parentStatus: Asset.Status?
    package let fileCount: Int64
    package let folderCount: Int64

    package init(
        id: AssetID, gid: GID, parent: AssetID?, isFile: Bool, status: Asset.Status, statusJob: JobID?,
        parentStatus: Asset.Status?, fileCount: Int64, folderCount: Int64
    ) {
        self.id = id
        self.gid = gid
        self.parent = parent
        self.isFile = isFile
        self.status = status
        self.statusJob = statusJob
        self.parentStatus = parentStatus
        self.fileCount = fileCount
        self.folderCount = folderCount
    }

    /// How many files and folders lie directly in a folder.
    package var childCount: Int { Int(fileCount + folderCount) }
}

/// The tree. Every change of a row keeps the counts of its folder, the search index and the feed (`ChangeTables`) in step only
/// where its description says so.
package protocol AssetTables {
    func asset(_ id: AssetID) throws -> Asset?
    func asset(_ gid: GID, in project: ProjectID) throws -> Asset?
    /// In the order of `ids`; the ones that do not exist are left out. At most 1000 ids.
    func assets(_ ids: [AssetID]) throws -> [Asset]
    /// In no order; the ones that do not exist are left out. At most 1000 gids.
    func assets(_ gids: [GID], in project: ProjectID) throws -> [Asset]
    func child(of parent: AssetID, named name: String) throws -> Asset?
    /// As `child`, without reading the row; nil also when it is a file.
    func folder(in parent: AssetID, named name: String) throws -> AssetID?
    /// Folders first, then files, each by name in the order of their UTF-8 bytes; deleted ones included.
    func children(of parent: AssetID, top: Int, size: Int) throws -> [Asset]
    /// The ids of all children, in the order of `children`.
    func childIDs(of parent: AssetID) throws -> [AssetID]
    /// How many sub-folders of a folder stand before this name.
    func folderRank(of name: String, in parent: AssetID) throws -> Int
    /// The assets of a project that have a title, a description or metadata, by id: those behind `first`, up to `last`.
    func assetsWithTexts(in project: ProjectID, after first: AssetID, upTo last: AssetID) throws -> [AssetID]
    /// The next children of one kind, by name.
    func children(of parent: AssetID, files: Bool, after name: String?, limit: Int) throws -> [ChildEntry]
    /// The names from the root down to this asset, the root's empty name left out.
    func names(to id: AssetID) throws -> [String]
    /// The chain of folders above an asset, nearest first, the root last.
    func ancestors(of id: AssetID) throws -> [AssetID]
    /// How many levels the tree has at and below a folder: 1 when it holds nothing, 2 when it holds only files and empty folders.
    func height(of folder: AssetID) throws -> Int
    func states(of ids: [AssetID]) throws -> [AssetState]
    /// How many assets these items and all that lies below them are, each counted once.
    func countSubtrees(of selection: SelectionID) throws -> Int64
    /// How many assets lie below a folder. Counting stops at `limit`.
    func countDescendants(of folder: AssetID, limit: Int64) throws -> Int64

    /// Adds the row, its parent's count and its words in the search index.
    /// - Throws: `AssetError.unprocessable` when the name is taken.
    func insert(_ draft: AssetDraft) throws -> Asset
    /// Adds an asset from an archive as it is, with its old versions and its words in the search index. Counts are left to
    /// `countChildren`.
    /// - Throws: `AssetError.unprocessable` when the gid or the name is taken.
    func insert(
        _ asset: ArchivedAsset, in project: ProjectID, parent: AssetID, content: Asset.Content?,
        oldVersions: [FileVersion]
    ) throws
    /// Sets the counts of the next folders of a project, at most `limit`, by number after `id`; answers the last, or nil when there
    /// are no more.
    func countChildren(in project: ProjectID, after id: AssetID, limit: Int) throws -> AssetID?
    /// Replaces the bytes: raises `version`, and `updatedOn` always grows. `status` becomes published. The bytes that were there
    /// are kept as an old version, as long as the file has no more than `kept` versions, the newest included.
    func replaceContent(of asset: Asset, with content: Asset.Content, keeping kept: Int, now: Timestamp) throws
        -> Asset
    /// The old versions of a file, the newest first.
    func oldVersions(of file: AssetID) throws -> [FileVersion]
    /// Writes title, description, metadata and transforms, and keeps the search index in step; `updatedOn` always grows.
    func update(_ asset: Asset, now: Timestamp) throws -> Asset
    /// Moves a row below another parent under a name that is free there; counts follow.
    func move(_ asset: Asset, to parent: AssetID, name: String, now: Timestamp) throws
    /// Sets the status of one asset only, outside of any job.
    func setStatus(of id: AssetID, to status: Asset.Status, now: Timestamp) throws
    /// Sets the status of those of `ids` that have the status `from`, and appends an UPDATE for each; answers how many.
    func apply(_ change: StatusChange, to ids: [AssetID]) throws -> Int
    /// The same for all that lies directly in these folders, at most 1000 of them.
    func apply(_ change: StatusChange, toChildrenOf folders: [AssetID]) throws -> Int
    /// The same for the next `limit` files of a folder by name: the way to go through large folders, because no id has to be read.
    func apply(
        _ change: StatusChange, toFilesOf folder: AssetID, after name: String?, limit: Int
    ) throws -> FileSweep
    /// The next assets, by id, whose status a job was the last to change, and still is `status`.
    func assets(changedBy job: JobID, with status: Asset.Status, after id: AssetID?, limit: Int) throws -> [AssetState]
    /// Whether anything in a folder has this status.
    func hasChildren(_ folder: AssetID, with status: Asset.Status) throws -> Bool
    /// How many files of a folder have this status.
    func countFiles(of folder: AssetID, with status: Asset.Status) throws -> Int64
    /// Assets whose metadata name an image that has been purged; at most `limit`.
    func assetsWithLostImages(limit: Int) throws -> [AssetID]
    func forgetLostImages(of ids: [AssetID]) throws
    /// Removes rows that have no children: search index, the parent's counts, candidates for the sweeper; appends a DELETE for
    /// each. All of `ids` have the same parent.
    func purge(_ ids: [AssetID], childrenOf parent: AssetID, project: ProjectID, files: Bool, now: Timestamp) throws
}
