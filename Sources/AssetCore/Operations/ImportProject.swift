/// Making a project from an archive: all of it, or nothing. Acts for the administrator of the machine.
///
/// The project is hidden until it is complete. What an import leaves that never came to its end is removed by the sweeper after a
/// day.
extension AssetService {
    /// Where an archive goes.
    package struct ImportTarget: Sendable {
        package let account: String
        /// A manager of that account.
        package let owner: String
        /// nil takes the number in the archive.
        package let number: Int64?
        /// Without the documents and segments of the translation platform.
        package let omitsDocuments: Bool

        package init(account: String, owner: String, number: Int64?, omitsDocuments: Bool) {
            self.account = account
            self.owner = owner
            self.number = number
            self.omitsDocuments = omitsDocuments
        }
    }

    /// Makes the hidden project with its root, settings and documents.
    /// - Throws: `unprocessable` when account or owner do not exist, or the project, its number or a document is here already.
    package func beginImport(_ manifest: ProjectManifest, into target: ImportTarget) async throws -> Project {
        try await beginImport(manifest, into: target, number: manifest.number)
    }

    /// - Parameter number: that of the project, when the target does not say it; nil for a free one.
    func beginImport(
        _ manifest: ProjectManifest, into target: ImportTarget, number: Int64?
    ) async throws -> Project {
        try await catalog.write { [clock] tx in
            guard let account = try tx.account(code: target.account) else {
                throw AssetError.unprocessable("The account '\(target.account)' does not exist")
            }
            guard let owner = try tx.user(username: target.owner), owner.account == account, owner.level == .manager
            else { throw AssetError.unprocessable("The account has no manager '\(target.owner)'") }
            var draft = ProjectDraft(
                account: account, owner: owner, name: manifest.name, number: target.number ?? number,
                languages: try Self.checked(manifest.settings.languages), timezone: manifest.settings.timezone,
                createdOn: manifest.createdOn)
            draft.gid = manifest.gid
            draft.root = manifest.root
            let project = try tx.insertProject(draft)
            try tx.hideProject(project.id, since: clock.now())
            for query in manifest.settings.queries { try tx.save(query, in: project.id) }
            for option in manifest.settings.options { try tx.insert(option, in: project.id) }
            for document in target.omitsDocuments ? [] : manifest.documents {
                if try tx.document(document.number) != nil {
                    throw AssetError.unprocessable(
                        "Document \(document.number) is here already: import without documents")
                }
                let registered = try tx.registerDocument(
                    document.number, project: project.id, isFlex: document.isFlex)
                try tx.addSegments(document.segments, to: document.number)
                for job in document.jobs {
                    if try tx.jobScope(job.job) != nil {
                        throw AssetError.unprocessable("Job \(job.job) is here already: import without documents")
                    }
                    try tx.saveJobScope(JobScope(job: job.job, document: registered, ranges: job.ranges))
                }
            }
            return project
        }
    }

    /// Keeps bytes that were put into the store for an import; answers their SHA-256 in hexadecimal and their row.
    package func importBytes(_ stored: StoredBlob, for project: Project) async throws -> (hash: String, blob: BlobID) {
        let lost = await lostTwin(of: stored)
        return try await catalog.write(.rows) { [clock] tx in
            let now = clock.now()
            let blob = try tx.claimBlob(stored, replacing: lost, now: now)
            guard let owner = try tx.user(project.owner) else { throw AssetError.unprocessable("The owner is gone") }
            // A file token holds the bytes until an asset does; it expires by itself.
            try tx.insertFileToken(
                GID().description, user: owner.id, blob: blob.id, name: "import", now: now,
                expiresOn: now.adding(seconds: Self.importSeconds))
            return (Secrets.hex(stored.hash), blob.id)
        }
    }

    /// Longer than any import takes.
    private static let importSeconds = 7.0 * 24 * 3600

    /// Adds assets whose folders are there already, in one transaction. `blobs` finds bytes by their SHA-256.
    /// - Throws: `badParameter("assets")` for bytes or folders that are missing; `unprocessable` when a gid or name is taken.
    package func importAssets(
        _ assets: [ArchivedAsset], into project: Project, blobs: [String: BlobID]
    ) async throws {
        try await catalog.write(.project(project.id)) { tx in
            var parents: [GID: AssetID] = [:]
            for asset in assets {
                // The root came with the project.
                guard let parentGID = asset.parent else { continue }
                let parent = try parents[parentGID] ?? tx.importFolder(parentGID, of: asset, in: project)
                parents[parentGID] = parent
                func content(_ content: ArchivedContent) throws -> Asset.Content {
                    guard let blob = blobs[content.hash], try tx.blob(blob)?.size == content.size else {
                        throw AssetError.badParameter("assets", "The bytes of '\(asset.name)' are missing")
                    }
                    return Asset.Content(blob: blob, size: content.size, type: content.type, info: content.info)
                }
                try tx.insert(
                    asset, in: project.id, parent: parent, content: try asset.content.map(content),
                    oldVersions: try asset.oldVersions.map {
                        FileVersion(version: $0.version, content: try content($0.content), replacedOn: $0.replacedOn)
                    })
            }
        }
    }

    /// Counts, shows the project, and tells its owner.
    /// - Throws: `badParameter("assets")` when there are not as many assets as the manifest says.
    package func finishImport(
        of project: Project, _ manifest: ProjectManifest, blobs: [String: BlobID]
    ) async throws {
        // In parts, beside other writers: nobody sees the project yet.
        var last = AssetID(rawValue: 0)
        while let next = try await catalog.write({ [last] in
            try $0.countChildren(in: project.id, after: last, limit: 20)
        }) {
            last = next
        }
        let count = try await catalog.read { try $0.countDescendants(of: project.root, limit: .max) } + 1
        guard count == manifest.assetCount else {
            throw AssetError.badParameter("assets", "\(count) assets instead of \(manifest.assetCount)")
        }
        try await catalog.write { [clock] tx in
            if let icon = manifest.icon, let blob = blobs[icon.hash], Self.isIconName(icon.name, of: project) {
                try tx.setIcon(of: project.id, to: (icon.name, blob), now: clock.now())
            }
            try tx.hideProject(project.id, since: nil)
            try tx.append(.insert, .projects, key: project.gid.description, data: nil, for: .project(project.id))
            try tx.append(
                .insert, .members, key: "\(project.gid)/\(project.owner)", data: nil, for: .project(project.id))
        }
    }

    private static func isIconName(_ name: String, of project: Project) -> Bool {
        pictureTypes.contains { name == "\(project.gid).\($0)" }
    }

    /// Removes what earlier imports of this project left that never came to their end.
    package func removeUnfinishedImports(of gid: GID) async throws {
        let left = try await catalog.read { [clock] tx in
            try tx.hiddenProjects(before: clock.now()).compactMap { try tx.project($0) }.filter { $0.gid == gid }
        }
        for project in left { try await abandonImport(of: project) }
    }

    /// Removes what an import that failed has made.
    package func abandonImport(of project: Project) async throws {
        while try await catalog.write(
            .everything, .bulk, { [clock] in try $0.purge(project.id, limit: 200, now: clock.now()) }) != nil
        {}
    }
}

extension AssetTables {
    /// The folder that an imported asset goes into.
    fileprivate func importFolder(_ gid: GID, of child: ArchivedAsset, in project: Project) throws -> AssetID {
        guard let folder = try asset(gid, in: project.id), !folder.isFile else {
            throw AssetError.badParameter("assets", "The folder of '\(child.name)' is missing")
        }
        try AssetPath.checkDepth(try names(to: folder.id) + [child.name])
        return folder.id
    }
}
