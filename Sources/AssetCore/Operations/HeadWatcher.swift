import NIOCore
import Synchronization

/// A body of which the first bytes are kept while it passes.
final class HeadWatcher<Body: AsyncSequence & Sendable>: AsyncSequence, Sendable where Body.Element == ByteBuffer {
    typealias Element = ByteBuffer

    private let body: Body
    private let length: Int
    private let kept = Mutex(ByteBuffer())

    init(_ body: Body, length: Int) {
        self.body = body
        self.length = length
    }

    /// As many of the bytes that have passed as were asked for.
    var head: ByteBuffer { kept.withLock { $0 } }

    private func see(_ bytes: ByteBuffer) {
        kept.withLock { kept in
            let missing = Swift.min(length - kept.readableBytes, bytes.readableBytes)
            guard missing > 0, let slice = bytes.getSlice(at: bytes.readerIndex, length: missing) else { return }
            // Mostly the first piece has them all, and nothing is copied.
            if kept.readableBytes == 0 { kept = slice } else { kept.writeImmutableBuffer(slice) }
        }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var inner: Body.AsyncIterator
        fileprivate let watcher: HeadWatcher

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await inner.next()
            if let bytes { watcher.see(bytes) }
            return bytes
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(inner: body.makeAsyncIterator(), watcher: self) }
}
