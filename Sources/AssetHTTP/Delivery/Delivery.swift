import AssetCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Sends the bytes of a file: `HEAD`, ranges, conditional requests, and headers that keep browsers from running what they show
/// (segment reference 6.6; RFC 9110).
struct Delivery: Sendable {
    let blobs: any BlobStore
    /// Begins the path by which a front server finds the bytes; nil = this server sends them.
    var accelRedirect: String?

    struct File: Sendable {
        let blob: Blob
        let name: String
        /// By the content, as an extension; nil goes by the name.
        let type: String?
        /// nil for what never changes.
        let modifiedOn: Timestamp?
        let caching: Caching
    }

    enum Caching: Sendable, Equatable {
        /// A file of the segment dialect, with or without a version in its URL.
        case segment(isVersioned: Bool)
        /// A file of the media store, which is its uploader's alone.
        case token
        /// Everybody's: for a minute, or for ever when the URL names the very bytes.
        case publicShort, publicForEver
        /// The caller's own, and different only when the file is.
        case preview
        case privateUntil(seconds: Int)

        var header: String {
            switch self {
            case .segment(let isVersioned): isVersioned ? "max-age=2592000" : "no-cache"
            case .token: "private, no-cache"
            case .publicShort: "public, max-age=60"
            case .publicForEver: "public, max-age=31536000, immutable"
            case .preview: "private, max-age=86400"
            case .privateUntil(let seconds): "private, max-age=\(seconds)"
            }
        }

        /// The request headers that the answer depends on.
        var vary: String? {
            switch self {
            case .segment, .token: "X-Auth-Token, X-Auth-AccountId"
            case .preview: "Authorization"
            case .publicShort, .publicForEver, .privateUntil: nil
            }
        }
    }

