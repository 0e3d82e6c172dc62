import OrderedCollections

/// Makes a project what a snapshot says, in short transactions beside other writers.
///
/// When it begins, a second snapshot, the *base*, says exactly what the project is: the backup that a restore makes first. From then on
/// each asset is compared three ways. What is still as in the base becomes what the wanted snapshot says; what is not has been changed by
/// somebody meanwhile, and keeps that change. So a write beside the restore counts as made after it, and nothing of it is lost.
///
/// The phases, each safe at any moment for readers and writers of the tree:
/// 1. *placing*, from the top of the wanted tree down: what was purged comes back, what was moved or renamed goes to its place, bytes and
///    texts come back, and so does what lay in the trash. A folder stands in its place before what lies in it, so that no folder ever lies
///    in itself.
/// 2. *removing* what the wanted snapshot does not have: files, and folders that have become empty.
/// 3. *trashing* folders that belong in the trash, from the bottom up, so that nothing published ever lies below a deleted folder;
///    those that wait for that go to their place then, and what becomes empty by it and is not wanted goes too.
/// 4. *renaming* back what had to make room for others and was then kept by somebody's change.
/// 5. *clearing* the list of folders.
struct RestoreSweep {
    let tx: any CatalogTransaction
    let now: Timestamp
    /// What the project shall be.
    let wanted: Backup
    /// What it was when the restore began.
    let base: Backup

    /// - Throws: `unprocessable` when one of the snapshots is gone.
    init(_ job: Job, tx: any CatalogTransaction, now: Timestamp) throws {
        func backup(_ name: String) throws -> Backup {
            guard let id = job.parameter(name), let backup = try tx.backup(BackupID(rawValue: id)) else {
                throw AssetError.unprocessable("The backup does not exist any more")
            }
            return backup
        }
        self.tx = tx
        self.now = now
        wanted = try backup("restore")
        base = try backup("backup")
    }

    /// How many assets the wanted snapshot has.
    static func size(of job: Job, _ tx: any CatalogTransaction) throws -> Int64 {
        guard let id = job.parameter("restore"), let backup = try tx.backup(BackupID(rawValue: id)) else { return 0 }
        return try tx.snapshotSize(of: backup)
    }

    /// In the transaction in which the base is complete: from here on the restore goes to its end.
    /// - Throws: `processFailed` when the wanted snapshot has been deleted.
    func begin(_ job: inout Job, in project: Project) throws {
        guard wanted.status == .ready else {
            throw AssetError(.processFailed, "The backup does not exist any more", parameter: "restore")
        }
        try tx.restoreSettings(of: wanted)
        // What works on the old tree must not go on in the restored one.
        try tx.cancelJobs(in: project.id, except: job.id)
        job.restorePhase = .placing
        job.queue = 0
        job.position = 0
        job.isInFiles = false
    }

    /// - Returns: about how many rows were looked at; nil when there is nothing left.
    func step(_ job: inout Job, _ phase: Job.RestorePhase, limit: Int) throws -> Int? {
        // Between such parts a transaction looks whether its time is over: bringing a file back costs much more than a look at it.
        let limit = min(max(limit, 1), 250)
        switch phase {
        case .placing: return try place(&job, limit: limit)
        case .removing: return try remove(&job, limit: limit)
        case .trashing: return try trash(&job, limit: limit)
        case .renaming: return try rename(&job, limit: limit)
        case .clearing:
            let folders = try tx.nextFolders(of: job.id, limit: limit)
            try tx.dropFolders(folders.count, of: job.id)
            if !folders.isEmpty { return folders.count }
            // A change of the project that every follower sees, also when nothing differed.
            guard let project = try tx.project(job.project) else { return nil }
            try tx.appendUpdate(of: project.root, in: project.id)
            return nil
        }
    }

    private func enter(_ phase: Job.RestorePhase, _ job: inout Job) {
        job.restorePhase = phase
        job.queue = phase == .trashing ? .max : 0
        job.position = 0
    }

    // MARK: Placing

