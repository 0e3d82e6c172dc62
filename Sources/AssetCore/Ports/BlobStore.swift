package import NIOCore

/// Bytes that have been stored.
package struct StoredBlob: Sendable, Hashable {
    /// SHA-256 of the bytes.
    package let hash: [UInt8]
    package let size: Int64
    /// Where the store keeps them: opaque, and never used a second time for other bytes.
    package let location: String

    package init(hash: [UInt8], size: Int64, location: String) {
        self.hash = hash
        self.size = size
        self.location = location
    }
}

/// A store of immutable bytes.
///
/// The catalog is the truth: a blob exists when a committed row names its location. The store may hold more than that (an upload
/// whose row was never committed); `BlobSweeper` removes what no row names.
package protocol BlobStore: Sendable {
    /// How far the moments that the store tells may lie before those of this machine's clock, in seconds.
    var clockTolerance: Double { get }

    /// Streams `body` into the store and hashes it on the way.
    ///
    /// When this returns, the bytes are durable: they survive a crash of the process and of the machine. When it throws, for
    /// whatever reason (the body fails, the limit is passed, the task is cancelled, the disk is full), nothing stays behind.
    /// - Throws: `tooLarge` when the body has more than `limit` bytes; what the body throws.
    func put<Body: AsyncSequence & Sendable>(_ body: Body, limit: Int64) async throws -> StoredBlob
    where Body.Element == ByteBuffer

    /// Streams the bytes `range` of a blob, in order, to `send`, in buffers of at most 1 MiB.
    ///
    /// The next piece is read while `send` works. Blobs are opened before the first `send`, so that a missing blob is reported
    /// before anything has been sent. A removal while this runs does not disturb it.
    /// - Throws: `internalError` when the location does not exist or is shorter than the range; what `send` throws;
    ///   `CancellationError`.
    func read(
        _ location: String, range: Range<Int64>, _ send: (ByteBuffer) async throws -> Void
    ) async throws

    /// All bytes of a blob that is kept in memory; nil of every other.
    func cachedBytes(of location: String) -> ByteBuffer?

    /// The first bytes of a blob, at most `length`.
    func head(_ location: String, length: Int) async throws -> ByteBuffer

    /// Removes a blob for good. Removing what does not exist is no error.
    func remove(_ location: String) async throws

    /// Removes several, as one call where the store can. When it throws, any of them may be gone; the others can be removed later.
    func remove(_ locations: [String]) async throws

    /// Goes through all stored locations, in batches of at most 1000, with the time at which each was stored; what is being
    /// stored right now may or may not be among them.
    func forEachBatch(_ body: ([(location: String, storedOn: Timestamp)]) async throws -> Void) async throws

    /// Removes the remains of uploads that were begun before `moment` and never finished; answers how many there were.
    func removeUnfinished(before moment: Timestamp) async throws -> Int
}

extension BlobStore {
    /// As `read`, for what is small enough to be held in memory.
    package func bytes(of location: String, range: Range<Int64>) async throws -> ByteBuffer {
        var bytes = ByteBuffer()
        try await read(location, range: range) { piece in
            if bytes.readableBytes == 0 { bytes = piece } else { bytes.writeImmutableBuffer(piece) }
        }
        return bytes
    }

    package var clockTolerance: Double { 0 }

    package func cachedBytes(of location: String) -> ByteBuffer? { nil }

    package func remove(_ locations: [String]) async throws {
        for location in locations { try await remove(location) }
    }
}

/// A store whose blobs are files on this machine.
package protocol LocalBlobStore: BlobStore {
    /// Opens a blob for reading, and blocks for as long as that takes. The descriptor is the caller's to close, and stays good
    /// when the blob is removed.
    /// - Throws: `internalError` when the location does not exist.
    @available(*, noasync)
    func openFile(_ location: String) throws -> CInt
}

/// A store that clients can fetch bytes from themselves, by a URL that is good for some minutes to whoever has it.
package protocol RedirectingBlobStore: BlobStore {
    /// nil when the store is not to be used like this. Makes no request, so that the blob may be missing.
    func downloadURL(_ location: String, _ headers: DownloadHeaders) -> String?
}

/// What the store says about bytes that it sends to a client.
package struct DownloadHeaders: Sendable, Equatable {
    package let contentType: String
    package let contentDisposition: String
    package let cacheControl: String

    package init(contentType: String, contentDisposition: String, cacheControl: String) {
        self.contentType = contentType
        self.contentDisposition = contentDisposition
        self.cacheControl = cacheControl
    }
}
