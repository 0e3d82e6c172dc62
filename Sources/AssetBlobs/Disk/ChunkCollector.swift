import AssetCore
import NIOCore

/// Joins the small buffers that come from a socket into chunks of one size, so that a file is not written in pieces of 2 KiB with
/// a change of thread for each; and counts them.
struct ChunkCollector<Source: AsyncIteratorProtocol> where Source.Element == ByteBuffer {
    private var source: Source
    private let chunkSize: Int
    private let limit: Int64
    private var received: Int64 = 0
    /// What did not fit into the chunk before.
    private var rest = ByteBuffer()

    init(_ source: Source, chunkSize: Int, limit: Int64) {
        self.source = source
        self.chunkSize = chunkSize
        self.limit = limit
    }

    /// The next chunk: `chunkSize` bytes, or fewer (perhaps none) when these are the last.
    /// - Throws: `tooLarge` as soon as more than `limit` bytes have come; what the source throws.
    mutating func next() async throws -> ByteBuffer {
        var chunk = ByteBuffer()
        // Most files are smaller than a chunk, so only one that has filled the first gets room for a whole one at once.
        if received >= chunkSize { chunk.reserveCapacity(chunkSize) }
        while true {
            if let part = rest.readSlice(length: min(rest.readableBytes, chunkSize - chunk.readableBytes)) {
                chunk.writeImmutableBuffer(part)
            }
            if chunk.readableBytes == chunkSize { return chunk }
            guard let buffer = try await source.next() else { return chunk }
            received += Int64(buffer.readableBytes)
            guard received <= limit else {
                throw AssetError(.tooLarge, "The file is larger than the limit of \(limit) bytes")
            }
            rest = buffer
        }
    }
}
