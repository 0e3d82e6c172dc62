/// A store that knows the size of what it keeps without reading it.
package protocol MeasuringBlobStore: BlobStore {
    /// The size in bytes; nil when nothing is stored there.
    /// - Throws: when the store cannot tell, for example because it cannot be reached: that is not the same as nil.
    func size(of location: String) async throws -> Int64?
}
