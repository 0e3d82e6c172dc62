/// The files of segments: a thin door to a folder of the tree (segment reference 5, 6).
extension AssetService {
    /// Where in a segment's folder a call points; see `SegmentPath`.
    package struct SegmentFileReference: Sendable {
        package let fileName: String
        package let relativePath: String?
        package let locale: String?

        package init(fileName: String, relativePath: String?, locale: String?) {
            self.fileName = fileName
            self.relativePath = relativePath
            self.locale = locale
        }

        func path(in project: Project, isNew: Bool = false) throws -> SegmentPath {
            try SegmentPath(
                fileName: fileName, relativePath: relativePath, locale: locale, languages: project.languages,
                isNew: isNew)
        }
    }

    /// Attaches the file behind a token to a segment (6.2). A file that is there already gets the new bytes; one in the trash comes
    /// back with them, and so do the folders above it.
    /// - Throws: `badParameter` for the segment, the token, the locale, or the path.
    package func attach(
        _ caller: Caller, segment: Int64, token: String, locale: String?, relativePath: String?
    ) async throws -> SegmentFile {
        try caller.require(.write)
        let now = clock.now()
        let (reference, name, token) = try await catalog.read { tx in
            _ = try document(ofSegment: segment, caller, tx)
            guard let file = try tx.fileToken(token.lowercased(), user: caller.user.id, now: now) else {
                throw AssetError.badParameter("filetoken", "The token is unknown or has expired")
            }
            let reference = SegmentFileReference(fileName: file.name, relativePath: relativePath, locale: locale)
            return (reference, try reference.path(in: caller.project, isNew: true).name, file)
        }
        let head = try await blobs.head(token.blob.location, length: media.headLength)
        let inspection = await media.inspect(head: head, name: name, size: token.blob.size)
        return try await catalog.write(.project(caller.project.id)) { [clock, settings] tx in
            let now = clock.now()
            let document = try document(ofSegment: segment, caller, tx)
            guard try tx.fileToken(token.token, user: caller.user.id, now: now) != nil else {
                throw AssetError.badParameter("filetoken", "The token is unknown or has expired")
            }
            let project = try tx.present(caller.project)
            let path = try reference.path(in: project, isNew: true)
            let content = content(token.blob, inspection)
            let root = SegmentFolder(document: document, segment: segment).path.names
            try AssetPath.checkDepth((root + path.folders + [path.name]).map(\.description))
            let folder = try tx.openFolders(
                root + path.folders, in: project, by: caller.user.id, now: now)
            let asset = try tx.putFile(
                path.name, content, in: folder, keeping: settings.keptVersions, by: caller.user.id, now: now)
            return SegmentFile(
                document: document, segment: segment, path: path.folders.map(\.description),
                languages: project.languages, asset: asset)
        }
    }

    /// All files of a segment: by locale (none first), then folder, then name (6.4).
    package func files(_ caller: Caller, ofSegment segment: Int64) async throws -> [SegmentFile] {
        try caller.require(.read)
        return try await catalog.read { tx in
            try tx.files(of: segment, of: try document(ofSegment: segment, caller, tx), in: caller.project)
        }
    }

    /// All files of several segments, in the order of the segments; what is not within reach adds nothing (6.5).
    package func files(_ caller: Caller, ofSegments segments: [Int64]) async throws -> [SegmentFile] {
        try caller.require(.read)
        return try await catalog.read { tx in
            var seen: Set<Int64> = []
            return try segments.filter { seen.insert($0).inserted }.flatMap { segment -> [SegmentFile] in
                do {
                    let document = try document(ofSegment: segment, caller, tx)
                    return try tx.files(of: segment, of: document, in: caller.project)
                } catch is AssetError {
                    return []
                }
            }
        }
    }

