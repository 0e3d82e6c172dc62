import AssetCore
import OrderedCollections

/// The calls below `/api/p/<project>/queries/` (project reference 8).
enum RPCQueries {
    static let calls: [String: RPCEntry] = [
        "queries/get": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            if call.value("query") == nil, call.value("queries") != nil {
                let queries = try await call.service.queries(caller, try call.gids("queries"))
                return RPCReply(["queries": .array(queries.map { JSON($0.gid) })], data: data(queries))
            }
            return one(try await call.service.query(caller, try call.gid("query")))
        },
        "queries/create": RPCEntry(.member) { call in
            guard let kind = SavedQuery.Kind(rawValue: try call.string("type")) else {
                throw AssetError.badParameter("type", "Expected asset, record or schema")
            }
            return one(
                try await call.service.createQuery(
                    try call.requireCaller(), kind, name: try call.string("name"),
                    q: try call.optionalString("q") ?? "", filter: call.value("filter")))
        },
        "queries/update": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let gid = try call.gid("query")
            let (name, q) = (try call.optionalString("name"), try call.optionalString("q"))
            guard name != nil || q != nil || call.value("filter") != nil else {
                throw AssetError.badParameter("query", "One of name, q, filter is required")
            }
            return one(
                try await call.service.updateQuery(caller, gid, name: name, q: q, filter: call.value("filter")))
        },
        "queries/copy": RPCEntry(.member) { call in
            one(try await call.service.copyQuery(try call.requireCaller(), try call.gid("query")))
        },
        "queries/delete": RPCEntry(.member) { call in
            try await call.service.deleteQuery(try call.requireCaller(), try call.gid("query"))
            return RPCReply()
        },
    ]

    private static func one(_ query: SavedQuery) -> RPCReply {
        RPCReply(["query": JSON(query.gid)], data: data([query]))
    }

    static func data(_ queries: [SavedQuery]) -> OrderedDictionary<String, JSON> {
        ["queries": RPCModels.queries(queries)]
    }
}
