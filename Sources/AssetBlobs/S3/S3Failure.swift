import AssetCore

/// Why a request to the store failed.
struct S3Failure: Error, Sendable {
    /// Method and place, for the log.
    let request: String
    /// nil when no answer came.
    var status: Int?
    /// The store's word for it, such as `SlowDown`.
    var code: String?
    var message: String?
    /// Where the bucket is, when the store says so.
    var region: String?
    /// Seconds that the store asks to wait.
    var retryAfter: Double?
    /// How often it was tried, when it was tried again at all.
    var tries = 1

    /// No answer, or none that could be read.
    init(_ request: String, _ message: String) {
        self.request = request
        self.message = message
    }

    init(_ request: String, status: Int, code: String?, message: String?, region: String?, retryAfter: Double?) {
        self.request = request
        self.status = status
        self.code = code
        self.message = message
        self.region = region
        self.retryAfter = retryAfter
    }

    /// Codes that pass by themselves: the last ones mean that the bytes were damaged or cut on the way.
    private static let passing: Set = [
        "InternalError", "InternalServerError", "OperationAborted", "RequestTimeout", "RequestTimeoutException",
        "ServiceUnavailable", "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException",
        "TooManyRequests", "BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch",
    ]

    /// Whether trying again may help.
    var isTransient: Bool {
        if let code, Self.passing.contains(code) { return true }
        guard let status else { return true }
        return [408, 429, 500, 502, 503, 504].contains(status)
    }

    var isMissing: Bool { status == 404 && code != "NoSuchBucket" }

    /// What an administrator can do about it.
    var advice: String? {
        switch code {
        case "InvalidAccessKeyId": return "the store does not know this AWS_ACCESS_KEY_ID"
        case "SignatureDoesNotMatch":
            return "AWS_SECRET_ACCESS_KEY does not belong to this AWS_ACCESS_KEY_ID, the region is not the store's, "
                + "or a proxy changes requests"
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            return "AWS_SESSION_TOKEN has expired or is not valid"
        case "RequestTimeTooSkewed", "RequestExpired":
            return "the clocks of this machine and of the store differ by too much"
        case "NoSuchBucket": return "there is no such bucket"
        default: break
        }
        if let region, [301, 307, 400, 403].contains(status) {
            return "the bucket is in the region \(region): set region=\(region)"
        }
        switch status {
        case 301, 307: return "the bucket is in another region, or has another endpoint"
        case 401, 403: return "these credentials may not do that"
        case 404: return "there is no such bucket or object"
        default: return nil
        }
    }

    var description: String {
        let answer = [status.map(String.init), code, message].compactMap { $0 }.joined(separator: " ")
        let times = tries > 1 ? " (tried \(tries) times)" : ""
        return "\(request): \(answer)\(times)" + (advice.map { ": \($0)" } ?? "")
    }

    var assetError: AssetError {
        if isMissing { return AssetError(.internalError, AssetError.internalMessage, detail: description) }
        return AssetError(.unavailable, "The store of files does not answer at the moment", detail: description)
    }
}