    /// One file with its bytes' place (6.6).
    /// - Parameter reference: what it throws counts only when the segment is within reach (6.1).
    /// - Throws: `fileNotFound`; `badParameter` for the segment or the path.
    package func file(
        _ caller: Caller, segment: Int64,
        _ reference: @autoclosure @escaping @Sendable () throws -> SegmentFileReference
    ) async throws -> (asset: Asset, blob: Blob) {
        try caller.require(.read)
        return try await catalog.lookUp { tx in
            let document = try document(ofSegment: segment, caller, tx)
            return try file(caller, segment, of: document, try reference(), tx)
        }
    }

    /// What a file of a segment is found by, and what decides whether a caller may read it.
    package struct FoundSegmentFile: Sendable {
        package let asset: Asset
        package let blob: Blob
        fileprivate let segment: Int64
        fileprivate let document: Int64
        /// Of the project: they tell what is a locale in the path.
        fileprivate let languages: [String]
    }

    /// As `file`; nil when that would take longer than a look at the database's file.
    package func fileNow(
        _ caller: Caller, segment: Int64, _ reference: @autoclosure () throws -> SegmentFileReference
    ) throws -> (file: FoundSegmentFile, cursor: Int64)? {
        try caller.require(.read)
        return try catalog.lookUpNow { tx in
            let document = try document(ofSegment: segment, caller, tx)
            let (asset, blob) = try file(caller, segment, of: document, try reference(), tx)
            let found = FoundSegmentFile(
                asset: asset, blob: blob, segment: segment, document: document, languages: caller.project.languages)
            return (found, try tx.projectCursor(caller.project.id))
        }
    }

    /// Whether `fileNow` would find the same for this caller, when nothing has changed in the project. A segment stays in its document.
    package func finds(_ file: FoundSegmentFile, _ caller: Caller) -> Bool {
        caller.project.id == file.asset.project && caller.rights.isSuperset(of: .read)
            && caller.segments.includes(segment: file.segment, of: file.document)
            && caller.project.languages == file.languages
    }

    /// The cursor of the project's feed; nil when that would take longer than a look at the database's file.
    package func projectCursorNow(_ project: ProjectID) throws -> Int64? {
        try catalog.lookUpNow { try $0.projectCursor(project) }
    }

    private func file(
        _ caller: Caller, _ segment: Int64, of document: Int64, _ reference: SegmentFileReference,
        _ tx: any CatalogTransaction
    ) throws -> (asset: Asset, blob: Blob) {
        let path = try reference.path(in: caller.project)
        guard let asset = try tx.file(path, SegmentFolder(document: document, segment: segment), in: caller.project),
            let content = asset.content, let blob = try tx.blob(content.blob)
        else { throw AssetError(.fileNotFound, "The requested file does not exist.") }
        return (asset, blob)
    }

    /// Deletes one file for good, and the folders between it and the segment's folder that become empty (6.8). A file that does
    /// not exist, or lies in the trash, is no error.
    package func deleteFile(_ caller: Caller, segment: Int64, _ reference: SegmentFileReference) async throws {
        try caller.require([.delete, .purge])
        try await catalog.write(.project(caller.project.id)) { [clock] tx in
            let document = try document(ofSegment: segment, caller, tx)
            let path = try reference.path(in: try tx.present(caller.project))
            let folder = SegmentFolder(document: document, segment: segment)
            guard let asset = try tx.file(path, folder, in: caller.project), var parent = asset.parent else { return }
            let now = clock.now()
            try tx.purge([asset.id], childrenOf: parent, project: asset.project, files: true, now: now)
            for _ in path.folders {
                guard let empty = try tx.asset(parent), empty.fileCount + empty.folderCount == 0,
                    let above = empty.parent
                else { break }
                try tx.purge([empty.id], childrenOf: above, project: asset.project, files: false, now: now)
                parent = above
            }
            try tx.appendUpdate(of: parent, in: asset.project)
        }
    }

    /// Deletes a segment's folder with all that is in it, also in the trash, for good (6.7). A segment without files is no error.
    package func deleteFiles(_ caller: Caller, ofSegment segment: Int64) async throws {
        try caller.require([.delete, .purge])
        try await whole(caller) { tx, now in
            let document = try document(ofSegment: segment, caller, tx)
            let path = SegmentFolder(document: document, segment: segment).path
            guard let folder = try tx.find(path, in: caller.project), !folder.isFile else { return ((), nil) }
            return ((), try tx.beginPurge(of: folder, user: caller.user.id, now: now))
        }
    }
}

