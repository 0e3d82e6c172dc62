/// A store that can put bytes aside, out of its own sight and of the sweeper's, until somebody decides about them.
package protocol QuarantiningBlobStore: BlobStore {
    /// Moves the bytes to a place of the same store (`quarantine/…`) that `forEachBatch` does not go through. The move is durable
    /// when this returns; a crash before leaves the bytes in one of the two places, or in both. Moving what does not exist, or has
    /// been moved already, is no error.
    func quarantine(_ location: String) async throws
}
