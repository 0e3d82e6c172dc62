import OrderedCollections

/// How a call names an asset: by gid or by pathname.
package enum AssetReference: Sendable {
    case gid(GID)
    case pathname(AssetPath)
}

/// A page of a list, with the size of the whole.
package struct AssetPage: Sendable {
    package let assets: [LocatedAsset]
    package let total: Int64

    package init(assets: [LocatedAsset], total: Int64) {
        self.assets = assets
        self.total = total
    }
}

extension AssetService {
    /// The root folder (project reference 5.1).
    package func root(_ caller: Caller) async throws -> LocatedAsset {
        try caller.require(.read)
        return try await catalog.lookUp { tx in
            guard let root = try tx.asset(caller.project.root) else { throw AssetError.unprocessable("No root") }
            return LocatedAsset(asset: root, path: "/")
        }
    }

    /// One asset (project reference 5.2).
    /// - Throws: `unprocessable` when it does not exist.
    package func asset(_ caller: Caller, _ reference: AssetReference) async throws -> LocatedAsset {
        try caller.require(.read)
        return try await catalog.lookUp { tx in
            return try tx.located(try tx.require(reference, in: caller.project))
        }
    }

    /// As `asset`; nil when that would take longer than a look at the database's file.
    package func assetNow(_ caller: Caller, _ reference: AssetReference) throws -> LocatedAsset? {
        try caller.require(.read)
        return try catalog.lookUpNow { tx in
            let asset = try tx.require(reference, in: caller.project)
            guard let parent = asset.parent else { return try tx.located(asset) }
            let cursor = try tx.projectCursor(caller.project.id)
            if let path = paths.known(parent, cursor: { _ in cursor }) { return LocatedAsset(asset: asset, path: path) }
            let located = try tx.located(asset)
            paths.keep(located.path, for: parent, at: cursor)
            return located
        }
    }

    /// Several assets, by tree structure and then name; the ones that do not exist are left out (project reference 5.2).
    package func assets(_ caller: Caller, _ references: [AssetReference]) async throws -> [LocatedAsset] {
        try caller.require(.read)
        return try await catalog.read { tx in
            var found: OrderedDictionary<AssetID, Asset> = [:]
            let gids = references.compactMap { if case .gid(let gid) = $0 { gid } else { nil } }
            for start in stride(from: 0, to: gids.count, by: 500) {
                let batch = Array(gids[start..<min(start + 500, gids.count)])
                for asset in try tx.assets(batch, in: caller.project.id) { found[asset.id] = asset }
            }
            for case .pathname(let path) in references {
                if let asset = try tx.find(path, in: caller.project) { found[asset.id] = asset }
            }
            var locator = Locator(tx)
            let located = try found.values.map { try locator.locate($0) }
            return located.sorted { $0.treeOrder < $1.treeOrder }
        }
    }

    /// A page of a folder's children: folders first, then files, each by name (project reference 5.3). A file has none.
    /// - Throws: `unprocessable` when the folder does not exist.
    package func children(
        _ caller: Caller, of reference: AssetReference, top: Int, size: Int
    ) async throws -> AssetPage {
        try caller.require(.read)
        return try await catalog.read { tx in
            let parent = try tx.require(reference, in: caller.project)
            if parent.isFile { return AssetPage(assets: [], total: 0) }
            let path = try tx.pathname(of: parent.id)
            let children = try tx.children(of: parent.id, top: top, size: size)
            return AssetPage(
                assets: children.map { LocatedAsset(asset: $0, path: path) },
                total: parent.fileCount + parent.folderCount)
        }
    }
}

extension LocatedAsset {
    /// Component by component, so that a folder stands before what it contains and before longer names with the same start.
    fileprivate var treeOrder: TreeOrder {
        TreeOrder(names: asset.isRoot ? [] : pathname.dropFirst().split(separator: "/").map(String.init))
    }
}

private struct TreeOrder: Comparable {
    let names: [String]

    static func < (left: TreeOrder, right: TreeOrder) -> Bool { left.names.lexicographicallyPrecedes(right.names) }
}

/// Finds the folder paths of assets, each folder once.
struct Locator {
    private let tx: any AssetTables
    private var paths: [AssetID: String] = [:]

    init(_ tx: any AssetTables) { self.tx = tx }

    mutating func locate(_ asset: Asset) throws -> LocatedAsset {
        guard let parent = asset.parent else { return LocatedAsset(asset: asset, path: "/") }
        if let path = paths[parent] { return LocatedAsset(asset: asset, path: path) }
        let path = try tx.pathname(of: parent)
        paths[parent] = path
        return LocatedAsset(asset: asset, path: path)
    }
}

extension AssetTables {
    /// The assets with these ids, in their order, with their paths; the ones that do not exist are left out. At most 1000.
    func located(_ ids: [AssetID]) throws -> [LocatedAsset] {
        var locator = Locator(self)
        return try assets(ids).map { try locator.locate($0) }
    }

    /// One asset with its path.
    func located(_ asset: Asset) throws -> LocatedAsset {
        var locator = Locator(self)
        return try locator.locate(asset)
    }
}
