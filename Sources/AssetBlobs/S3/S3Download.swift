import AssetCore
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Reads a range of an object, going on from the next byte when the connection breaks.
struct S3Download {
    private static let largestPiece = 1 << 20

    let client: S3Client
    let key: String
    let range: Range<Int64>
    /// Whether an object that ends before the range is no error, but read to its end.
    var isClamped = false

    /// - Returns: the size of the whole object.
    /// - Throws: `S3Failure`; `internalError` when the object is shorter than the range; what `send` throws; `CancellationError`.
    func callAsFunction(_ send: (ByteBuffer) async throws -> Void) async throws -> Int64 {
        var offset = range.lowerBound
        guard var body = try await client.retry({ try await open(from: offset) }) else { return 0 }
        let size = body.size
        let end = min(range.upperBound, size)
        var failed = 0
        while offset < end {
            let start = offset
            do {
                try await pass(&body, &offset, upTo: end, send)
            } catch let interruption as Interruption {
                // What has come counts as success: only tries that bring nothing are limited.
                failed = offset > start ? 1 : failed + 1
                guard failed < client.retry.tries else { throw interruption.failure }
                try await Task.sleep(for: client.retry.delay(after: failed, asked: nil))
                let next = offset
                guard let again = try await client.retry({ try await open(from: next) }) else { throw tooShort }
                body = again
            }
        }
        return size
    }

    /// The store's side failed while bytes were coming.
    private struct Interruption: Error { let failure: S3Failure }

    private struct Body {
        var pieces: HTTPClientResponse.Body.AsyncIterator
        let size: Int64
    }

    private func request(from offset: Int64) -> S3Request {
        var request = S3Request(.GET, key)
        request.headers = [("Range", "bytes=\(offset)-\(range.upperBound - 1)")]
        return request
    }

    /// nil when nothing lies there, and that is no error.
    private func open(from offset: Int64) async throws -> Body? {
        let request = request(from: offset)
        let response: HTTPClientResponse
        do {
            response = try await client.open(request)
        } catch let failure as S3Failure where failure.status == 416 {
            if isClamped { return nil }
            throw tooShort
        }
        guard response.status == .partialContent,
            let content = response.headers.first(name: "Content-Range").flatMap(ContentRange.init),
            content.first == offset
        else {
            throw S3Failure(client.describe(request), "\(response.status.code) instead of the range from \(offset)")
        }
        guard isClamped || content.size >= range.upperBound else { throw tooShort }
        guard content.last == min(range.upperBound, content.size) - 1 else {
            throw S3Failure(client.describe(request), "a range that ends at \(content.last)")
        }
        return Body(pieces: response.body.makeAsyncIterator(), size: content.size)
    }

    private var tooShort: AssetError {
        AssetError(
            .internalError, AssetError.internalMessage,
            detail: "s3://\(client.settings.bucket)/\(key) has no bytes \(range)")
    }

    private func pass(
        _ body: inout Body, _ offset: inout Int64, upTo end: Int64, _ send: (ByteBuffer) async throws -> Void
    ) async throws {
        while offset < end {
            var next: ByteBuffer?
            do {
                next = try await body.pieces.next()
                try Task.checkCancellation()
            } catch {
                try Task.checkCancellation()
                throw Interruption(failure: S3Failure(client.describe(request(from: offset)), "\(error)"))
            }
            guard var bytes = next else {
                throw Interruption(
                    failure: S3Failure(client.describe(request(from: offset)), "the answer ends too early"))
            }
            guard offset + Int64(bytes.readableBytes) <= end else {
                throw S3Failure(client.describe(request(from: offset)), "the answer is too long")
            }
            while let piece = bytes.readSlice(length: min(bytes.readableBytes, Self.largestPiece)),
                piece.readableBytes > 0
            {
                try await send(piece)
                offset += Int64(piece.readableBytes)
                try Task.checkCancellation()
            }
        }
    }
}

/// `bytes 0-9/443`.
private struct ContentRange {
    let first: Int64
    let last: Int64
    let size: Int64

    init?(_ text: String) {
        guard text.hasPrefix("bytes ") else { return nil }
        let numbers = text.dropFirst(6).split { $0 == "-" || $0 == "/" }.compactMap { Int64($0) }
        guard numbers.count == 3, numbers[0] <= numbers[1], numbers[1] < numbers[2] else { return nil }
        (first, last, size) = (numbers[0], numbers[1], numbers[2])
    }
}
