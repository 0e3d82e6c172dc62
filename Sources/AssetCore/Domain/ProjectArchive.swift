import OrderedCollections

/// A project in a file, to be moved between installations: what `stockroom export` writes and `stockroom import` reads.
///
/// | part | what |
/// |---|---|
/// | manifest | one object: form, project, settings, documents, counts |
/// | asset lines | one object a line for each asset, each folder before what lies in it |
/// | bytes | of every line and every old version, found by their SHA-256 |
///
/// Members, keys, backups and the feed stay behind: they belong to the installation.
package struct ProjectManifest: Sendable {
    package static let format = "stockroom-project"
    package static let formatVersion: Int64 = 1

    /// A document of the translation platform with its segments and the jobs on it; to whom they are assigned stays behind.
    package struct Document: Sendable {
        package let number: Int64
        package let isFlex: Bool
        package let segments: [ClosedRange<Int64>]
        package let jobs: [JobScope]
    }

    package let gid: GID
    package let root: GID
    package let number: Int64
    package let name: String
    package let createdOn: Timestamp
    package let settings: ProjectSettings
    package let documents: [Document]
    /// The icon's file name and the SHA-256 of its bytes.
    package let icon: (name: String, hash: String)?
    package let assetCount: Int64

    package init(
        gid: GID, root: GID, number: Int64, name: String, createdOn: Timestamp, settings: ProjectSettings,
        documents: [Document], icon: (name: String, hash: String)?, assetCount: Int64
    ) {
        self.gid = gid
        self.root = root
        self.number = number
        self.name = name
        self.createdOn = createdOn
        self.settings = settings
        self.documents = documents
        self.icon = icon
        self.assetCount = assetCount
    }

    package var json: JSON {
        [
            "format": .string(Self.format), "format_version": .int(Self.formatVersion), "gid": JSON(gid),
            "root": JSON(root), "number": .int(number), "name": .string(name),
            "created_on": .int(createdOn.microseconds), "settings": settings.json,
            "documents": .array(documents.map(Self.json)),
            "icon": icon.map { ["name": .string($0.name), "sha256": .string($0.hash)] } ?? .null,
            "assets": .int(assetCount),
        ]
    }

    /// - Throws: `badParameter("manifest")` for what is not such a manifest, or one of a later form.
    package init(_ json: JSON) throws(AssetError) {
        let wrong = AssetError.badParameter("manifest", "This is not the export of a project")
        guard json[key: "format"]?.stringValue == Self.format, let version = json[key: "format_version"]?.intValue
        else { throw wrong }
        guard version <= Self.formatVersion else {
            throw .badParameter("manifest", "The export has form \(version): use a newer version of stockroom")
        }
        guard let gid = json[key: "gid"]?.gidValue, let root = json[key: "root"]?.gidValue,
            let number = json[key: "number"]?.intValue, (1...Project.maximumNumber).contains(number),
            let name = json[key: "name"]?.stringValue,
            let createdOn = json[key: "created_on"]?.intValue, ArchiveLimits.times.contains(createdOn),
            let settings = json[key: "settings"],
            let documents = json[key: "documents"]?.arrayValue, let count = json[key: "assets"]?.intValue
        else { throw wrong }
        self.gid = gid
        self.root = root
        self.number = number
        self.name = name
        self.createdOn = Timestamp(microseconds: createdOn)
        self.settings = try ProjectSettings(settings)
        var read: [Document] = []
        for document in documents {
            guard let document = Self.document(document, of: ProjectID(rawValue: 0)) else { throw wrong }
            read.append(document)
        }
        self.documents = read
        let icon = json[key: "icon"]
        if let name = icon?[key: "name"]?.stringValue, let hash = icon?[key: "sha256"]?.stringValue {
            self.icon = (name, hash)
        } else {
            self.icon = nil
        }
        assetCount = count
    }

    private static func json(_ document: Document) -> JSON {
        [
            "number": .int(document.number), "is_flex": .bool(document.isFlex), "segments": json(document.segments),
            "jobs": .array(
                document.jobs.map { job in
                    ["job": .string(job.job.description), "segments": job.ranges.map(json) ?? .null]
                }),
        ]
    }

    private static func json(_ ranges: [ClosedRange<Int64>]) -> JSON {
        .array(ranges.map { [.int($0.lowerBound), .int($0.upperBound)] })
    }

    private static func document(_ json: JSON, of project: ProjectID) -> Document? {
        guard let number = json[key: "number"]?.intValue, let isFlex = json[key: "is_flex"]?.boolValue,
            let segments = json[key: "segments"].flatMap(ranges), let jobs = json[key: "jobs"]?.arrayValue
        else { return nil }
        let document = SegmentDocument(number: number, project: project, isFlex: isFlex)
        var scopes: [JobScope] = []
        for job in jobs {
            guard let name = job[key: "job"]?.stringValue.flatMap({ JobNumber($0) }), let part = job[key: "segments"]
            else { return nil }
            // What cannot be read must not become the whole document.
            let segments = ranges(part)
            if segments == nil, !part.isNull { return nil }
            scopes.append(JobScope(job: name, document: document, ranges: segments))
        }
        return Document(number: number, isFlex: isFlex, segments: segments, jobs: scopes)
    }

    private static func ranges(_ json: JSON) -> [ClosedRange<Int64>]? {
        guard let elements = json.arrayValue else { return nil }
        var ranges: [ClosedRange<Int64>] = []
        for element in elements {
            guard let ends = element.arrayValue?.compactMap(\.intValue), ends.count == 2, ends[0] <= ends[1] else {
                return nil
            }
            ranges.append(ends[0]...ends[1])
        }
        return ranges
    }
}

