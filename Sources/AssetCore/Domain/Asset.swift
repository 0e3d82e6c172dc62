package import OrderedCollections

/// Localized text: language code to value.
package typealias LocalizedText = OrderedDictionary<String, String>

/// A folder or a file in a project's tree (project reference 2.1).
package struct Asset: Sendable {
    package enum Status: String, Sendable {
        /// Not deleted; says nothing about being public.
        case published
        /// In the trash, at its old place in the tree.
        case deleted
    }

    /// The bytes of a file.
    package struct Content: Sendable, Equatable {
        package var blob: BlobID
        package var size: Int64
        /// The concrete type in lower case, such as `svg` (not the category of a search filter).
        package var type: String?
        /// What is known of the bytes, as in section 11.3; an object.
        package var info: JSON
        /// Whether the file as a whole is still to be looked at; says nothing of rows that were read.
        package var awaitsExamination = false

        package init(blob: BlobID, size: Int64, type: String?, info: JSON) {
            self.blob = blob
            self.size = size
            self.type = type
            self.info = info
        }
    }

    package var id: AssetID
    package var gid: GID
    package var project: ProjectID
    /// nil for the root.
    package var parent: AssetID?
    package var name: String
    /// nil for a folder.
    package var content: Content?
    package var status: Status
    /// Starts at 1 and grows with every change of the bytes.
    package var version: Int64
    /// Direct children that are files, deleted ones included; 0 for a file.
    package var fileCount: Int64
    /// Direct children that are folders, deleted ones included; 0 for a file.
    package var folderCount: Int64
    package var title: LocalizedText
    package var description: LocalizedText
    /// Named metadata entries (2.6); an object.
    package var metadata: JSON
    /// Named transforms (2.1), stored as given; null when none.
    package var transforms: JSON
    package var createdOn: Timestamp
    package var updatedOn: Timestamp

    package var isFile: Bool { content != nil }
    package var isRoot: Bool { parent == nil }

    package init(
        id: AssetID, gid: GID, project: ProjectID, parent: AssetID?, name: String, content: Content?, status: Status,
        version: Int64, fileCount: Int64, folderCount: Int64, title: LocalizedText, description: LocalizedText,
        metadata: JSON, transforms: JSON, createdOn: Timestamp, updatedOn: Timestamp
    ) {
        self.id = id
        self.gid = gid
        self.project = project
        self.parent = parent
        self.name = name
        self.content = content
        self.status = status
        self.version = version
        self.fileCount = fileCount
        self.folderCount = folderCount
        self.title = title
        self.description = description
        self.metadata = metadata
        self.transforms = transforms
        self.createdOn = createdOn
        self.updatedOn = updatedOn
    }
}

/// An asset with the pathname of its folder, as a response shows it.
package struct LocatedAsset: Sendable {
    package var asset: Asset
    /// The pathname of the containing folder; `/` for the root and its children.
    package var path: String

    package init(asset: Asset, path: String) {
        self.asset = asset
        self.path = path
    }

    package var pathname: String {
        if asset.isRoot { return "/" }
        return path == "/" ? "/" + asset.name : path + "/" + asset.name
    }
}
