/// Saved searches (project reference 8). A query is not run by its gid: clients copy `q` and `filter` into a search or a selection.
extension AssetService {
    /// The most saved queries of a project, and the largest filter as JSON, in bytes.
    package static let maximumQueries: Int64 = 10_000
    /// How long all filters of a project together may be, in bytes: each log-in reads them.
    package static let maximumFiltersBytes: Int64 = 4 << 20
    package static let maximumFilterBytes = 64 << 10

    /// - Throws: `unprocessable` when it does not exist.
    package func query(_ caller: Caller, _ gid: GID) async throws -> SavedQuery {
        try caller.require(.read)
        return try await catalog.read { try $0.requireQuery(gid, in: caller.project) }
    }

    /// In the order of `gids`; the ones that do not exist are left out.
    package func queries(_ caller: Caller, _ gids: [GID]) async throws -> [SavedQuery] {
        try caller.require(.read)
        return try await catalog.read { tx in try gids.compactMap { try tx.query($0, in: caller.project.id) } }
    }

    /// A name that is taken among the queries of its type gets a number.
    /// - Throws: `badParameter` for a name or filter that cannot be used; `unprocessable` when there are too many.
    package func createQuery(
        _ caller: Caller, _ kind: SavedQuery.Kind, name: String, q: String, filter: JSON?
    ) async throws -> SavedQuery {
        try caller.require(.write)
        let query = SavedQuery(gid: GID(), kind: kind, name: name, q: q, filter: filter ?? [])
        try query.check()
        return try await catalog.write(.project(caller.project.id)) { tx in try tx.insert(query, in: caller.project) }
    }

    /// What is nil stays.
    /// - Throws: `unprocessable` when it does not exist; `badParameter` for a name or filter that cannot be used.
    package func updateQuery(
        _ caller: Caller, _ gid: GID, name: String?, q: String?, filter: JSON?
    ) async throws -> SavedQuery {
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { tx in
            var query = try tx.requireQuery(gid, in: caller.project)
            query.name = name ?? query.name
            query.q = q ?? query.q
            query.filter = filter ?? query.filter
            try query.check()
            query.name = try tx.freeName(of: query, in: caller.project)
            try tx.save(query, in: caller.project.id)
            try tx.append(.update, .queries, [gid], in: caller.project.id)
            return query
        }
    }

    /// A copy under the next free name.
    package func copyQuery(_ caller: Caller, _ gid: GID) async throws -> SavedQuery {
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { tx in
            let query = try tx.requireQuery(gid, in: caller.project)
            return try tx.insert(
                SavedQuery(gid: GID(), kind: query.kind, name: query.name, q: query.q, filter: query.filter),
                in: caller.project)
        }
    }

    /// - Throws: `unprocessable` when it does not exist.
    package func deleteQuery(_ caller: Caller, _ gid: GID) async throws {
        try caller.require(.write)
        try await catalog.write(.project(caller.project.id)) { tx in
            let query = try tx.requireQuery(gid, in: caller.project)
            try tx.deleteQuery(query.gid, in: caller.project.id)
            try tx.append(.delete, .queries, [gid], in: caller.project.id)
        }
    }
}

extension SavedQuery {
    /// - Throws: `badParameter`. Filters of records and schemas belong to another server, and are kept as they are.
    fileprivate func check() throws(AssetError) {
        guard !name.isEmpty, name.utf8.count <= 255 else { throw .badParameter("name", "Use 1 to 255 bytes") }
        _ = try TextQuery(parsing: q)
        guard filter.arrayValue != nil else { throw .badParameter("filter", "Expected a list") }
        guard filter.text.utf8.count <= AssetService.maximumFilterBytes else {
            throw .badParameter("filter", "Longer than \(AssetService.maximumFilterBytes) bytes")
        }
        if kind == .asset { _ = try SearchFilter.parse(filter) }
    }
}

extension ProjectTables where Self: ChangeTables {
    fileprivate func insert(_ query: SavedQuery, in project: Project) throws -> SavedQuery {
        let size = try querySize(of: project.id)
        guard size.count < AssetService.maximumQueries, size.bytes < AssetService.maximumFiltersBytes else {
            throw AssetError.unprocessable("The project has too many queries")
        }
        var query = query
        query.name = try freeName(of: query, in: project)
        try save(query, in: project.id)
        try append(.insert, .queries, [query.gid], in: project.id)
        return query
    }
}

extension ProjectTables {
    fileprivate func requireQuery(_ gid: GID, in project: Project) throws -> SavedQuery {
        guard let query = try query(gid, in: project.id) else {
            throw AssetError.unprocessable("The query does not exist")
        }
        return query
    }

    fileprivate func freeName(of query: SavedQuery, in project: Project) throws -> String {
        var name = query.name
        var number = 1
        while try isQueryName(name, of: query.kind, takenIn: project.id, butBy: query.gid) {
            number += 1
            name = "\(query.name) \(number)"
        }
        return name
    }
}
