extension RestoreSweep {
    /// One step's work on what lies in one folder of the wanted tree.
    struct Placing {
        private let sweep: RestoreSweep
        private(set) var job: Job
        /// The folder as it is; nil above the root.
        private let folder: AssetState?
        private(set) var spent = 0

        private var inserted: [GID] = []
        private var updated: [GID] = []
        private var folders = FolderNotices()

        private var tx: any CatalogTransaction { sweep.tx }
        private var now: Timestamp { sweep.now }

        init(sweep: RestoreSweep, job: Job, folder: AssetState?) {
            self.sweep = sweep
            self.job = job
            self.folder = folder
        }

        mutating func place(_ entries: ArraySlice<RestoreEntry>) throws {
            spent += entries.count / 4 + 1
            try revive(entries.filter(\.isMissing))
            var trashed: [AssetID] = []
            var published: [AssetID] = []
            var others: [RestoreEntry] = []
            for entry in entries where entry.now != nil {
                if !entry.isInPlace || entry.hasOtherContent {
                    others.append(entry)
                } else if isWanted(.deleted, entry), entry.isFile {
                    trashed.append(entry.id)
                } else if isWanted(.published, entry), folder?.status == .published {
                    published.append(entry.id)
                }
            }
            try change(trashed, to: .deleted)
            try change(published, to: .published)
            try restore(others)
        }

        /// Puts what was done into the feed.
        func tell() throws {
            try tx.append(.insert, .assets, inserted, in: job.project)
            try tx.append(.update, .assets, updated, in: job.project)
            try folders.append(to: tx, in: job.project)
        }

        private func isWanted(_ status: Asset.Status, _ entry: RestoreEntry) -> Bool {
            entry.wanted == status && entry.now != status && entry.now == entry.before
        }

        private mutating func change(_ ids: [AssetID], to status: Asset.Status) throws {
            if ids.isEmpty { return }
            let change = StatusChange(
                project: job.project, from: status == .deleted ? .published : .deleted, to: status, job: job.id,
                now: now)
            spent += try tx.apply(change, to: ids)
        }

        // MARK: What is gone

        private mutating func revive(_ missing: [RestoreEntry]) throws {
            guard let folder, !missing.isEmpty else { return }
            let taken = try tx.takenNames(among: missing.map(\.id), of: sweep.wanted, in: folder.id)
            try revive(missing.filter { !taken.contains($0.id) }, named: nil)
            guard !taken.isEmpty else { return }
            let wanted = try tx.snapshotAssets(Array(taken), of: sweep.wanted)
            for entry in missing where taken.contains(entry.id) {
                guard let asset = wanted[entry.id] else { continue }
                if !entry.isFile, let other = try folderMadeMeanwhile(asset.name, in: folder.id) {
                    job.setStandIn(other, for: entry.id)
                } else {
                    try revive([entry], named: try room(for: asset.name, in: folder.id, for: entry.id))
                }
            }
        }

        private mutating func revive(_ entries: [RestoreEntry], named name: String?) throws {
            guard let folder, !entries.isEmpty else { return }
            try tx.reviveAssets(
                entries.map(\.id), of: sweep.wanted, in: folder.id, named: name,
                // Somebody has put the folder into the trash meanwhile, with what it would have held.
                status: folder.status == .deleted ? .deleted : nil, now: now)
            inserted += entries.map(\.gid)
            folders.add(folder.id)
            spent += 2 * entries.count
        }

        private func folderMadeMeanwhile(_ name: String, in folder: AssetID) throws -> AssetID? {
            guard let other = try tx.child(of: folder, named: name), !other.isFile, other.status == .published,
                try tx.snapshotAssets([other.id], of: sweep.base).isEmpty,
                try tx.snapshotAssets([other.id], of: sweep.wanted).isEmpty
            else { return nil }
            return other.id
        }

        // MARK: What is there

        private mutating func restore(_ entries: [RestoreEntry]) throws {
            let ids = entries.map(\.id)
            let before = try tx.snapshotAssets(ids, of: sweep.base)
            let wanted = try tx.snapshotAssets(ids, of: sweep.wanted)
            for asset in try tx.assets(ids) {
                // What the restore itself brought back is not in the base.
                guard let old = before[asset.id], let new = wanted[asset.id] else { continue }
                try restore(asset, from: old, to: new)
            }
        }

