import AssetCore
import OrderedCollections

/// The assets that image entries of metadata name: so that the entries of a purged one are found (project reference 2.6).
extension SQLTransaction {
    /// Writes down what the asset's metadata names now.
    func noteImages(of asset: Asset) throws {
        try db.execute("DELETE FROM metadata_images WHERE asset_id = ?", [.id(asset.id)])
        for gid in Set(try asset.imageReferences()) {
            try db.execute(
                "INSERT INTO metadata_images (asset_id, image_gid) VALUES (?, ?)", [.id(asset.id), .gid(gid)])
        }
    }

    /// Before these assets are removed: what names them has to be looked at.
    func noteLostImages(_ ids: [AssetID]) throws {
        try db.execute(
            """
            INSERT INTO lost_images (asset_id)
            SELECT DISTINCT metadata_images.asset_id FROM metadata_images JOIN assets ON assets.gid = image_gid
            WHERE assets.id IN (\(list(ids)))
            ON CONFLICT DO NOTHING
            """, [], isCached: false)
    }

    func assetsWithLostImages(limit: Int) throws -> [AssetID] {
        // What a restore has not brought back yet is not lost.
        try db.all(
            """
            SELECT asset_id FROM lost_images JOIN assets ON assets.id = lost_images.asset_id
            WHERE assets.project_id NOT IN (\(Self.projectsInRestore)) ORDER BY asset_id LIMIT ?
            """, [.count(limit)]
        ) { $0.id(0) }
    }

    func forgetLostImages(of ids: [AssetID]) throws {
        try db.execute("DELETE FROM lost_images WHERE asset_id IN (\(list(ids)))", [], isCached: false)
    }
}