extension AssetTables where Self: ChangeTables & JobTables {
    /// Walks down a path, making folders that are missing and taking the ones on the way out of the trash.
    fileprivate func openFolders(
        _ names: [AssetName], in project: Project, by user: UserID, now: Timestamp
    ) throws -> AssetID {
        var folder = project.root
        for name in names {
            guard let next = try child(of: folder, named: name.description, isFile: false, by: user, now: now) else {
                folder = try add(
                    AssetDraft(
                        project: project.id, parent: folder, name: name.description, content: nil, createdOn: now)
                ).id
                continue
            }
            guard !next.isFile else { throw AssetError.badParameter("relativePath", "'\(name)' is a file") }
            if next.status == .deleted {
                try setStatus(of: next.id, to: .published, now: now)
                try append(.update, .assets, [next.gid], in: project.id)
            }
            folder = next.id
        }
        return folder
    }

    /// The child of this name. One of the other kind that lies in the trash is absent in this dialect, and makes room by taking
    /// a number.
    private func child(
        of folder: AssetID, named name: String, isFile: Bool, by user: UserID, now: Timestamp
    ) throws -> Asset? {
        guard let child = try child(of: folder, named: name), child.isFile != isFile, child.status == .deleted else {
            return try child(of: folder, named: name)
        }
        try move(child, to: folder, name: try freeName(AssetName(stored: name), in: folder), now: now)
        try append(.update, .assets, [child.gid], in: child.project)
        _ = try tellPathnames(below: child, by: user, now: now)
        return nil
    }

    /// Adds a file, or gives new bytes to the one of that name (U21).
    fileprivate func putFile(
        _ name: AssetName, _ content: Asset.Content, in folder: AssetID, keeping kept: Int, by user: UserID,
        now: Timestamp
    ) throws -> Asset {
        guard let old = try child(of: folder, named: name.description, isFile: true, by: user, now: now) else {
            guard let parent = try asset(folder) else { throw AssetError.unprocessable("The folder does not exist") }
            return try add(
                AssetDraft(
                    project: parent.project, parent: folder, name: name.description, content: content, createdOn: now))
        }
        guard old.isFile else { throw AssetError.badParameter("filename", "'\(name)' is a folder") }
        let replaced = try replaceContent(of: old, with: content, keeping: kept, now: now)
        try append(.update, .assets, [old.gid], in: old.project)
        return replaced
    }
}

extension AssetTables {
    /// A file that is not in the trash.
    fileprivate func file(_ path: SegmentPath, _ folder: SegmentFolder, in project: Project) throws -> Asset? {
        let names = folder.path.names + path.folders + [path.name]
        guard let asset = try find(AssetPath(names: names), in: project), asset.isFile, asset.status == .published
        else { return nil }
        return asset
    }

    fileprivate func files(of segment: Int64, of document: Int64, in project: Project) throws -> [SegmentFile] {
        let root = SegmentFolder(document: document, segment: segment).path
        guard let top = try find(root, in: project), !top.isFile, top.status == .published else { return [] }
        var files: [SegmentFile] = []
        var folders: [(id: AssetID, path: [String])] = [(top.id, [])]
        let pageSize = 1000
        while let folder = folders.popLast() {
            var page: [Asset] = []
            var position = 0
            repeat {
                page = try children(of: folder.id, top: position, size: pageSize)
                position += page.count
                for asset in page where asset.status == .published {
                    if asset.isFile {
                        files.append(
                            SegmentFile(
                                document: document, segment: segment, path: folder.path, languages: project.languages,
                                asset: asset))
                    } else {
                        folders.append((asset.id, folder.path + [asset.name]))
                    }
                }
            } while page.count == pageSize
        }
        return files.sorted { left, right in
            (left.locale ?? "", left.relativePath, left.asset.name) < (
                right.locale ?? "", right.relativePath, right.asset.name
            )
        }
    }
}