        private mutating func restore(_ asset: Asset, from old: Asset, to new: Asset) throws {
            spent += 3
            let placed = asset.isRoot ? asset : try relocate(asset, from: old, to: new)
            var isChanged = false
            if let content = new.content, asset.content?.blob == old.content?.blob, content.blob != asset.content?.blob
            {
                try tx.restoreContent(of: asset, to: content, now: now)
                isChanged = true
            }
            let texts = asset.merging(old, new)
            if !texts.hasTexts(of: asset) {
                var changed = placed
                changed.takeTexts(of: texts)
                _ = try tx.update(changed, now: now)
                isChanged = true
            }
            if isChanged { updated.append(asset.gid) }
            guard asset.status == old.status, new.status != placed.status, let parent = placed.parent else { return }
            if new.status == .deleted {
                if asset.isFile { try change([asset.id], to: .deleted) }
            } else if try tx.states(of: [parent]).first?.status == .published {
                try change([asset.id], to: .published)
            }
        }

        /// Gives an asset the folder and the name that it shall have, as far as nobody has given it others meanwhile; answers it as it
        /// is then.
        mutating func relocate(_ asset: Asset, from old: Asset, to new: Asset) throws -> Asset {
            guard let folder, let parent = asset.parent else { return asset }
            let target = parent == old.parent ? folder.id : parent
            let wantedName = asset.name == old.name || asset.hasMadeRoom ? new.name : asset.name
            if target == parent, wantedName == asset.name { return asset }
            var asset = asset
            if target != parent {
                if folder.status == .deleted, asset.status == .published {
                    // A folder waits until what is in it is in the trash.
                    guard asset.isFile, new.status == .deleted, asset.status == old.status else { return asset }
                    try change([asset.id], to: .deleted)
                    asset.status = .deleted
                }
                if !asset.isFile, try target == asset.id || tx.ancestors(of: target).contains(asset.id) { return asset }
            }
            let name = try room(for: wantedName, in: target, for: asset.id)
            if target == parent, name == asset.name { return asset }
            try tx.move(asset, to: target, name: name, now: now)
            updated.append(asset.gid)
            folders.add(parent, target)
            spent += try 3 + tx.tellPathnames(below: asset, by: job.user, now: now)
            asset.parent = target
            asset.name = name
            return asset
        }

        /// The name, when nobody has it or who has it can make room; otherwise the first with a number. What others have put there
        /// meanwhile stays as they left it.
        private mutating func room(for name: String, in folder: AssetID, for id: AssetID) throws -> String {
            guard let other = try tx.child(of: folder, named: name), other.id != id else { return name }
            guard try isOnItsWay(other) else { return try tx.freeName(AssetName(stored: name), in: folder, for: id) }
            try tx.move(other, to: folder, name: Asset.roomPrefix + other.gid.description, now: now)
            updated.append(other.gid)
            job.hasMadeRoom = true
            spent += 3
            return name
        }

        /// Whether the restore itself will take it elsewhere, or away.
        private func isOnItsWay(_ asset: Asset) throws -> Bool {
            guard let old = try tx.snapshotAssets([asset.id], of: sweep.base)[asset.id],
                old.parent == asset.parent, old.name == asset.name
            else { return false }
            guard let new = try tx.snapshotAssets([asset.id], of: sweep.wanted)[asset.id] else { return true }
            return new.parent.map(job.standIn) != asset.parent || new.name != asset.name
        }
    }
}

extension Asset {
    /// The name of what makes room for others begins with this, until it has a name of its own again.
    static let roomPrefix = "restoring-"

    var hasMadeRoom: Bool { name == Self.roomPrefix + gid.description }

    func hasTexts(of other: Asset) -> Bool {
        title == other.title && description == other.description && metadata.text == other.metadata.text
            && transforms.text == other.transforms.text
    }

    fileprivate mutating func takeTexts(of other: Asset) {
        title = other.title
        description = other.description
        metadata = other.metadata
        transforms = other.transforms
    }

    /// With the texts of `new` where they still are those of `old`.
    fileprivate func merging(_ old: Asset, _ new: Asset) -> Asset {
        var merged = self
        if title == old.title { merged.title = new.title }
        if description == old.description { merged.description = new.description }
        if metadata.text == old.metadata.text { merged.metadata = new.metadata }
        if transforms.text == old.transforms.text { merged.transforms = new.transforms }
        return merged
    }
}
