/// Reading a project as it was at one moment, for an archive. Acts for the administrator of the machine.
extension AssetService {
    /// A project's snapshot, as long as an export reads it.
    package struct ExportedProject: Sendable {
        package let manifest: ProjectManifest
        package let icon: Blob?
        fileprivate let backup: Backup
    }

    /// An asset with its pathname, and where its bytes and those of its old versions are.
    package struct ExportedAsset: Sendable {
        package let asset: ArchivedAsset
        package let pathname: String
        package let blob: Blob?
        package let oldBlobs: [(version: Int64, blob: Blob)]
    }

    /// Makes a snapshot beside whatever else goes on, hands it to `body`, and takes it away again. Bytes that it names stay as long.
    /// - Throws: `unprocessable` when the project does not exist, or is being restored; what `body` throws.
    package func export<Value: Sendable>(
        _ name: ProjectName, _ body: (ExportedProject) async throws -> Value
    ) async throws -> Value {
        let project = try await catalog.read { try $0.resolve(name) }
        let backup = try await snapshot(of: project)
        do {
            let value = try await body(try await exported(project, backup))
            try await discard(backup)
            return value
        } catch {
            try? await discard(backup)
            throw error
        }
    }

    /// The sweep of a backup job, without a job.
    private func snapshot(of project: Project) async throws -> Backup {
        let backup = try await catalog.write(.project(project.id)) { [clock] tx in
            try tx.insertBackup(
                of: project.id, name: "Export", createdBy: "export", isExport: true, now: clock.now())
        }
        do {
            try await complete(backup)
            return backup
        } catch {
            try? await discard(backup)
            throw error
        }
    }

    private func complete(_ backup: Backup) async throws {
        var sweep = SnapshotSweep.Progress()
        var isComplete = false
        while !isComplete {
            let start = sweep
            (sweep, isComplete) = try await catalog.write(.project(backup.project)) {
                tx -> (SnapshotSweep.Progress, Bool) in
                // What a restore has half done is neither the old project nor the new one.
                guard try !tx.isInRestore(backup.project) else {
                    throw AssetError.unprocessable("The project is being restored: export it when that has ended")
                }
                var sweep = start
                let step = try SnapshotSweep(tx: tx, now: backup.createdOn).copy(to: backup, &sweep, limit: 2000)
                if step == nil {
                    try tx.copySettings(to: backup)
                    try tx.setStatus(of: backup.id, to: .ready)
                }
                return (sweep, step == nil)
            }
        }
    }

    /// Its rows are removed by the sweeper.
    private func discard(_ backup: Backup) async throws {
        try await catalog.write { try $0.setStatus(of: backup.id, to: .deleting) }
    }

    private func exported(_ project: Project, _ backup: Backup) async throws -> ExportedProject {
        try await catalog.read { tx in
            guard
                let root = try tx.snapshotAssets(of: backup, in: nil, after: AssetID(rawValue: 0), limit: 1).first
            else { throw AssetError.unprocessable("The project does not exist") }
            let documents = try tx.documents(of: project.id).map { document in
                ProjectManifest.Document(
                    number: document.number, isFlex: document.isFlex,
                    segments: try tx.segmentRanges(of: document.number), jobs: try tx.jobScopes(on: document.number))
            }
            let icon = try project.icon.flatMap { try tx.picture(.icons, named: $0) }
            return ExportedProject(
                manifest: ProjectManifest(
                    gid: project.gid, root: root.gid, number: project.number, name: project.name,
                    createdOn: project.createdOn, settings: try tx.settings(of: backup.id), documents: documents,
                    icon: icon.flatMap { blob in project.icon.map { ($0, Secrets.hex(blob.hash)) } },
                    assetCount: try tx.snapshotSize(of: backup)),
                icon: icon, backup: backup)
        }
    }

    /// Goes through all assets, each folder before what lies in it, in batches of at most 500.
    package func forEachAsset(
        of project: ExportedProject, _ body: ([ExportedAsset]) async throws -> Void
    ) async throws {
        let backup = project.backup
        // The folders whose content comes next; nil stands above the root.
        var open: [(id: AssetID?, gid: GID?, pathname: String)] = [(nil, nil, "")]
        while let folder = open.popLast() {
            var last = AssetID(rawValue: 0)
            while true {
                let start = last
                let assets = try await catalog.read {
                    try $0.snapshotAssets(of: backup, in: folder.id, after: start, limit: 500)
                }
                guard let end = assets.last else { break }
                last = end.id
                let batch = try await catalog.read { tx in
                    try assets.map { try tx.exported($0, in: folder.gid, pathname: folder.pathname) }
                }
                try await body(batch)
                for (asset, exported) in zip(assets, batch) where !asset.isFile {
                    open.append((asset.id, asset.gid, asset.isRoot ? "" : exported.pathname))
                }
            }
        }
    }
}

extension AssetTables where Self: BlobTables {
    fileprivate func exported(
        _ asset: Asset, in parent: GID?, pathname: String
    ) throws -> AssetService.ExportedAsset {
        var old: [(ArchivedAsset.OldVersion, Blob)] = []
        // What has become an old version since the snapshot is its present one.
        for version in try asset.isFile ? oldVersions(of: asset.id) : [] where version.version < asset.version {
            guard let blob = try blob(version.content.blob), let replacedOn = version.replacedOn else { continue }
            old.append(
                (
                    ArchivedAsset.OldVersion(
                        version: version.version, content: ArchivedContent(version.content, blob),
                        replacedOn: replacedOn), blob
                ))
        }
        let blob = try asset.content.flatMap { try self.blob($0.blob) }
        let content = asset.content.flatMap { content in blob.map { ArchivedContent(content, $0) } }
        return AssetService.ExportedAsset(
            asset: ArchivedAsset(asset, parent: parent, content: content, oldVersions: old.map(\.0)),
            pathname: asset.isRoot ? "/" : "\(pathname)/\(asset.name)", blob: blob,
            oldBlobs: old.map { ($0.0.version, $0.1) })
    }
}

extension ArchivedContent {
    fileprivate init(_ content: Asset.Content, _ blob: Blob) {
        self.init(hash: Secrets.hex(blob.hash), size: content.size, type: content.type, info: content.info)
    }
}