/// What numbers of an archive can be: what comes from elsewhere must not overflow here.
private enum ArchiveLimits {
    /// Microseconds from the year 1970 to the year 9999.
    static let times: ClosedRange<Int64> = 0...253_402_300_799_000_000
    static let versions: ClosedRange<Int64> = 1...(1 << 40)
}

/// Bytes as an archive names them.
package struct ArchivedContent: Sendable {
    /// SHA-256 in lower-case hexadecimal.
    package let hash: String
    package let size: Int64
    package let type: String?
    package let info: JSON

    package init(hash: String, size: Int64, type: String?, info: JSON) {
        self.hash = hash
        self.size = size
        self.type = type
        self.info = info
    }

    fileprivate var members: JSON.Object {
        ["sha256": .string(hash), "size": .int(size), "type": JSON(type), "info": info]
    }

    fileprivate init?(_ json: JSON) {
        guard let hash = json[key: "sha256"]?.stringValue, hash.utf8.count == 64,
            let size = json[key: "size"]?.intValue,
            size >= 0, let info = json[key: "info"], info.objectValue != nil
        else { return nil }
        self.init(hash: hash, size: size, type: json[key: "type"]?.stringValue, info: info)
    }
}

/// An asset as a line of an archive.
package struct ArchivedAsset: Sendable {
    package struct OldVersion: Sendable {
        package let version: Int64
        package let content: ArchivedContent
        package let replacedOn: Timestamp

        package init(version: Int64, content: ArchivedContent, replacedOn: Timestamp) {
            self.version = version
            self.content = content
            self.replacedOn = replacedOn
        }
    }

    package let gid: GID
    /// nil for the root.
    package let parent: GID?
    package let name: String
    package let status: Asset.Status
    package let version: Int64
    /// nil for a folder.
    package let content: ArchivedContent?
    package let oldVersions: [OldVersion]
    package let title: LocalizedText
    package let description: LocalizedText
    package let metadata: JSON
    package let transforms: JSON
    package let createdOn: Timestamp
    package let updatedOn: Timestamp

    package init(
        _ asset: Asset, parent: GID?, content: ArchivedContent?, oldVersions: [OldVersion]
    ) {
        gid = asset.gid
        self.parent = parent
        name = asset.name
        status = asset.status
        version = asset.version
        self.content = content
        self.oldVersions = oldVersions
        title = asset.title
        description = asset.description
        metadata = asset.metadata
        transforms = asset.transforms
        createdOn = asset.createdOn
        updatedOn = asset.updatedOn
    }

    package var json: JSON {
        var members: JSON.Object = [
            "gid": JSON(gid), "parent": parent.map { JSON($0) } ?? .null, "name": .string(name),
            "status": .string(status.rawValue), "version": .int(version), "title": Self.json(title),
            "description": Self.json(description), "metadata": metadata, "transforms": transforms,
            "created_on": .int(createdOn.microseconds), "updated_on": .int(updatedOn.microseconds),
        ]
        if let content { members["content"] = .object(content.members) }
        if !oldVersions.isEmpty {
            members["old_versions"] = .array(
                oldVersions.map { old in
                    var members = old.content.members
                    members["version"] = .int(old.version)
                    members["replaced_on"] = .int(old.replacedOn.microseconds)
                    return .object(members)
                })
        }
        return .object(members)
    }

    /// - Throws: `badParameter("assets")` for what is not such a line.
    package init(_ json: JSON) throws(AssetError) {
        let wrong = AssetError.badParameter("assets", "A line of the export cannot be read: \(json.text.prefix(200))")
        guard let gid = json[key: "gid"]?.gidValue, let name = json[key: "name"]?.stringValue,
            let status = json[key: "status"]?.stringValue.flatMap(Asset.Status.init),
            let version = json[key: "version"]?.intValue, ArchiveLimits.versions.contains(version),
            let title = json[key: "title"].flatMap(Self.text),
            let description = json[key: "description"].flatMap(Self.text), let metadata = json[key: "metadata"],
            metadata.objectValue != nil, let transforms = json[key: "transforms"],
            transforms.isNull || transforms.objectValue != nil,
            let createdOn = json[key: "created_on"]?.intValue, ArchiveLimits.times.contains(createdOn),
            let updatedOn = json[key: "updated_on"]?.intValue, ArchiveLimits.times.contains(updatedOn)
        else { throw wrong }
        let parent = json[key: "parent"]?.gidValue
        if parent != nil { _ = try AssetName(name) }
        self.gid = gid
        self.parent = parent
        self.name = name
        self.status = status
        self.version = version
        self.title = title
        self.description = description
        self.metadata = metadata
        self.transforms = transforms
        self.createdOn = Timestamp(microseconds: createdOn)
        self.updatedOn = Timestamp(microseconds: updatedOn)
        content = json[key: "content"].flatMap(ArchivedContent.init)
        if json[key: "content"] != nil, content == nil { throw wrong }
        var old: [OldVersion] = []
        for entry in json[key: "old_versions"]?.arrayValue ?? [] {
            guard let content = ArchivedContent(entry), let earlier = entry[key: "version"]?.intValue, earlier > 0,
                earlier < version, let replacedOn = entry[key: "replaced_on"]?.intValue,
                ArchiveLimits.times.contains(replacedOn)
            else { throw wrong }
            old.append(
                OldVersion(version: earlier, content: content, replacedOn: Timestamp(microseconds: replacedOn)))
        }
        oldVersions = old
    }

    private static func json(_ text: LocalizedText) -> JSON {
        .object(JSON.Object(uniqueKeysWithValues: text.map { ($0.key, .string($0.value)) }))
    }

    private static func text(_ json: JSON) -> LocalizedText? {
        guard let members = json.objectValue else { return nil }
        return LocalizedText(
            uniqueKeysWithValues: members.compactMap { key, value in
                value.stringValue.map { (key, $0) }
            })
    }
}

extension JSON {
    fileprivate var gidValue: GID? { stringValue.flatMap { GID($0) } }
}
