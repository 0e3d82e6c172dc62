package import AssetCore
import HTTPTypes
import NIOCore
import OrderedCollections

/// The calls that are made most, as far as they can be answered without waiting: `assets/get` of one asset, and the download of a small
/// file of a segment that is in memory.
///
/// Each says what the call in `RPCAssets` and `RESTSegmentAssets` would say, from the same functions, or nothing: when something is to be
/// looked up or done first that takes longer, and when the answer is an error.
package struct QuickAnswers: Sendable {
    private let service: AssetService
    private let tokens: TokenIssuer
    private let limiter: RateLimiter?
    private let delivery: Delivery
    private let downloads = AccessCache<DownloadKey, Download>()

    /// What a user asked for; all that decides on the answer is remembered with it, for as long as rights are.
    private struct DownloadKey: Hashable {
        let user: UserID
        let path: String
        let query: String
    }

    private struct Download: Sendable {
        let location: String
        let size: Int64
        let headers: String
    }

    /// - Parameters:
    ///   - tokens: the one of the router, which knows the tokens that were sent before.
    ///   - limiter: the one of the router.
    package init(
        service: AssetService, settings: ServerSettings, tokens: TokenIssuer, limiter: RateLimiter?
    ) {
        self.service = service
        self.tokens = tokens
        self.limiter = limiter
        delivery = Delivery(blobs: service.blobs, accelRedirect: settings.accelRedirect)
    }

    func answer(to request: QuickRequest) -> QuickAnswer? {
        switch request.method {
        case .post where request.path.hasSuffix("/assets/get"): asset(request)
        case .get where request.path.hasPrefix(Self.segments): download(request)
        case .get, .post, .other: nil
        }
    }

    private static let project = "/api/p/"

    private func asset(_ request: QuickRequest) -> QuickAnswer? {
        let path = request.path.utf8
        guard path.count == Self.project.utf8.count + 36 + "/assets/get".utf8.count,
            request.path.hasPrefix(Self.project),
            let project = GID(String(request.path.dropFirst(Self.project.count).prefix(36))),
            let token = tokens.known(request.authorization),
            let caller = service.knownCaller(token.user, in: project),
            let parameters = try? JSON(parsing: request.body.readableBytesView).objectValue,
            parameters.count == 1, let gid = parameters["asset"]?.stringValue.flatMap({ GID($0) }),
            let asset = try? service.assetNow(caller, .gid(gid))
        else { return nil }
        var body = ByteBuffer()
        body.reserveCapacity(1024)
        RPCAssets.one("asset", asset, caller).json.write(into: &body)
        return QuickAnswer(
            headers: """
                Authorization: \(token.text)\r
                Cache-Control: no-store\r
                Content-Type: application/json; charset=utf-8\r\n
                """, body: body)
    }

    private static let segments = "/api/resources/assets/"

    private func download(_ request: QuickRequest) -> QuickAnswer? {
        guard request.isWhole, request.contentLength == 0, let query = request.query,
            let token = request.authToken, let account = request.authAccount,
            let user = service.knownSession(token: RESTSessions.unquoted(token), account: account)
        else { return nil }
        let key = DownloadKey(user: user.id, path: request.path, query: query)
        guard let file = downloads.known(key, service.catalog.feedSignal) ?? (try? find(key, user)),
            let bytes = service.blobs.cachedBytes(of: file.location), bytes.readableBytes == file.size
        else { return nil }
        do {
            try limiter?.count(user.id)
        } catch {
            return nil
        }
        return QuickAnswer(headers: file.headers, body: bytes)
    }

    private func find(_ key: DownloadKey, _ user: User) throws -> Download? {
        guard let segment = Int64(digits: key.path.dropFirst(Self.segments.count)) else { return nil }
        let query = try RESTQuery(key.query)
        let scope = try SegmentScope(parsing: try query.require("scope"))
        // Read first: a change while the file is looked for makes what is found worthless.
        guard let caller = service.knownCaller(user, scope: scope) else { return nil }
        let generation = service.catalog.feedSignal.generation(of: caller.project.id)
        guard let (asset, blob) = try service.fileNow(caller, segment: segment, try query.segmentFile()) else {
            return nil
        }
        let file = Delivery.File(
            blob: blob, name: asset.name, type: nil, modifiedOn: asset.updatedOn,
            caching: .segment(isVersioned: try query.isVersioned()))
        guard let headers = delivery.headersOfWhole(file) else { return nil }
        let download = Download(location: blob.location, size: blob.size, headers: QuickAnswer.lines(headers))
        downloads.keep(download, for: key, as: generation, in: caller.project.id)
        return download
    }
}