    private func place(_ job: inout Job, limit: Int) throws -> Int {
        // The list's folders are those of the wanted tree; the root stands above its first entry.
        let parent: AssetID? = job.queue == 0 ? nil : job.folder
        let folder = parent.map { job.standIn(for: $0) }
        let after = AssetID(rawValue: job.position)
        var state: AssetState?
        if let folder {
            state = try tx.states(of: [folder]).first
            // Somebody has removed it for good: what would lie in it stays where it is, or gone.
            guard state != nil else { return try nextFolder(&job) }
        }
        let found = try tx.restoreEntries(
            of: wanted, since: base, in: parent, now: folder, after: after, limit: limit)
        let entries = Self.part(of: found)
        var placing = Placing(sweep: self, job: job, folder: state)
        try placing.place(entries)
        try placing.tell()
        job = placing.job
        try tx.pushFolders(entries.filter { !$0.isFile && !$0.isPurged }.map(\.id), of: job.id)
        job.succeeded += Int64(entries.count)
        if let last = entries.last, entries.count < found.count || found.count == limit {
            job.position = last.id.rawValue
            return placing.spent
        }
        return try placing.spent + nextFolder(&job)
    }

    /// As many as may be worked on before the time is looked at: bringing an asset back, or giving it its texts, costs as much as a look
    /// at many.
    private static func part(of entries: [RestoreEntry]) -> ArraySlice<RestoreEntry> {
        var left = 50
        let end = entries.firstIndex { entry in
            if entry.isMissing || !entry.isInPlace || entry.hasOtherContent { left -= 1 }
            return left == 0
        }
        return end.map { entries[...$0] } ?? entries[...]
    }

    private func nextFolder(_ job: inout Job) throws -> Int {
        job.position = 0
        if let next = try tx.folder(of: job.id, after: job.queue) {
            job.queue = next.number
            job.folder = next.folder
        } else {
            job.folder = nil
            enter(.removing, &job)
        }
        return 1
    }

    // MARK: Removing

    private func remove(_ job: inout Job, limit: Int) throws -> Int {
        let first = AssetID(rawValue: job.position)
        guard let last = try tx.snapshotWindow(of: base, after: first, window: limit) else {
            enter(.trashing, &job)
            return 1
        }
        job.position = last.rawValue
        let extra = try removable(try tx.extraAssets(to: wanted, since: base, after: first, upTo: last))
        var folders = FolderNotices()
        let files = OrderedDictionary(grouping: extra.filter(\.isFile), by: \.parent)
        for case (let parent?, let files) in files {
            try tx.purge(files.map(\.id), childrenOf: parent, project: job.project, files: true, now: now)
            folders.add(try removeEmpty(from: parent))
        }
        for folder in extra where !folder.isFile { folders.add(try removeEmpty(from: folder.id)) }
        try folders.append(to: tx, in: job.project)
        return limit / 4 + extra.count
    }

    /// Those that nobody has changed since the restore began.
    private func removable(_ ids: [AssetID]) throws -> [Asset] {
        let before = try tx.snapshotAssets(ids, of: base)
        return try tx.assets(ids).filter { asset in
            guard let old = before[asset.id] else { return false }
            return asset.parent == old.parent && (asset.name == old.name || asset.hasMadeRoom)
                && asset.status == old.status && asset.content?.blob == old.content?.blob && asset.hasTexts(of: old)
        }
    }

    /// Removes a folder that does not belong here and has become empty, and those above it that have by that; answers the first that
    /// stays.
    private func removeEmpty(from folder: AssetID) throws -> AssetID {
        var folder = folder
        while let asset = try tx.asset(folder), let parent = asset.parent, asset.fileCount + asset.folderCount == 0,
            try tx.snapshotAssets([folder], of: wanted).isEmpty, try !removable([folder]).isEmpty
        {
            try tx.purge([folder], childrenOf: parent, project: asset.project, files: false, now: now)
            folder = parent
        }
        return folder
    }

    // MARK: Trashing

    private func trash(_ job: inout Job, limit: Int) throws -> Int {
        let rows = try tx.folders(of: job.id, before: job.queue, limit: limit)
        guard let last = rows.last else {
            // `isInFiles` says that the pass has changed something. What could not go because of something that went later in it
            // can go in the next.
            if job.isInFiles, job.hasSkipped {
                (job.isInFiles, job.hasSkipped) = (false, false)
                enter(.trashing, &job)
            } else {
                enter(job.hasMadeRoom ? .renaming : .clearing, &job)
            }
            return 1
        }
        let candidates = try tx.foldersToTrash(among: rows.map(\.folder), of: wanted, since: base)
        var spent = rows.count / 4
        for row in rows where candidates.contains(row.folder) {
            spent += 5
            if try tx.hasChildren(row.folder, with: .published) {
                job.hasSkipped = true
                continue
            }
            job.isInFiles = true
            let change = StatusChange(
                project: job.project, from: .published, to: .deleted, job: job.id, now: now)
            _ = try tx.apply(change, to: [row.folder])
            spent += try placeTrashed(row.folder, &job)
            job.queue = row.number
            if spent >= limit { return spent }
        }
        job.queue = last.number
        return max(spent, 1)
    }

