extension Selection {
    /// The assets that are selected, in the order of the entries, each once; what does not exist is left out.
    ///
    /// All entries see the same snapshot. Eight bytes an asset are held in memory, and as much again when there are several
    /// entries, to find what was given twice.
    func evaluate(_ tx: any CatalogTransaction, in project: Project, now: Timestamp) throws -> [AssetID] {
        var ids: [AssetID] = []
        var seen: Set<AssetID> = []
        func take(_ found: [AssetID], excluding: Set<GID>) throws {
            let excluded = try tx.ids(of: excluding, in: project)
            for id in found where !excluded.contains(id) {
                if entries.count == 1 || seen.insert(id).inserted { ids.append(id) }
            }
        }
        for group in groups {
            switch group {
            case .assets(let gids):
                let found = try tx.assets(gids, in: project.id)
                let byGID = Dictionary(found.map { ($0.gid, $0.id) }, uniquingKeysWith: { first, _ in first })
                try take(gids.compactMap { byGID[$0] }, excluding: [])
            case .children(let gid, let excluding):
                guard let parent = try tx.asset(gid, in: project.id) else { continue }
                try take(try tx.childIDs(of: parent.id), excluding: excluding)
            case .search(let query, let excluding):
                try take(try tx.search(query, in: project.id, now: now), excluding: excluding)
            }
        }
        return ids
    }

    private enum Group {
        case assets([GID])
        case children(GID, Set<GID>)
        case search(SearchQuery, Set<GID>)
    }

    /// The entries, neighbouring gids looked up together.
    private var groups: [Group] {
        var groups: [Group] = []
        var gids: [GID] = []
        func flush() {
            if !gids.isEmpty { groups.append(.assets(gids)) }
            gids = []
        }
        for entry in entries {
            switch entry {
            case .asset(let gid):
                gids.append(gid)
                if gids.count == 500 { flush() }
            case .children(let parent, let excluding):
                flush()
                groups.append(.children(parent, excluding))
            case .search(let query, let excluding):
                flush()
                groups.append(.search(query, excluding))
            }
        }
        flush()
        return groups
    }
}

extension AssetTables {
    fileprivate func ids(of gids: Set<GID>, in project: Project) throws -> Set<AssetID> {
        let all = Array(gids)
        var ids: Set<AssetID> = []
        for start in stride(from: 0, to: all.count, by: 500) {
            for asset in try assets(Array(all[start..<min(start + 500, all.count)]), in: project.id) {
                ids.insert(asset.id)
            }
        }
        return ids
    }
}
