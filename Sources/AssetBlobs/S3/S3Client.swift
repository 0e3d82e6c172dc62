import AssetCore
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Signs requests, sends them, and reads what the store says when it refuses.
struct S3Client: Sendable {
    struct Answer {
        let headers: HTTPHeaders
        let body: ByteBuffer

        /// - Throws: `S3Failure` when it is not XML with this root.
        func xml(_ root: String, of request: String) throws -> S3XML {
            guard let xml = S3XML(body.readableBytesView), xml.name == root else {
                throw S3Failure(request, "the answer is not a \(root)")
            }
            return xml
        }
    }

    struct Timeouts: Sendable {
        var connect = TimeAmount.seconds(5)
        /// Without a byte from the store.
        var silence = TimeAmount.seconds(30)
        /// A body that goes out more slowly than this many bytes a second, on the whole, is given up.
        var slowestUpload = 32 << 10
    }

    /// Shared by all stores of the process, and never shut down: nothing of it must outlive the process.
    static let sharedHTTPClient = makeHTTPClient(Timeouts())

    static func makeHTTPClient(_ timeouts: Timeouts) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: timeouts.connect, read: timeouts.silence)
        // A client that reads slowly holds a connection for long; none of the others should wait for that.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        configuration.connectionPool.idleTimeout = .seconds(15)
        // What is tried again, and when, is decided in one place: `S3Retry`.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    /// The most that is collected of an answer: a page of 1000 keys has less than a megabyte.
    private static let maximumAnswer = 16 << 20
    private static let maximumErrorAnswer = 64 << 10

    let settings: S3Settings
    let http: HTTPClient
    var timeouts = Timeouts()
    var retry = S3Retry()
    var clock = WallClock.system

    /// Sends the request until it succeeds or must be given up, and collects the answer.
    /// - Throws: `S3Failure`, `CancellationError`.
    func send(_ request: S3Request) async throws -> Answer {
        try await retry { try await sendOnce(request) }
    }

    func sendOnce(_ request: S3Request) async throws -> Answer {
        let response = try await open(request)
        do {
            let body = try await response.body.collect(upTo: Self.maximumAnswer)
            try Task.checkCancellation()
            return Answer(headers: response.headers, body: body)
        } catch {
            throw failure(request, error)
        }
    }

    /// Sends the request once; the body of the answer is still to be read.
    /// - Throws: `S3Failure` when the store does not answer or refuses; `CancellationError`.
    func open(_ request: S3Request) async throws -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(signed(request), deadline: deadline(request))
        } catch {
            throw failure(request, error)
        }
        if (200..<300).contains(response.status.code) { return response }
        throw await refusal(of: request, response)
    }

    /// An answer that says with 200 that it failed: what takes long begins before its end is known.
    func failure(in answer: Answer, to request: S3Request) -> S3Failure? {
        guard let xml = S3XML(answer.body.readableBytesView), xml.name == "Error" else { return nil }
        return S3Failure(
            describe(request), status: 200, code: xml["Code"] ?? "InternalError", message: xml["Message"], region: nil,
            retryAfter: nil)
    }

    func describe(_ request: S3Request) -> String {
        let query = request.query.filter { ["uploads", "delete", "partNumber", "list-type"].contains($0.name) }
            .map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }.joined(separator: "&")
        return "\(request.method.rawValue) s3://\(settings.bucket)/\(request.key ?? "")"
            + (query.isEmpty ? "" : "?" + query)
    }

    // MARK: Addresses

    /// Host and percent-encoded path.
    func address(_ key: String?, at endpoint: S3Settings.Endpoint) -> (host: String, path: String) {
        let path = S3Signer.percentEncoded(key ?? "", keepsSlashes: true)
        switch settings.addressing {
        case .host: return ("\(settings.bucket).\(endpoint.host)", "/\(path)")
        case .path:
            // Without a slash after the bucket, which some stores would take for an object without a name.
            let bucket = S3Signer.percentEncoded(settings.bucket)
            return (endpoint.host, path.isEmpty ? "/\(bucket)" : "/\(bucket)/\(path)")
        }
    }

    private var signer: S3Signer { S3Signer(credentials: settings.credentials, region: settings.region) }

    private func signed(_ request: S3Request) -> HTTPClientRequest {
        let (host, path) = address(request.key, at: settings.endpoint)
        let hash = request.checksum.payloadHash
        let headers = signer.signedHeaders(
            of: S3Signer.Request(
                method: request.method.rawValue, path: path, query: request.query,
                headers: [("Host", host), ("x-amz-content-sha256", hash)] + request.headers + request.checksum.headers,
                payloadHash: hash), at: clock.now())
        let query = S3Signer.canonicalQuery(request.query)
        let scheme = settings.endpoint.isSecure ? "https" : "http"
        var signed = HTTPClientRequest(url: "\(scheme)://\(host)\(path)" + (query.isEmpty ? "" : "?" + query))
        signed.method = request.method
        signed.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
        if let body = request.body {
            // In pieces: a timer runs while the store is waited for, and that must not begin before the last piece has gone.
            signed.body = .stream(S3BodyPieces(bytes: body), length: .known(Int64(body.totalBytes)))
        } else if request.method == .PUT || request.method == .POST {
            signed.body = .bytes(ByteBuffer())
        }
        return signed
    }

    /// A URL by which anybody can get the object.
    func presignedURL(_ key: String, query: [(name: String, value: String)], seconds: Int) -> String {
        let (host, path) = address(key, at: settings.publicEndpoint)
        let query = signer.presignedQuery(
            of: S3Signer.Request(
                method: "GET", path: path, query: query, headers: [("host", host)],
                payloadHash: S3Signer.unsignedPayload), at: clock.now(), seconds: seconds)
        return "\(settings.publicEndpoint.isSecure ? "https" : "http")://\(host)\(path)?\(query)"
    }

    // MARK: What fails

    /// Until the head of the answer is there: the client's own timer does not run while the store takes nothing.
    private func deadline(_ request: S3Request) -> NIODeadline {
        let seconds = (request.body?.totalBytes ?? 0) / timeouts.slowestUpload
        return .now() + timeouts.connect + timeouts.silence + .seconds(Int64(seconds))
    }

    private func failure(_ request: S3Request, _ error: any Error) -> any Error {
        if Task.isCancelled || error is CancellationError { return CancellationError() }
        if error is S3Failure { return error }
        return S3Failure(describe(request), "no answer from \(settings.endpoint.host): \(error)")
    }

    private func refusal(of request: S3Request, _ response: HTTPClientResponse) async -> any Error {
        let body = try? await response.body.collect(upTo: Self.maximumErrorAnswer)
        if Task.isCancelled { return CancellationError() }
        let xml = body.flatMap { S3XML($0.readableBytesView) }
        return S3Failure(
            describe(request), status: Int(response.status.code), code: xml?["Code"], message: xml?["Message"],
            region: xml?["Region"] ?? response.headers.first(name: "x-amz-bucket-region"),
            retryAfter: response.headers.first(name: "Retry-After").flatMap(Double.init))
    }
}

extension [ByteBuffer] {
    fileprivate var totalBytes: Int { reduce(0) { $0 + $1.readableBytes } }
}

/// A body in pieces.
private struct S3BodyPieces: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let bytes: [ByteBuffer]
    private static let size = 128 << 10

    func makeAsyncIterator() -> Iterator { Iterator(rest: bytes[...]) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        var current = ByteBuffer()

        mutating func next() async -> ByteBuffer? {
            while current.readableBytes == 0 {
                guard let next = rest.popFirst() else { return nil }
                current = next
            }
            return current.readSlice(length: Swift.min(current.readableBytes, S3BodyPieces.size))
        }
    }
}
