import AssetHTTP
import NIOCore
import Synchronization
import Testing

struct MultipartReaderTests {
    /// A body that ends within the file.
    private static let cutForm = """
        --AaB03x\r
        Content-Disposition: form-data; name="parent"\r
        \r
        gïd\r
        --AaB03x\r
        Content-Disposition: form-data; name="upload_file"; filename="a.txt"\r
        \r
        some
        """

    private static let form =
        cutForm + """
            \r\ndata\r
            --AaB03x\r
            Content-Disposition: form-data; name="last"\r
            \r
            end\r
            --AaB03x--\r\n
            """

    private static func reader(
        _ text: String, piecesOf size: Int = 5, maxParts: Int = 100
    ) throws -> MultipartReader<AsyncStream<ByteBuffer>> {
        let (body, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        for piece in multipartPieces(Array(text.utf8), of: size) { continuation.yield(ByteBuffer(bytes: piece)) }
        continuation.finish()
        return MultipartReader(body: body, boundary: try .of("AaB03x"), maxParts: maxParts)
    }

    /// What a blob store asks of a body.
    private static func put<Body: AsyncSequence & Sendable>(_ body: Body) async throws -> String
    where Body.Element == ByteBuffer {
        let task = Task {
            var bytes: [UInt8] = []
            for try await chunk in body { bytes += chunk.readableBytesView }
            return bytes
        }
        return String(decoding: try await task.value, as: UTF8.self)
    }

    @Test(arguments: [1, 2, 7, .max])
    func `fields as text and files to a store`(size: Int) async throws {
        let reader = try Self.reader(Self.form, piecesOf: size)
        var found: [String] = []
        while let part = try await reader.nextPart() {
            let text =
                if part.filename != nil {
                    try await Self.put(reader.chunks)
                } else {
                    try await reader.readText(limit: 100)
                }
            found.append("\(part.name ?? "-"): \(text)")
        }
        #expect(found == ["parent: gïd", "upload_file: some\r\ndata", "last: end"])
    }

    @Test(arguments: [0, 1, 100])
    func `nextPart skips what is left of a part`(chunksRead: Int) async throws {
        let reader = try Self.reader(Self.form)
        var names: [String?] = []
        while let part = try await reader.nextPart() {
            names.append(part.name)
            for _ in 0..<chunksRead { _ = try await reader.nextChunk() }
        }
        #expect(names == ["parent", "upload_file", "last"])
    }

    @Test func `there are no chunks outside a part`() async throws {
        let reader = try Self.reader(Self.form)
        #expect(try await reader.nextChunk() == nil)
        #expect(try await reader.nextPart()?.name == "parent")
        #expect(try await Self.put(reader.chunks) == "gïd")
        #expect(try await Self.put(reader.chunks) == "")
        #expect(try await reader.nextChunk() == nil)
        #expect(try await reader.nextPart()?.name == "upload_file")
    }

    @Test func `after the last part there is no other`() async throws {
        let reader = try Self.reader("--AaB03x--")
        #expect(try await reader.nextPart() == nil)
        #expect(try await reader.nextPart() == nil)
        #expect(try await reader.nextChunk() == nil)
    }

    @Test func `a field has a limit, and the next part can be read all the same`() async throws {
        let reader = try Self.reader(Self.form)
        _ = try await reader.nextPart()
        await #expect(throws: MultipartError.fieldTooLarge) { try await reader.readText(limit: 3) }
        #expect(try await reader.nextPart()?.name == "upload_file")
        #expect(try await reader.readText(limit: 10) == "some\r\ndata")
    }

    @Test func `a field must be UTF-8`() async throws {
        let head = "--AaB03x\r\nContent-Disposition: form-data; name=f\r\n\r\n"
        let (body, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        continuation.yield(ByteBuffer(bytes: Array(head.utf8) + [0xC3, 0x28] + Array("\r\n--AaB03x--".utf8)))
        continuation.finish()
        let reader = MultipartReader(body: body, boundary: try .of("AaB03x"))
        _ = try await reader.nextPart()
        await #expect(throws: MultipartError.fieldNotText) { try await reader.readText(limit: 100) }
        #expect(try await reader.nextPart() == nil)
    }

    @Test func `a body that ends early is not taken for a whole part`() async throws {
        let reader = try Self.reader(Self.cutForm)
        _ = try await reader.nextPart()
        _ = try await reader.nextPart()
        await #expect(throws: MultipartError.truncated) { try await Self.put(reader.chunks) }
        await #expect(throws: MultipartError.truncated) { try await reader.nextPart() }
    }

    @Test func `the parser's errors come through`() async throws {
        let reader = try Self.reader(Self.form, maxParts: 1)
        _ = try await reader.nextPart()
        await #expect(throws: MultipartError.tooManyParts) { try await reader.nextPart() }
    }

    private struct Disconnected: Error {}

    @Test func `the body's errors come through`() async throws {
        let (body, continuation) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
        continuation.yield(ByteBuffer(string: Self.cutForm))
        continuation.finish(throwing: Disconnected())
        let reader = MultipartReader(body: body, boundary: try .of("AaB03x"))
        _ = try await reader.nextPart()
        await #expect(throws: Disconnected.self) {
            while try await reader.nextPart() != nil {}
        }
        await #expect(throws: MultipartError.truncated) { try await reader.nextPart() }
    }

    @Test func `a cancelled task is told so, not that its sender cut the body`() async throws {
        let (body, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        continuation.yield(ByteBuffer(string: Self.cutForm))
        let reader = MultipartReader(body: body, boundary: try .of("AaB03x"))
        let task = Task {
            while try await reader.nextPart() != nil {}
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        continuation.finish()
    }

    /// Counts the buffers that were asked for.
    private final class CountingBody: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        let buffers: [ByteBuffer]
        let asked = Mutex(0)

        init(_ buffers: [String]) {
            self.buffers = buffers.map { ByteBuffer(string: $0) }
        }

        struct AsyncIterator: AsyncIteratorProtocol {
            let body: CountingBody
            var index = 0

            mutating func next() async -> ByteBuffer? {
                body.asked.withLock { $0 += 1 }
                defer { index += 1 }
                return index < body.buffers.count ? body.buffers[index] : nil
            }
        }

        func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(body: self)
        }
    }

    @Test func `the body is read only when a caller asks`() async throws {
        let body = CountingBody([
            "--AaB03x\r\nContent-Disposition: form-data; name=f\r\n\r\n1", "2", "3\r\n--AaB03x--\r\n", "epilogue",
        ])
        let reader = MultipartReader(body: body, boundary: try .of("AaB03x"))
        #expect(body.asked.withLock { $0 } == 0)
        _ = try await reader.nextPart()
        #expect(try await reader.nextChunk() == ByteBuffer(string: "1"))
        #expect(body.asked.withLock { $0 } == 1)
        #expect(try await reader.nextChunk() == ByteBuffer(string: "2"))
        #expect(body.asked.withLock { $0 } == 2)
        #expect(try await reader.readText(limit: 1) == "3")
        #expect(try await reader.nextPart() == nil)
        #expect(body.asked.withLock { $0 } == 3)
    }

    @Test func `chunks of a part that was skipped stop the program`() async {
        await #expect(processExitsWith: .failure) {
            guard let reader = try? MultipartReaderTests.reader(MultipartReaderTests.form) else { return }
            _ = try? await reader.nextPart()
            let chunks = await reader.chunks
            _ = try? await reader.nextPart()
            _ = try? await MultipartReaderTests.put(chunks)
        }
    }
}
