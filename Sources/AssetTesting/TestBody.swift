import AssetCore
package import NIOCore

/// What a test throws, to see it come out again.
package struct TestFailure: Error {
    package init() {}
}

/// The body of an upload, cut into buffers as a socket might.
package struct TestBody: AsyncSequence, Sendable {
    package enum Ending: Sendable { case ends, fails }

    private let buffers: [ByteBuffer]
    private let ending: Ending

    package init(buffers: [ByteBuffer], ending: Ending = .ends) {
        self.buffers = buffers
        self.ending = ending
    }

    package init(_ bytes: [UInt8], bufferSize: Int = 65_536, ending: Ending = .ends) {
        let starts = stride(from: 0, to: bytes.count, by: bufferSize)
        self.init(buffers: starts.map { ByteBuffer(bytes: bytes[$0...].prefix(bufferSize)) }, ending: ending)
    }

    /// Bytes without a pattern that would hide a piece in the wrong place; always the same ones.
    package static func bytes(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(count))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    package func makeAsyncIterator() -> Iterator { Iterator(buffers: buffers[...], ending: ending) }

    package struct Iterator: AsyncIteratorProtocol {
        var buffers: ArraySlice<ByteBuffer>
        let ending: Ending

        package mutating func next() async throws -> ByteBuffer? {
            if let buffer = buffers.popFirst() { return buffer }
            if ending == .fails { throw TestFailure() }
            return nil
        }
    }
}

/// The body of an upload whose client falls silent after some bytes, until the task is cancelled.
package struct StalledBody: AsyncSequence, Sendable {
    /// What the body does when its task is cancelled; `AsyncStream` is one that ends.
    package enum Ending: Sendable { case ends, `throws` }

    private let bytes: TestBody
    private let ending: Ending
    private let stall = AsyncStream<Void>.makeStream()
    /// Never gives anything; ends when the task is cancelled.
    private let silence = AsyncStream<Void>.makeStream()

    package init(_ bytes: [UInt8], ending: Ending) {
        self.bytes = TestBody(bytes)
        self.ending = ending
    }

    /// Returns when all bytes have been taken and more have been asked for.
    package func hasStalled() async { for await _ in stall.stream { return } }

    package func makeAsyncIterator() -> Iterator { Iterator(body: self, bytes: bytes.makeAsyncIterator()) }

    package struct Iterator: AsyncIteratorProtocol {
        let body: StalledBody
        var bytes: TestBody.Iterator

        package mutating func next() async throws -> ByteBuffer? {
            if let buffer = try await bytes.next() { return buffer }
            body.stall.continuation.yield()
            for await _ in body.silence.stream {}
            if body.ending == .throws { throw CancellationError() }
            return nil
        }
    }
}
