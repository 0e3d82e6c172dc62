import AssetCore
import OrderedCollections

/// The calls below `/api/p/<project>/assets/` that are about one asset or a list of them (project reference 5).
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
                caller, of: try call.reference(gid: "asset", pathname: "pathname"), top: try call.pageTop(),
                size: try call.pageSize(default: 100))
            return list(["children"], page, caller)
        },
        "assets/tree": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let open =
                call.value("expanded_assets") == nil
                ? try call.pathnames("expanded_paths") : try call.gids("expanded_assets").map(AssetReference.gid)
            let page = try await call.service.tree(
                caller, open: open, top: try call.pageTop(), size: try call.pageSize(default: 100))
            return list(["tree"], page, caller)
        },
        "assets/worksheet": RPCEntry(.member) { call in try await worksheet(call) },
        "assets/search": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let page = try await call.service.search(
                caller, try SearchQuery(parsing: call.parameters), top: try call.pageTop(),
                size: try call.pageSize(default: 10))
            // The reference does not tell which of the two names clients expect.
            return list(["assets", "results"], page, caller)
        },
        "assets/create": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let parent = try call.gid("parent")
            let name = try AssetName(try call.optionalString("name") ?? "new folder")
            return withParent(try await call.service.createFolder(caller, in: .gid(parent), named: name), caller)
        },
        "assets/upload": RPCEntry(.member, isUpload: true) { call in try await RPCUploads.upload(call) },
        "assets/upload_update": RPCEntry(.member, isUpload: true) { call in try await RPCUploads.update(call) },
        "assets/update": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let asset = try call.gid("asset")
            return one("asset", try await call.service.update(caller, .gid(asset), try RPCEdits.edit(call)), caller)
        },
        "assets/move": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let asset = try call.gid("asset")
            return withParent(
                try await call.service.move(caller, .gid(asset), to: .gid(try call.gid("parent"))), caller)
        },
        "assets/metadata/set": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let asset = try call.gid("asset")
            let name = try MetadataName(try call.string("name"))
            let patch = try RPCEdits.metadataPatch(call.parameters)
            return one("asset", try await call.service.setMetadata(caller, .gid(asset), name, patch), caller)
        },
        "assets/metadata/clear": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let asset = try call.gid("asset")
            let name = try MetadataName(try call.string("name"))
            return one("asset", try await call.service.clearMetadata(caller, .gid(asset), name), caller)
        },
        "assets/versions": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let (asset, versions) = try await call.service.versions(caller, of: .gid(try call.gid("asset")))
            var reply = one("asset", asset, caller)
            reply.result["versions"] = .array(versions.map(RPCModels.version))
            return reply
        },
        "assets/revert": RPCEntry(.member) { call in
            let caller = try call.requireCaller()
            let asset = try call.gid("asset")
            let version = Int64(try call.integer("version", in: 1...))
            return one("asset", try await call.service.revert(caller, .gid(asset), to: version), caller)
        },
        "assets/sign": RPCEntry(.member) { call in try await sign(call) },
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

    /// A URL under which everybody can read a private file for a while.
    private static func sign(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        let asset = try call.gid("asset")
        let seconds = min(try call.integer("expires_in", default: 3600, in: 1...), SignedAccess.maximumLifetime)
        let size = call.value("size") == nil ? nil : PreviewSize.edge(try call.integer("size", in: 0...))
        let signed = try await call.service.sign(caller, .gid(asset), seconds: seconds, previewSize: size)
        let name = size == nil ? signed.asset.name : "\(signed.asset.gid).webp"
        return RPCReply([
            "asset": JSON(signed.asset.gid),
            "url": .string("\(call.baseURL)/media/s/\(signed.token)/\(RESTModels.percentEncoded(name))"),
            "expires_on": .double(signed.expiresOn.seconds),
        ])
    }

    private static func worksheet(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        let sheet = try await call.service.worksheet(
            caller, of: .gid(try call.gid("asset")), top: try call.pageTop(), size: try call.pageSize(default: 20))
        return RPCReply(
            [
                "asset": JSON(sheet.asset.asset.gid), "path": gids(sheet.path), "children": gids(sheet.children.assets),
                "children.size": .int(sheet.children.total),
            ],
            data: ["assets": RPCModels.assets(sheet.path + sheet.children.assets, in: caller.project)])
    }

    // MARK: Shapes of answers

    private static func gids(_ assets: [LocatedAsset]) -> JSON { .array(assets.map { JSON($0.asset.gid) }) }

    static func one(_ key: String, _ asset: LocatedAsset, _ caller: Caller) -> RPCReply {
        RPCReply([key: JSON(asset.asset.gid)], data: ["assets": RPCModels.assets([asset], in: caller.project)])
    }

    /// A page of assets, under each of the names, with its size.
    static func list(_ keys: [String], _ page: AssetPage, _ caller: Caller) -> RPCReply {
        var reply = RPCReply(data: ["assets": RPCModels.assets(page.assets, in: caller.project)])
        for key in keys {
            reply.result[key] = gids(page.assets)
            reply.result[key + ".size"] = .int(page.total)
        }
        return reply
    }

    static func withParent(_ pair: AssetWithParent, _ caller: Caller) -> RPCReply {
        RPCReply(
            ["parent": JSON(pair.parent.asset.gid), "asset": JSON(pair.asset.asset.gid)],
            data: ["assets": RPCModels.assets([pair.asset, pair.parent], in: caller.project)])
    }
}
