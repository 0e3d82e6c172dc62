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
    private let downloads = ProjectCache<DownloadKey, Download>(maximumCount: 4000)

    private struct DownloadKey: Hashable {
        let path: String
        let query: String

        /// Longer ones are not remembered.
        static let maximumLength = 512
    }

    private struct Download: Sendable {
        let file: AssetService.FoundSegmentFile
        let scope: SegmentScope
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
        let key = DownloadKey(path: request.path, query: query)
        guard let download = (try? known(key, user)) ?? (try? find(key, user)),
            let bytes = service.blobs.cachedBytes(of: download.file.blob.location),
            bytes.readableBytes == download.file.blob.size
        else { return nil }
        do {
            try limiter?.count(user.id)
        } catch {
            return nil
        }
        return QuickAnswer(headers: download.headers, body: bytes)
    }

    private func known(_ key: DownloadKey, _ user: User) throws -> Download? {
        try downloads.known(key) { download in
            // Rights are asked for each time, so that they are remembered no longer than elsewhere.
            guard let caller = service.knownCaller(user, scope: download.scope), service.finds(download.file, caller)
            else { return nil }
            return try service.projectCursorNow(caller.project.id)
        }
    }

    private func find(_ key: DownloadKey, _ user: User) throws -> Download? {
        guard let segment = Int64(digits: key.path.dropFirst(Self.segments.count)) else { return nil }
        let query = try RESTQuery(key.query)
        let scope = try SegmentScope(parsing: try query.require("scope"))
        guard let caller = service.knownCaller(user, scope: scope),
            let (file, cursor) = try service.fileNow(caller, segment: segment, try query.segmentFile())
        else { return nil }
        let sent = Delivery.File(
            blob: file.blob, name: file.asset.name, type: nil, modifiedOn: file.asset.updatedOn,
            caching: .segment(isVersioned: try query.isVersioned()))
        guard let headers = delivery.headersOfWhole(sent) else { return nil }
        let download = Download(file: file, scope: scope, headers: QuickAnswer.lines(headers))
        if key.path.utf8.count + key.query.utf8.count <= DownloadKey.maximumLength {
            downloads.keep(download, for: key, at: cursor)
        }
        return download
    }
}
