import AssetCore
import Crypto
import NIOCore

/// Bytes that are sent in one request.
struct UploadPart: Sendable {
    /// Of a mebibyte each, but for the last: a single buffer would take the next power of two of memory.
    let bytes: [ByteBuffer]
    let count: Int
    let checksum: S3Checksum.Value
}

/// Cuts the body of an upload into parts, and hashes on the way: the whole for the catalog, each part for the store.
struct PartCollector<Source: AsyncIteratorProtocol> where Source.Element == ByteBuffer {
    private static var bufferSize: Int { 1 << 20 }

    private var source: Source
    private let limit: Int64
    private let checksum: S3Checksum
    private var hash = SHA256()
    private var rest = ByteBuffer()
    private(set) var received: Int64 = 0

    init(_ source: Source, limit: Int64, checksum: S3Checksum) {
        self.source = source
        self.limit = limit
        self.checksum = checksum
    }

    /// The next part: `size` bytes, or fewer (perhaps none) when these are the last.
    /// - Throws: `tooLarge` as soon as more than the limit has come; what the source throws.
    mutating func next(_ size: Int) async throws -> UploadPart {
        var bytes: [ByteBuffer] = []
        var count = 0
        var digest = S3Checksum.Digest(checksum)
        while true {
            while count < size, rest.readableBytes > 0 {
                if (bytes.last?.readableBytes ?? Self.bufferSize) == Self.bufferSize {
                    bytes.append(ByteBuffer())
                    // Most files are smaller than a buffer, so only what has filled one gets room for a whole one at once.
                    if count > 0 { bytes[bytes.count - 1].reserveCapacity(Self.bufferSize) }
                }
                let room = min(size - count, Self.bufferSize - bytes[bytes.count - 1].readableBytes)
                guard let piece = rest.readSlice(length: min(rest.readableBytes, room)) else { break }
                piece.withUnsafeReadableBytes {
                    hash.update(bufferPointer: $0)
                    digest.update($0)
                }
                bytes[bytes.count - 1].writeImmutableBuffer(piece)
                count += piece.readableBytes
            }
            if count == size { break }
            guard let buffer = try await source.next() else { break }
            received += Int64(buffer.readableBytes)
            guard received <= limit else {
                throw AssetError(.tooLarge, "The file is larger than the limit of \(limit) bytes")
            }
            rest = buffer
        }
        // Some sequences, AsyncStream among them, simply end when the task is cancelled: those bytes are not the whole file.
        try Task.checkCancellation()
        return UploadPart(bytes: bytes, count: count, checksum: digest.value())
    }

    /// SHA-256 of all that has been handed out.
    func finalHash() -> [UInt8] { Array(hash.finalize()) }
}
