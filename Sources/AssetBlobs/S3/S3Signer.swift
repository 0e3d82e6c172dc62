import AssetCore
import Crypto
import Foundation

/// AWS Signature Version 4, as headers and as presigned URLs ("Authenticating Requests (AWS Signature Version 4)" in the Amazon S3
/// API reference).
struct S3Signer: Sendable {
    /// What is signed of a request.
    struct Request {
        var method: String
        /// Percent-encoded, from the slash on: S3 takes it as it is, without resolving dots or double slashes.
        var path: String
        /// Not encoded.
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)]
        /// SHA-256 of the body in hex, or `unsignedPayload`.
        var payloadHash: String
    }

    static let unsignedPayload = "UNSIGNED-PAYLOAD"
    static let emptyPayload = Secrets.hex(SHA256.hash(data: Data()))

    private static let algorithm = "AWS4-HMAC-SHA256"

    let credentials: S3Credentials
    let region: String
    var service = "s3"

    /// The headers to send: those of the request, when it was signed, the session's token, and the signature.
    func signedHeaders(of request: Request, at moment: Timestamp) -> [(name: String, value: String)] {
        let time = Self.time(moment)
        var request = request
        request.headers.append(("x-amz-date", time))
        if let token = credentials.sessionToken { request.headers.append(("x-amz-security-token", token)) }
        let (canonical, names) = canonicalRequest(request)
        let signature = signature(of: canonical, time: time)
        let authorization =
            "\(Self.algorithm) Credential=\(credentials.keyID)/\(scope(time)),SignedHeaders=\(names),"
            + "Signature=\(signature)"
        return request.headers + [("Authorization", authorization)]
    }

    /// The query of a URL that allows the request to whoever has it.
    /// - Parameter seconds: how long it is good, up to a week.
    func presignedQuery(
        of request: Request, at moment: Timestamp, seconds: Int
    ) -> String {
        let time = Self.time(moment)
        var request = request
        request.query += [
            ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(credentials.keyID)/\(scope(time))"),
            ("X-Amz-Date", time), ("X-Amz-Expires", String(seconds)),
            ("X-Amz-SignedHeaders", Self.signedNames(Self.canonicalHeaders(request.headers))),
        ]
        if let token = credentials.sessionToken { request.query.append(("X-Amz-Security-Token", token)) }
        let signature = signature(of: canonicalRequest(request).text, time: time)
        return Self.canonicalQuery(request.query) + "&X-Amz-Signature=" + signature
    }

    // MARK: The steps

    func canonicalRequest(_ request: Request) -> (text: String, signedNames: String) {
        let headers = Self.canonicalHeaders(request.headers)
        let names = Self.signedNames(headers)
        let lines =
            [request.method, request.path, Self.canonicalQuery(request.query)]
            + headers.map { "\($0.name):\($0.value)" } + ["", names, request.payloadHash]
        return (lines.joined(separator: "\n"), names)
    }

    func stringToSign(_ canonicalRequest: String, time: String) -> String {
        let hash = Secrets.hex(SHA256.hash(data: Data(canonicalRequest.utf8)))
        return [Self.algorithm, time, scope(time), hash].joined(separator: "\n")
    }

    private func signature(of canonicalRequest: String, time: String) -> String {
        func mac(_ key: SymmetricKey, _ text: String) -> HMAC<SHA256>.MAC {
            HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
        }
        var key = SymmetricKey(data: Data(("AWS4" + credentials.secret).utf8))
        for part in [String(time.prefix(8)), region, service, "aws4_request"] {
            key = SymmetricKey(data: mac(key, part))
        }
        return Secrets.hex(mac(key, stringToSign(canonicalRequest, time: time)))
    }

    private func scope(_ time: String) -> String { "\(time.prefix(8))/\(region)/\(service)/aws4_request" }

    private static func canonicalHeaders(
        _ headers: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        let cleaned = headers.map { name, value in
            (
                name: name.lowercased(),
                value: value.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            )
        }
        let values = Dictionary(grouping: cleaned, by: \.name).mapValues { $0.map(\.value).joined(separator: ",") }
        return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { (name: $0.key, value: $0.value) }
    }

    private static func signedNames(_ headers: [(name: String, value: String)]) -> String {
        headers.map(\.name).joined(separator: ";")
    }

    static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        let encoded = query.map { item in [percentEncoded(item.name), percentEncoded(item.value)] }
        let sorted = encoded.sorted { $0.lexicographicallyPrecedes($1) }
        return sorted.map { $0.joined(separator: "=") }.joined(separator: "&")
    }

    /// All but letters, digits and `-._~`, byte by byte in UTF-8.
    /// - Parameter keepsSlashes: as in a path.
    static func percentEncoded(_ text: String, keepsSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            case UInt8(ascii: "/") where keepsSlashes: bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `20130524T000000Z`.
    static func time(_ moment: Timestamp) -> String {
        var clock = time_t(moment.microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&clock, &parts)
        return String(
            format: "%04d%02d%02dT%02d%02d%02dZ", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1,
            Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
    }
}
