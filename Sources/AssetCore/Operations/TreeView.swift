/// A folder with the way to it and a page of its children (project reference 5.5).
package struct Worksheet: Sendable {
    package let asset: LocatedAsset
    /// From the root down to the asset, both included.
    package let path: [LocatedAsset]
    package let children: AssetPage
}

extension AssetService {
    /// - Throws: `unprocessable` when the asset does not exist.
    package func worksheet(_ caller: Caller, of reference: AssetReference, top: Int, size: Int) async throws
        -> Worksheet
    {
        try caller.require(.read)
        return try await catalog.read { tx in
            let asset = try tx.require(reference, in: caller.project)
            let path = try tx.located(try tx.ancestors(of: asset.id).reversed() + [asset.id])
            let children = try tx.children(of: asset.id, top: top, size: size)
            let pathname = try tx.pathname(of: asset.id)
            return Worksheet(
                asset: try tx.located(asset), path: path,
                children: AssetPage(
                    assets: children.map { LocatedAsset(asset: $0, path: pathname) },
                    total: asset.fileCount + asset.folderCount))
        }
    }

    /// What a tree shows whose folders are partly open: the root, and behind each open folder that can be seen its children
    /// (project reference 5.4). The page is shifted so that it stays full. What does not exist, or is a file, is not open.
    package func tree(_ caller: Caller, open references: [AssetReference], top: Int, size: Int) async throws
        -> AssetPage
    {
        try caller.require(.read)
        return try await catalog.read { tx in
            guard let root = try tx.asset(caller.project.root) else { throw AssetError.unprocessable("No root") }
            var rows = TreeRows(tx, root: root)
            try rows.add(open: try Self.openFolders(references, tx, in: caller.project))
            let start = max(0, min(top, rows.count - size))
            return AssetPage(assets: try rows.page(from: start, size: size), total: Int64(rows.count))
        }
    }

    /// The open folders by the folder that they lie in.
    private static func openFolders(
        _ references: [AssetReference], _ tx: any CatalogTransaction, in project: Project
    ) throws -> [AssetID?: [Asset]] {
        var open: [AssetID: Asset] = [:]
        let gids = references.compactMap { if case .gid(let gid) = $0 { gid } else { nil } }
        for start in stride(from: 0, to: gids.count, by: 500) {
            for asset in try tx.assets(Array(gids[start..<min(start + 500, gids.count)]), in: project.id) {
                open[asset.id] = asset
            }
        }
        for case .pathname(let path) in references {
            if let asset = try tx.find(path, in: project) { open[asset.id] = asset }
        }
        return Dictionary(grouping: open.values.filter { !$0.isFile }, by: \.parent)
    }
}

/// The rows of a tree view as runs of neighbouring children, so that only the rows of the page are read.
private struct TreeRows {
    /// Children of one folder, from a position on.
    private struct Run {
        /// nil for the root itself.
        let parent: AssetID?
        let first: Int
        let count: Int
    }

    private let tx: any CatalogTransaction
    private let root: Asset
    private var runs: [Run] = []
    private(set) var count = 0

    init(_ tx: any CatalogTransaction, root: Asset) {
        self.tx = tx
        self.root = root
    }

    private mutating func append(_ run: Run) {
        guard run.count > 0 else { return }
        runs.append(run)
        count += run.count
    }

    /// The root, and what lies below it as far as it is open.
    mutating func add(open: [AssetID?: [Asset]]) throws {
        append(Run(parent: nil, first: 0, count: 1))
        if open[nil]?.contains(where: { $0.id == root.id }) == true { try addChildren(of: root, open) }
    }

    private mutating func addChildren(of folder: Asset, _ open: [AssetID?: [Asset]]) throws {
        var next = 0
        let inside = (open[folder.id] ?? []).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for child in inside {
            let rank = try tx.folderRank(of: child.name, in: folder.id)
            append(Run(parent: folder.id, first: next, count: rank + 1 - next))
            try addChildren(of: child, open)
            next = rank + 1
        }
        append(Run(parent: folder.id, first: next, count: Int(folder.fileCount + folder.folderCount) - next))
    }

    func page(from start: Int, size: Int) throws -> [LocatedAsset] {
        var locator = Locator(tx)
        var page: [LocatedAsset] = []
        var position = 0
        for run in runs {
            defer { position += run.count }
            let from = max(start, position)
            let until = min(start + size, position + run.count)
            guard from < until else { continue }
            let assets =
                if let parent = run.parent {
                    try tx.children(of: parent, top: run.first + from - position, size: until - from)
                } else {
                    [root]
                }
            for asset in assets { page.append(try locator.locate(asset)) }
        }
        return page
    }
}
