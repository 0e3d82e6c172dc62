extension AssetService {
    /// A page of the files that a query finds, the most relevant first (project reference 5.6). Neither `q` nor `filter` finds
    /// nothing.
    package func search(_ caller: Caller, _ query: SearchQuery, top: Int, size: Int) async throws -> AssetPage {
        try caller.require(.read)
        return try await searching(Self.searchTime) { [clock] tx in
            let page = try tx.searchPage(query, in: caller.project.id, now: clock.now(), top: top, size: size)
            return AssetPage(assets: try tx.located(page.ids), total: page.total)
        }
    }
}
