import NIOCore
import NIOHTTP1

/// A request to the store, before it is signed.
struct S3Request: Sendable {
    var method: HTTPMethod
    /// nil = the bucket itself.
    var key: String?
    /// Not encoded.
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    /// In memory, so that it can be sent again.
    var body: [ByteBuffer]?
    /// Of the body.
    var checksum = S3Checksum.Value.payloadHash(S3Signer.emptyPayload)

    init(_ method: HTTPMethod, _ key: String?, query: [(name: String, value: String)] = []) {
        self.method = method
        self.key = key
        self.query = query
    }

    /// With a body of XML, whose hash is always signed.
    init(_ method: HTTPMethod, _ key: String?, query: [(name: String, value: String)], xml: String) {
        self.init(method, key, query: query)
        let bytes = ByteBuffer(string: xml)
        body = [bytes]
        checksum = S3Checksum.sha256.value(of: bytes)
        headers = [("Content-Type", "application/xml")]
    }
}
