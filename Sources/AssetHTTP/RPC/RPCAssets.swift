import AssetCore
import OrderedCollections

/// The calls below `/api/p/<project>/assets/` (project reference 5).
enum RPCAssets {
    static let calls: [String: RPCEntry] = [
        "assets/root": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return one("root", try await call.service.root(caller), caller)
        },
        "assets/get": RPCEntry(.member) { call in try await get(call) },
        "assets/children": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let page = try await call.service.children(
                caller, of: try call.reference(gid: "asset", pathname: "pathname"),
                top: try call.integer("page.top", default: 0, in: 0...), size: try call.pageSize(default: 100))
            return list("children", page.assets, total: page.total, caller)
        },
        "assets/create": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let parent = try call.gid("parent")
            let name = try AssetName(call.value("name") == nil ? "new folder" : try call.string("name"))
            return withParent(try await call.service.createFolder(caller, in: .gid(parent), named: name), caller)
        },
        "assets/upload": RPCEntry(.member, isUpload: true) { call in try await RPCUploads.upload(call) },
        "assets/upload_update": RPCEntry(.member, isUpload: true) { call in try await RPCUploads.update(call) },
        "assets/delete": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return one("asset", try await call.service.delete(caller, .gid(try call.gid("asset"))), caller)
        },
        "assets/undelete": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return one("asset", try await call.service.undelete(caller, .gid(try call.gid("asset"))), caller)
        },
        "assets/permanent_delete": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            return one("parent", try await call.service.permanentDelete(caller, .gid(try call.gid("asset"))), caller)
        },
        "assets/bulk/get": RPCEntry(.member) { call in try await bulkGet(call) },
        "assets/bulk/delete": RPCEntry(.member) { call in
            job(try await call.service.bulkDelete(try call.requireCaller(), call.value("selection")))
        },
        "assets/bulk/undelete": RPCEntry(.member) { call in
            job(try await call.service.bulkUndelete(try call.requireCaller(), call.value("selection")))
        },
        "assets/bulk/permanent_delete": RPCEntry(.member) { call in
            job(try await call.service.bulkPermanentDelete(try call.requireCaller(), call.value("selection")))
        },
        "assets/bulk/move": RPCEntry(.member) { call in
            job(
                try await call.service.bulkMove(
                    try call.requireCaller(), call.value("selection"), to: try call.gid("parent")))
        },
    ]

    private static func get(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        // The first alternative in the documented order wins: asset, assets, pathname, pathnames.
        let references: [AssetReference]
        if call.value("asset") == nil, call.value("assets") != nil {
            references = try call.gids("assets").map(AssetReference.gid)
        } else if call.value("asset") == nil, call.value("pathname") == nil, call.value("pathnames") != nil {
            references = try call.pathnames("pathnames")
        } else {
            let reference = try call.reference(gid: "asset", pathname: "pathname")
            return one("asset", try await call.service.asset(caller, reference), caller)
        }
        let assets = try await call.service.assets(caller, references)
        return RPCReply(["assets": gids(assets)], data: ["assets": RPCModels.assets(assets, in: caller.project)])
    }

    private static func bulkGet(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        var cursor: String?
        if let value = call.value("page.cursor") {
            guard let text = value.stringValue else {
                throw AssetError.badSelection("'page.cursor' is not one of ours")
            }
            cursor = text
        }
        let page = try await call.service.bulkGet(
            caller, try Selection(parsing: call.value("selection")), cursor: cursor,
            size: try call.pageSize(default: 100))
        var reply = list("assets", page.assets, total: page.total, caller)
        reply.result["page.cursor"] = JSON(page.cursor)
        return reply
    }

    // MARK: Shapes of answers

    private static func gids(_ assets: [LocatedAsset]) -> JSON { .array(assets.map { JSON($0.asset.gid) }) }

    private static func one(_ key: String, _ asset: LocatedAsset, _ caller: Caller) -> RPCReply {
        RPCReply([key: JSON(asset.asset.gid)], data: ["assets": RPCModels.assets([asset], in: caller.project)])
    }

    private static func list(_ key: String, _ assets: [LocatedAsset], total: Int64, _ caller: Caller) -> RPCReply {
        RPCReply(
            [key: gids(assets), key + ".size": .int(total)],
            data: ["assets": RPCModels.assets(assets, in: caller.project)])
    }

    static func withParent(_ pair: AssetWithParent, _ caller: Caller) -> RPCReply {
        RPCReply(
            ["parent": JSON(pair.parent.asset.gid), "asset": JSON(pair.asset.asset.gid)],
            data: ["assets": RPCModels.assets([pair.asset, pair.parent], in: caller.project)])
    }

    private static func job(_ token: GID) -> RPCReply { RPCReply(["job.token": JSON(token)]) }
}
