/// A row for bytes in the blob store.
package struct Blob: Sendable, Equatable {
    package let id: BlobID
    /// SHA-256.
    package let hash: [UInt8]
    package let size: Int64
    package let location: String

    package init(id: BlobID, hash: [UInt8], size: Int64, location: String) {
        self.id = id
        self.hash = hash
        self.size = size
        self.location = location
    }
}

/// A file in the media store, waiting to be attached (segment reference 4).
package struct FileToken: Sendable, Equatable {
    package let token: String
    package let user: UserID
    package let blob: Blob
    /// As uploaded; may contain folders.
    package let name: String

    package init(token: String, user: UserID, blob: Blob, name: String) {
        self.token = token
        self.user = user
        self.blob = blob
        self.name = name
    }
}

/// Blobs, the file tokens that hold them, and what the sweeper may remove.
package protocol BlobTables {
    func blob(_ id: BlobID) throws -> Blob?
    /// - Parameter hash: SHA-256.
    func blob(hash: [UInt8]) throws -> Blob?
    /// The row of these bytes: the one that is there already, or a new one that names `stored.location`.
    ///
    /// When another row has the same bytes, `stored.location` is not needed, and is queued for removal at once.
    /// - Parameter lost: the location of bytes that are not there. A row that names it names `stored.location` from now on.
    func claimBlob(_ stored: StoredBlob, replacing lost: String?, now: Timestamp) throws -> Blob

    func insertFileToken(
        _ token: String, user: UserID, blob: BlobID, name: String, now: Timestamp, expiresOn: Timestamp) throws
    /// The token, unless it is unknown, another user's, or expired.
    func fileToken(_ token: String, user: UserID, now: Timestamp) throws -> FileToken?
    /// Deletes what has expired, at most `limit` of them; answers how many.
    func deleteExpiredFileTokens(now: Timestamp, limit: Int) throws -> Int

    /// Looks again at blobs that lost a reference before `moment`: removes the rows of those that nothing refers to, and queues
    /// their locations for removal. At most `limit` candidates; answers how many were looked at.
    func releaseBlobs(before moment: Timestamp, now: Timestamp, limit: Int) throws -> Int
    /// Locations whose rows were gone before `moment`, at most `limit`.
    func removableLocations(before moment: Timestamp, limit: Int) throws -> [String]
    /// The store has removed these.
    func forgetLocations(_ locations: [String]) throws
    /// Those of `locations` that neither a blob nor the removal queue names. At most 1000.
    func unknownLocations(among locations: [String]) throws -> [String]
}

extension BlobTables {
    package func claimBlob(_ stored: StoredBlob, now: Timestamp) throws -> Blob {
        try claimBlob(stored, replacing: nil, now: now)
    }
}