    /// A published folder cannot lie in a deleted one: it waits for its place until it is in the trash itself.
    private func placeTrashed(_ id: AssetID, _ job: inout Job) throws -> Int {
        guard let asset = try tx.asset(id), let old = try tx.snapshotAssets([id], of: base)[id],
            let new = try tx.snapshotAssets([id], of: wanted)[id], let parent = new.parent,
            let folder = try tx.states(of: [job.standIn(for: parent)]).first
        else { return 0 }
        var placing = Placing(sweep: self, job: job, folder: folder)
        _ = try placing.relocate(asset, from: old, to: new)
        try placing.tell()
        job = placing.job
        if let left = asset.parent {
            // It may have been the last that kept this folder from being removed.
            let stays = try removeEmpty(from: left)
            if stays != left { try tx.appendUpdate(of: stays, in: job.project) }
        }
        return placing.spent
    }

    // MARK: Renaming

    private func rename(_ job: inout Job, limit: Int) throws -> Int {
        let first = AssetID(rawValue: job.position)
        guard let last = try tx.snapshotWindow(of: base, after: first, window: limit) else {
            enter(.clearing, &job)
            return 1
        }
        job.position = last.rawValue
        let found = try tx.assets(since: base, after: first, upTo: last, withNamePrefix: Asset.roomPrefix)
            .filter(\.hasMadeRoom)
        let before = try tx.snapshotAssets(found.map(\.id), of: base)
        for asset in found {
            guard let parent = asset.parent, let old = before[asset.id] else { continue }
            let name = try tx.freeName(AssetName(stored: old.name), in: parent, for: asset.id)
            try tx.move(asset, to: parent, name: name, now: now)
            try tx.append(.update, .assets, [asset.gid], in: job.project)
        }
        return limit / 4 + found.count * 5
    }
}

extension Job {
    /// How far a restore is that has begun to change the project.
    enum RestorePhase: String {
        case placing, removing, trashing, renaming, clearing
    }

    /// nil as long as the backup of what there was is being made.
    var restorePhase: RestorePhase? {
        get { parameters[key: "phase"]?.stringValue.flatMap(RestorePhase.init) }
        set { setParameter("phase", newValue.map { .string($0.rawValue) }) }
    }

    /// Half of it is worth nothing: it goes on to its end, whatever becomes of the user who began it.
    var mustEnd: Bool { restorePhase != nil }

    /// The place in the list of folders.
    fileprivate(set) var queue: Int64 {
        get { parameter("queue") ?? 0 }
        set { setParameter("queue", .int(newValue)) }
    }

    fileprivate var hasSkipped: Bool {
        get { parameters[key: "skipped"]?.boolValue ?? false }
        set { setParameter("skipped", .bool(newValue)) }
    }

    /// Whether anything got a name for the time being.
    var hasMadeRoom: Bool {
        get { parameters[key: "renamed"]?.boolValue ?? false }
        set { setParameter("renamed", .bool(newValue)) }
    }

    /// The folder that what lies in a wanted folder goes into: mostly itself, or one of the same name that was made meanwhile.
    func standIn(for folder: AssetID) -> AssetID {
        let id = parameters[key: "stand_ins"]?[key: String(folder.rawValue)]?.intValue
        return id.map { AssetID(rawValue: $0) } ?? folder
    }

    mutating func setStandIn(_ other: AssetID, for folder: AssetID) {
        var standIns = parameters[key: "stand_ins"]?.objectValue ?? [:]
        standIns[String(folder.rawValue)] = .int(other.rawValue)
        setParameter("stand_ins", .object(standIns))
    }

    private mutating func setParameter(_ name: String, _ value: JSON?) {
        var members = parameters.objectValue ?? [:]
        members[name] = value
        parameters = .object(members)
    }
}
