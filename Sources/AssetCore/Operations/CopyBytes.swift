import Crypto
import NIOCore

extension BlobStore {
    /// The SHA-256 of the first `size` bytes of a blob.
    /// - Throws: as `read` does.
    package func hash(of location: String, size: Int64) async throws -> [UInt8] {
        var hash = SHA256()
        if size > 0 {
            try await read(location, range: 0..<size) { piece in
                piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            }
        }
        return Array(hash.finalize())
    }

    /// Streams a blob into another store (or a second time into this one), where it gets a place of its own. Holds two pieces in
    /// memory.
    /// - Parameter taken: hears of each piece that has gone over, in bytes.
    /// - Returns: what the target has stored; the caller compares its hash.
    /// - Throws: as `read` and `put` do.
    package func copy(
        _ location: String, size: Int64, to target: any BlobStore,
        taken: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> StoredBlob {
        let pipe = BytePipe()
        async let reading: Void = pipe.fill { send in
            if size > 0 {
                try await read(location, range: 0..<size) { piece in
                    taken(piece.readableBytes)
                    try await send(piece)
                }
            }
        }
        let stored = try await target.put(pipe, limit: size)
        try await reading
        return stored
    }
}

/// Turns what one task sends into what another asks for; a piece is sent when the one before has been asked away.
private struct BytePipe: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    private let pieces = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
    private let demand = AsyncStream<Void>.makeStream()

    /// Ends the sequence when `body` ends, and fails it when `body` fails.
    func fill(_ body: ((ByteBuffer) async throws -> Void) async throws -> Void) async throws {
        do {
            var requests = demand.stream.makeAsyncIterator()
            try await body { piece in
                // Ends only when the task that asks is gone.
                guard await requests.next() != nil else { throw CancellationError() }
                pieces.continuation.yield(piece)
            }
            pieces.continuation.finish()
        } catch {
            pieces.continuation.finish(throwing: error)
            throw error
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(pieces: pieces.stream.makeAsyncIterator(), demand: demand.continuation)
    }

    struct Iterator: AsyncIteratorProtocol {
        var pieces: AsyncThrowingStream<ByteBuffer, any Error>.AsyncIterator
        let demand: AsyncStream<Void>.Continuation

        mutating func next() async throws -> ByteBuffer? {
            demand.yield()
            return try await pieces.next()
        }
    }
}
