/// An output that was made of a file (project reference 11.4).
package struct Rendition: Sendable, Equatable {
    package let asset: AssetID
    /// `<name>@<key>.<ext>`: what it is known by within its asset.
    package let file: String
    /// Whether its public URL does without the asset's gid: the first in the project with this file name.
    package let hasShortURL: Bool
    package let isPublic: Bool
    /// The version of the source.
    package let version: Int64
    package let blob: Blob
    package let format: OutputFormat
    package let width: Int
    package let height: Int
    package let createdOn: Timestamp

    package init(
        asset: AssetID, file: String, hasShortURL: Bool, isPublic: Bool, version: Int64, blob: Blob,
        format: OutputFormat, width: Int, height: Int, createdOn: Timestamp
    ) {
        self.asset = asset
        self.file = file
        self.hasShortURL = hasShortURL
        self.isPublic = isPublic
        self.version = version
        self.blob = blob
        self.format = format
        self.width = width
        self.height = height
        self.createdOn = createdOn
    }
}

/// What an operation knows of a rendition before it has a row.
package struct RenditionDraft: Sendable {
    package let asset: AssetID
    package let project: ProjectID
    package let file: String
    package let isPublic: Bool
    package let version: Int64
    package let blob: BlobID
    package let format: OutputFormat
    package let width: Int
    package let height: Int

    package init(
        asset: AssetID, project: ProjectID, file: String, isPublic: Bool, version: Int64, blob: BlobID,
        format: OutputFormat, width: Int, height: Int
    ) {
        self.asset = asset
        self.project = project
        self.file = file
        self.isPublic = isPublic
        self.version = version
        self.blob = blob
        self.format = format
        self.width = width
        self.height = height
    }
}

/// Which files are public, what was made of files, and which files are still to be looked at. Rows go with their asset.
package protocol MediaTables {
    /// Whether the present version of a file is public.
    func isPublic(_ asset: AssetID) throws -> Bool
    /// Whether this version was published itself.
    func isPublic(_ asset: AssetID, version: Int64) throws -> Bool
    /// - Parameter isNewest: whether it is the present version; then those that follow are public too.
    func makePublic(_ asset: AssetID, version: Int64, isNewest: Bool, now: Timestamp) throws
    /// The file, all its versions and all its renditions are private again.
    func makePrivate(_ asset: AssetID, now: Timestamp) throws
    /// Whether that has been done after a moment.
    func wasMadePrivate(_ asset: AssetID, since moment: Timestamp) throws -> Bool

    func rendition(of asset: AssetID, file: String) throws -> Rendition?
    /// The one whose public URL does without a gid.
    func shortRendition(in project: ProjectID, file: String) throws -> Rendition?
    /// Adds a rendition, or replaces the one with the same file name, which keeps its URL. Beyond `kept` of this asset, the oldest
    /// go.
    func saveRendition(_ draft: RenditionDraft, keeping kept: Int, now: Timestamp) throws -> Rendition
    func makePublic(_ rendition: Rendition, project: ProjectID) throws
    /// A page of the renditions of a project, or of one asset, by asset and age.
    func renditions(
        in project: ProjectID, of asset: AssetID?, after: (asset: AssetID, file: String)?, limit: Int
    ) throws -> [Rendition]

    /// The file is to be looked at in full, later.
    func queueExamination(of asset: AssetID, now: Timestamp) throws
    func awaitsExamination(_ asset: AssetID) throws -> Bool
    /// The next files that wait, the oldest first.
    func examinations(limit: Int) throws -> [AssetID]
    /// Counts an attempt before it is made, so that a file that kills its process is not tried for ever; answers which it is.
    func beginExamination(of asset: AssetID) throws -> Int
    func undoExaminationAttempt(of asset: AssetID) throws
    func endExamination(of asset: AssetID) throws
    func setInfo(of asset: AssetID, to info: JSON) throws
}
