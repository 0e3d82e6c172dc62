/// What the check of the storage asks of the tables, and what its repairs change.
///
/// Each function looks at one moment: what a transaction keeps together is never seen half done. Windows are row numbers; a check
/// goes through them in order, so that it needs little memory and keeps no old state of the database alive for long.
package protocol CheckTables {
    /// What the database says about its own file; nothing where the database looks after that itself.
    func databaseDamage() throws -> [DamagedItem]
    /// Rows that name rows which do not exist: how many, and the first of them. Assets without a folder are left to `assetDamage`.
    func referenceDamage() throws -> (count: Int64, items: [DamagedItem])
    func rootDamage() throws -> [DamagedItem]
    /// Project feeds are told by the number of the project, the global feed by 0.
    func cursorDamage() throws -> [DamagedItem]
    /// - Parameter latest: no runner takes a job for longer.
    func leaseDamage(latest: Timestamp) throws -> [DamagedItem]

    /// The number of the asset that ends a window of `size` rows behind `first`; nil when there are no more.
    func assetWindow(after first: Int64, size: Int) throws -> ClosedRange<Int64>?
    /// Of one of the kinds that belong to assets: `rules`, `parents`, `cycles`, `names`, `counts`, `sizes`.
    func assetDamage(_ damage: Damage, in window: ClosedRange<Int64>) throws -> [DamagedItem]
    /// Files of the window whose words are not the right ones; nil when the index of this database cannot be looked at.
    func searchDamage(in window: ClosedRange<Int64>) throws -> [DamagedItem]?
    /// Words in the index that belong to no file.
    func strayWords(in window: ClosedRange<Int64>) throws -> [DamagedItem]
    func assetCount() throws -> Int64

    func blobCount() throws -> Int64
    /// By number.
    func blobs(after first: BlobID?, limit: Int) throws -> [Blob]
    /// Of these, the ones that nothing refers to and the sweeper does not know of.
    func unreferencedBlobs(_ window: ClosedRange<Int64>) throws -> [DamagedItem]
    /// The first asset, version or rendition that has these bytes.
    func owner(of blob: BlobID) throws -> (gid: GID, pathname: String)?

    // Repairs answer how many rows they changed. Each looks again, so that what has been put right meanwhile stays as it is.

    /// Counts what lies in these folders, and tells the feeds.
    func repairCounts(of folders: [AssetID]) throws -> Int
    /// Takes the sizes of these files from their bytes' rows, and tells the feeds.
    func repairSizes(of files: [AssetID]) throws -> Int
    /// Writes the words of these files anew, and removes those of what is no file.
    func repairWords(of files: [AssetID]) throws -> Int
    /// Raises the counter of a feed to its last line; 0 is the global feed.
    func repairCursor(of feed: Int64) throws -> Int
    func repairLease(of job: JobID, latest: Timestamp) throws -> Int
    /// Lets the sweeper look at these blobs.
    func repairUnreferenced(_ blobs: [BlobID], now: Timestamp) throws -> Int
    /// Names another place of the same bytes, if the row is still as it was.
    func repairLocation(of blob: Blob, to location: String) throws -> Int
}
