package import AssetCore
import Foundation

/// Where the bytes lie, from `s3://BUCKET[/PREFIX][?KEY=VALUE&…]` and the environment.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `endpoint` | `http://HOST[:PORT]` or `https://HOST[:PORT]`; without a scheme https | AWS |
/// | `region` | signed with each request | `AWS_REGION`, `AWS_DEFAULT_REGION`, `us-east-1` |
/// | `addressing` | `path` (`HOST/BUCKET/…`) or `host` (`BUCKET.HOST/…`) | `path` with an endpoint, `host` on AWS |
/// | `checksum` | what the store checks uploads by: `sha256`, `md5`, `crc32`, `none` | `sha256` |
/// | `redirect` | `true`, or seconds from 1 to 604800: clients fetch large files from the store; `false` | `false` |
/// | `publicEndpoint` | the endpoint as clients reach it, for redirects | `endpoint` |
///
/// Credentials come from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, when they are temporary ones, `AWS_SESSION_TOKEN`.
package struct S3Settings: Sendable {
    enum Addressing: String, CaseIterable { case path, host }

    struct Endpoint: Sendable, Equatable {
        var isSecure: Bool
        /// With the port, when it is not the scheme's own.
        var host: String
    }

    private static let redirectSeconds = 300
    private static let maximumRedirectSeconds = 604_800

    let bucket: String
    /// Empty, or with a slash at its end.
    let prefix: String
    let endpoint: Endpoint
    let publicEndpoint: Endpoint
    let region: String
    let addressing: Addressing
    let checksum: S3Checksum
    /// How long the URL of a redirect is good; nil = this server sends the bytes itself.
    let redirectSeconds: Int?
    let credentials: S3Credentials

    /// - Throws: `badParameter` that names the part which is wrong, and what would be right.
    package init(
        url: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(AssetError) {
        guard url.hasPrefix("s3://") else { throw Self.wrong("it does not begin with s3://BUCKET") }
        let parts = url.dropFirst(5).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard Self.isBucketName(path[0]) else { throw Self.wrong("what follows s3:// is not the name of a bucket") }
        bucket = String(path[0])
        let folders = path.dropFirst().flatMap { $0.split(separator: "/") }
        prefix = folders.isEmpty ? "" : folders.joined(separator: "/") + "/"
        guard prefix.utf8.count <= 500, prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") }),
            !folders.contains("."), !folders.contains("..")
        else { throw Self.wrong("the prefix '\(prefix)' has characters other than visible ASCII ones") }

        let values = try Self.values(parts.count > 1 ? parts[1] : "")
        region =
            values["region"] ?? environment["AWS_REGION"].nonEmpty ?? environment["AWS_DEFAULT_REGION"].nonEmpty
            ?? "us-east-1"
        guard region.utf8.allSatisfy({ Self.isHostCharacter($0) }), !region.isEmpty else {
            throw Self.wrong("region: '\(region)' is not the name of a region")
        }
        endpoint =
            try values["endpoint"].map { text throws(AssetError) in try Self.endpoint(text, "endpoint") }
            ?? Endpoint(isSecure: true, host: "s3.\(region).amazonaws.com")
        publicEndpoint =
            try values["publicEndpoint"].map { text throws(AssetError) in try Self.endpoint(text, "publicEndpoint") }
            ?? endpoint
        addressing = try Self.choice(values, "addressing") ?? (values["endpoint"] == nil ? .host : .path)
        checksum = try Self.choice(values, "checksum") ?? .sha256
        redirectSeconds = try Self.redirect(values["redirect"])
        guard let keyID = environment["AWS_ACCESS_KEY_ID"].nonEmpty,
            let secret = environment["AWS_SECRET_ACCESS_KEY"].nonEmpty
        else {
            throw Self.wrong("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment")
        }
        credentials = S3Credentials(
            keyID: keyID, secret: secret, sessionToken: environment["AWS_SESSION_TOKEN"].nonEmpty)
    }

    /// For people: without credentials.
    var description: String { "s3://\(bucket)/\(prefix) at \(endpoint.host)" }

    // MARK: Parts

    private static let keys: Set = ["endpoint", "region", "addressing", "checksum", "redirect", "publicEndpoint"]

    private static func values(_ query: Substring) throws(AssetError) -> [String: String] {
        var values: [String: String] = [:]
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(pair[0])
            guard keys.contains(key) else {
                throw wrong("there is no '\(key)' (there are: \(keys.sorted().joined(separator: ", ")))")
            }
            guard pair.count == 2, let value = String(pair[1]).removingPercentEncoding, !value.isEmpty else {
                throw wrong("\(key): has no value")
            }
            guard values.updateValue(value, forKey: key) == nil else { throw wrong("\(key): stands there twice") }
        }
        return values
    }

    private static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ values: [String: String], _ key: String
    ) throws(AssetError) -> Value? {
        guard let text = values[key] else { return nil }
        guard let value = Value(rawValue: text) else {
            throw wrong("\(key): '\(text)' is none of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    private static func endpoint(_ text: String, _ key: String) throws(AssetError) -> Endpoint {
        var rest = text[...]
        var isSecure = true
        if rest.hasPrefix("http://") {
            isSecure = false
            rest = rest.dropFirst(7)
        } else if rest.hasPrefix("https://") {
            rest = rest.dropFirst(8)
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let ending = isSecure ? ":443" : ":80"
        if rest.hasSuffix(ending) { rest = rest.dropLast(ending.count) }
        guard !rest.isEmpty, rest.utf8.allSatisfy({ isHostCharacter($0) || ":[]".utf8.contains($0) }),
            URL(string: "http://\(rest)/")?.host != nil
        else { throw wrong("\(key): it is not of the form https://HOST or http://HOST:PORT") }
        return Endpoint(isSecure: isSecure, host: rest.lowercased())
    }

    private static func redirect(_ text: String?) throws(AssetError) -> Int? {
        switch text {
        case nil, "false": return nil
        case "true": return redirectSeconds
        case .some(let text):
            guard let seconds = Int(text), (1...maximumRedirectSeconds).contains(seconds) else {
                throw wrong("redirect: use true, false, or seconds from 1 to \(maximumRedirectSeconds)")
            }
            return seconds
        }
    }

    private static func isBucketName(_ text: Substring) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { isHostCharacter($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func wrong(_ message: String) -> AssetError { .badParameter("blobs", "blobs: \(message)") }
}

extension String? {
    /// Variables that are set to nothing count as absent.
    fileprivate var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}