    func response(to request: Request, _ context: AppContext, _ file: File) async throws -> Response {
        let type = file.contentType
        let etag = file.etag
        let modified = file.modified
        var headers = file.headers
        if isUnchanged(request, etag: etag, modified: modified) {
            var response = Response(status: .notModified, headers: headers)
            // The length of a body that is not sent must not be stated as 0.
            response.headers[.contentLength] = nil
            return response
        }

        let disposition = file.disposition
        if let url = redirectURL(request, file, type: type, disposition: disposition) {
            // The URL is good for some minutes, and for whoever has it.
            var headers: HTTPFields = [.location: url, .cacheControl: "private, no-store"]
            headers[.vary] = file.caching.vary
            return Response(status: .found, headers: headers)
        }
        headers.append(contentsOf: file.contentHeaders)
        if let accelRedirect, request.method != .head {
            // The front server looks at ranges itself, and says so.
            headers[.acceptRanges] = nil
            headers[.accelRedirect] = accelRedirect + file.blob.location
            return Response(status: .ok, headers: headers)
        }
        var status = HTTPResponse.Status.ok
        var range = 0..<file.blob.size
        let isConditionMet = isRangeConditionMet(request, etag: etag, modified: modified)
        switch isConditionMet ? ByteRange(header: request.headers[.range], size: file.blob.size) : .whole {
        case .whole: break
        case .part(let part):
            status = .partialContent
            range = part
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.blob.size)"
        case .unsatisfiable:
            throw AnswerError(
                AssetError(.rangeNotSatisfiable, "The file has \(file.blob.size) bytes"),
                headers: [.contentRange: "bytes */\(file.blob.size)"])
        }
        headers[.contentLength] = String(range.count)
        if request.method == .head { return Response(status: status, headers: headers) }
        if range.count <= Self.largestWhole {
            return Response(
                status: status, headers: headers,
                body: ResponseBody(byteBuffer: try await blobs.bytes(of: file.blob.location, range: range)))
        }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: range.count) {
                [blobs, range, eventLoop = context.channel.eventLoop] writer in
                try await blobs.read(file.blob.location, range: range) { buffer in
                    try await writer.write(buffer)
                    // The writer takes more until the loop has found the socket full. Letting the loop turn keeps what waits
                    // there to a few buffers: without it eight downloads at once held 900 MB (2026-11).
                    try await eventLoop.submit {}.get()
                }
                try await writer.finish(nil)
            })
    }

    /// Those of an answer with the whole file, without its length; nil when such a file is sent in pieces, or by somebody else.
    func headersOfWhole(_ file: File) -> HTTPFields? {
        let isSentElsewhere =
            accelRedirect != nil || file.blob.size > Self.largestUnredirected && blobs is any RedirectingBlobStore
        guard !isSentElsewhere, file.blob.size <= Self.largestWhole else { return nil }
        return file.headers + file.contentHeaders
    }

    /// Where the client can fetch the bytes itself; nil when this server sends them.
    ///
    /// The store can be told the type, the name and the caching, but not `nosniff` and the sandbox: text that a browser might take
    /// for a page is left out. So are parts, which players ask for in numbers, and what scripts of other pages ask for, which the
    /// store would have to allow.
    private func redirectURL(_ request: Request, _ file: File, type: String, disposition: String) -> String? {
        guard request.method == .get, request.headers[.range] == nil, request.headers[.origin] == nil,
            file.blob.size > Self.largestUnredirected, !type.hasPrefix("text/") || !ContentTypes.isInline(type),
            let store = blobs as? any RedirectingBlobStore
        else { return nil }
        return store.downloadURL(
            file.blob.location,
            DownloadHeaders(
                contentType: type, contentDisposition: disposition, cacheControl: file.caching.header))
    }

    /// What is not larger is read before it is sent: then the whole answer is handed over at once.
    private static let largestWhole = 128 << 10

    /// Smaller files are sent faster than a client finds its way to another server.
    private static let largestUnredirected: Int64 = 64 << 10

    /// `If-None-Match` counts before `If-Modified-Since`.
    private func isUnchanged(_ request: Request, etag: String, modified: Date?) -> Bool {
        if let header = request.headers[.ifNoneMatch] {
            return header.split(separator: ",").contains { candidate in
                let text = candidate.trimmingCharacters(in: .whitespaces)
                return text == "*" || text == etag || text == "W/" + etag
            }
        }
        guard let modified, let since = request.headers[.ifModifiedSince].flatMap(Date.init(httpDate:)) else {
            return false
        }
        return modified <= since
    }

    /// `If-Range`: the range counts only for the same bytes.
    private func isRangeConditionMet(_ request: Request, etag: String, modified: Date?) -> Bool {
        guard let header = request.headers[.ifRange] else { return true }
        if header.hasPrefix("\"") || header.hasPrefix("W/") { return header == etag }
        return modified != nil && Date(httpDate: header) == modified
    }

    /// RFC 6266: an ASCII name for old clients, and the real one when it differs.
    static func disposition(_ name: String, isInline: Bool) -> String {
        let ascii = name.unicodeScalars.map { scalar in
            scalar.isASCII && scalar != "\"" && scalar != "\\" && scalar != "%" ? String(scalar) : "_"
        }.joined()
        let kind = isInline ? "inline" : "attachment"
        let extended = ascii == name ? "" : "; filename*=UTF-8''\(RESTModels.percentEncoded(name))"
        return "\(kind); filename=\"\(ascii)\"\(extended)"
    }
}

extension Delivery.File {
    var contentType: String {
        type.map { ContentTypes.type(ofExtension: $0) } ?? ContentTypes.type(of: AssetName(stored: name))
    }

    var etag: String { "\"\(Secrets.hex(blob.hash.prefix(16)))\"" }

    fileprivate var modified: Date? {
        modifiedOn.map { Date(timeIntervalSince1970: Double($0.microseconds / 1_000_000)) }
    }

    fileprivate var disposition: String {
        Delivery.disposition(name, isInline: ContentTypes.isInline(contentType))
    }

    /// Of every answer.
    fileprivate var headers: HTTPFields {
        var headers: HTTPFields = [
            .eTag: etag, .cacheControl: caching.header, .acceptRanges: "bytes", .xContentTypeOptions: "nosniff",
        ]
        headers[.vary] = caching.vary
        if let modified { headers[.lastModified] = modified.httpDate }
        return headers
    }

    /// Of those with bytes.
    fileprivate var contentHeaders: HTTPFields {
        let type = contentType
        var headers: HTTPFields = [.contentType: type, .contentDisposition: disposition]
        // Browsers show no PDF in a sandbox, and run nothing of it either.
        if type != "application/pdf" { headers[.contentSecurityPolicy] = "sandbox" }
        return headers
    }
}

extension HTTPField.Name {
    static let accelRedirect = HTTPField.Name("X-Accel-Redirect")!
}
