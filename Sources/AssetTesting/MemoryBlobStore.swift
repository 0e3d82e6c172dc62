package import AssetCore
import Crypto
import Foundation
package import NIOCore
import Synchronization

/// Bytes in memory: for tests of what stands above the blob store.
package final class MemoryBlobStore: MeasuringBlobStore, QuarantiningBlobStore, RedirectingBlobStore {
    private struct Behaviour {
        var clockTolerance = 0.0
        var redirects = false
    }

    private let behaviour = Mutex(Behaviour())
    private let blobs = Mutex<[String: (bytes: ByteBuffer, storedOn: Timestamp)]>([:])
    private let quarantine = Mutex<Set<String>>([])
    private let clock: WallClock

    package init(clock: WallClock = .system) { self.clock = clock }

    /// What is stored, for tests that look for leftovers.
    package var locations: Set<String> { blobs.withLock { Set($0.keys) } }

    package func put<Body: AsyncSequence & Sendable>(_ body: Body, limit: Int64) async throws -> StoredBlob
    where Body.Element == ByteBuffer {
        var bytes = ByteBuffer()
        for try await var piece in body {
            bytes.writeBuffer(&piece)
            if Int64(bytes.readableBytes) > limit {
                throw AssetError(.tooLarge, "The file is larger than \(limit) bytes")
            }
        }
        try Task.checkCancellation()
        let hash = Array(SHA256.hash(data: Data(bytes.readableBytesView)))
        let location = GID().description
        blobs.withLock { [bytes] in $0[location] = (bytes, clock.now()) }
        return StoredBlob(hash: hash, size: Int64(bytes.readableBytes), location: location)
    }

    package func read(
        _ location: String, range: Range<Int64>, _ send: (ByteBuffer) async throws -> Void
    ) async throws {
        guard let bytes = blobs.withLock({ $0[location]?.bytes }), range.upperBound <= Int64(bytes.readableBytes),
            var rest = bytes.getSlice(at: Int(range.lowerBound), length: range.count)
        else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "No such bytes: \(location)")
        }
        while let piece = rest.readSlice(length: min(rest.readableBytes, 1 << 20)), piece.readableBytes > 0 {
            try Task.checkCancellation()
            try await send(piece)
        }
    }

    package func cachedBytes(of location: String) -> ByteBuffer? { blobs.withLock { $0[location]?.bytes } }

    package func head(_ location: String, length: Int) async throws -> ByteBuffer {
        guard let bytes = blobs.withLock({ $0[location]?.bytes }) else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "No such bytes: \(location)")
        }
        return bytes.getSlice(at: 0, length: min(length, bytes.readableBytes)) ?? ByteBuffer()
    }

    /// For tests: 0 at first.
    package var clockTolerance: Double {
        get { behaviour.withLock { $0.clockTolerance } }
        set { behaviour.withLock { $0.clockTolerance = newValue } }
    }

    /// For tests: whether clients fetch bytes themselves; false at first.
    package var redirects: Bool {
        get { behaviour.withLock { $0.redirects } }
        set { behaviour.withLock { $0.redirects = newValue } }
    }

    /// Shows what is said about the bytes.
    package func downloadURL(_ location: String, _ headers: DownloadHeaders) -> String? {
        redirects
            ? "memory:\(location)|\(headers.contentType)|\(headers.contentDisposition)|\(headers.cacheControl)" : nil
    }

    package func remove(_ location: String) async throws { blobs.withLock { $0[location] = nil } }

    package func size(of location: String) async throws -> Int64? {
        blobs.withLock { $0[location].map { Int64($0.bytes.readableBytes) } }
    }

    package func quarantine(_ location: String) async throws {
        if blobs.withLock({ $0.removeValue(forKey: location) }) != nil {
            quarantine.withLock { _ = $0.insert(location) }
        }
    }

    /// What was put aside.
    package var quarantined: Set<String> { quarantine.withLock { $0 } }

    /// Bytes that rot.
    package func replace(_ location: String, with bytes: ByteBuffer) {
        blobs.withLock { $0[location]?.bytes = bytes }
    }

    package func forEachBatch(
        _ body: ([(location: String, storedOn: Timestamp)]) async throws -> Void
    ) async throws {
        let all = blobs.withLock { $0.map { (location: $0.key, storedOn: $0.value.storedOn) } }
        for start in stride(from: 0, to: all.count, by: 1000) {
            try await body(Array(all[start..<min(start + 1000, all.count)]))
        }
    }

    package func removeUnfinished(before moment: Timestamp) async throws -> Int { 0 }
}
