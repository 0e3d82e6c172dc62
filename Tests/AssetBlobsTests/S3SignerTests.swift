import AssetCore
import NIOCore
import Testing

@testable import AssetBlobs

/// Published examples: those of the Amazon S3 API reference, and the cases of the Signature Version 4 test suite that apply (S3
/// paths are never normalised).
struct S3SignerTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = "GET"
        var path = "/"
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var payload = ""
        var token: String?
        let signature: String

        init(
            _ name: String, _ method: String = "GET", _ path: String = "/",
            query: [(name: String, value: String)] = [], headers: [(name: String, value: String)] = [],
            payload: String = "", token: String? = nil, is signature: String
        ) {
            testDescription = name
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.payload = payload
            self.token = token
            self.signature = signature
        }

        var payloadHash: String { S3Checksum.sha256.value(of: ByteBuffer(string: payload)).payloadHash }
    }

    // MARK: The S3 API reference

    /// 24 May 2013, 00:00.
    static let day = Timestamp(microseconds: 1_369_353_600_000_000)
    static let reference = S3Signer(
        credentials: S3Credentials(
            keyID: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", sessionToken: nil),
        region: "us-east-1")
    static let host = (name: "Host", value: "examplebucket.s3.amazonaws.com")

    @Test(arguments: [
        Example(
            "GET Object", "GET", "/test.txt", headers: [("Range", "bytes=0-9")],
            is: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Example(
            "PUT Object", "PUT", "/test%24file.text",
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payload: "Welcome to Amazon S3.", is: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Example(
            "GET Bucket Lifecycle", query: [("lifecycle", "")],
            is: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Example(
            "GET Bucket (List Objects)", query: [("prefix", "J"), ("max-keys", "2")],
            is: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ])
    func `signs the examples of the S3 reference`(_ example: Example) {
        let request = S3Signer.Request(
            method: example.method, path: example.path, query: example.query,
            headers: [Self.host, ("x-amz-content-sha256", example.payloadHash)] + example.headers,
            payloadHash: example.payloadHash)
        let headers = Self.reference.signedHeaders(of: request, at: Self.day)
        let authorization = headers.first { $0.name == "Authorization" }?.value ?? ""
        #expect(authorization.hasSuffix(",Signature=\(example.signature)"))
        #expect(
            authorization.hasPrefix(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="))
    }

    @Test func `presigns the example of the S3 reference`() {
        let query = Self.reference.presignedQuery(
            of: S3Signer.Request(
                method: "GET", path: "/test.txt", headers: [Self.host], payloadHash: S3Signer.unsignedPayload),
            at: Self.day, seconds: 86_400)
        #expect(
            query == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    // MARK: The test suite

    /// 30 August 2015, 12:36.
    static let moment = Timestamp(microseconds: 1_440_938_160_000_000)
    static let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    static let token =
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflf"
        + "KD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd"
        + "8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3i"
        + "SIlTJabIQwj2ICCR/oLxBA=="

    @Test(arguments: [
        Example("get-vanilla", is: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Example(
            "get-header-key-duplicate",
            headers: [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            is: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        Example(
            "get-header-value-order",
            headers: [
                ("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2"),
            ], is: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        Example(
            "get-header-value-trim", headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            is: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Example(
            "get-unreserved", "GET", "/" + unreserved,
            is: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        Example(
            "get-utf8", "GET", S3Signer.percentEncoded("/ሴ", keepsSlashes: true),
            is: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Example(
            "get-space", "GET", S3Signer.percentEncoded("/example space/", keepsSlashes: true),
            is: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        Example(
            "get-special-character", "GET", S3Signer.percentEncoded("/example/$delete", keepsSlashes: true),
            is: "a853c9b21b528b19643d00910d35b83a10c366a10833ceefb45edd6c80e40f27"),
        Example(
            "get-vanilla-empty-query-key", query: [("Param1", "value1")],
            is: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Example(
            "get-vanilla-query-order-encoded", query: [("Param-3", "Value3"), ("Param", "Value2"), ("ሴ", "Value1")],
            is: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
        Example(
            "get-vanilla-query-order-key-case", query: [("Param2", "value2"), ("Param1", "value1")],
            is: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Example(
            "get-vanilla-query-order-key", query: [("Param1", "value2"), ("Param1", "Value1")],
            is: "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
        Example(
            "get-vanilla-query-order-value", query: [("Param1", "value2"), ("Param1", "value1")],
            is: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
        Example(
            "get-vanilla-query-unreserved", query: [(unreserved, unreserved)],
            is: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        Example(
            "get-vanilla-utf8-query", query: [("ሴ", "bar")],
            is: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        Example("post-vanilla", "POST", is: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Example(
            "post-header-key-sort", "POST", headers: [("My-Header1", "value1")],
            is: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        Example(
            "post-header-value-case", "POST", headers: [("My-Header1", "VALUE1")],
            is: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
        Example(
            "post-sts-header-before", "POST", token: token,
            is: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
        Example(
            "post-x-www-form-urlencoded", "POST", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            payload: "Param1=value1", is: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        Example(
            "post-x-www-form-urlencoded-parameters", "POST",
            headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf8")], payload: "Param1=value1",
            is: "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"),
    ])
    func `signs the cases of the test suite`(_ example: Example) {
        let signer = S3Signer(
            credentials: S3Credentials(
                keyID: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: example.token),
            region: "us-east-1", service: "service")
        let headers = signer.signedHeaders(
            of: S3Signer.Request(
                method: example.method, path: example.path, query: example.query,
                headers: [("Host", "example.amazonaws.com")] + example.headers, payloadHash: example.payloadHash),
            at: Self.moment)
        #expect(headers.first { $0.name == "Authorization" }?.value.hasSuffix("Signature=\(example.signature)") == true)
    }

    @Test func `a session's token is sent, and part of what is signed`() {
        var signer = Self.reference
        signer = S3Signer(
            credentials: S3Credentials(keyID: "A", secret: "B", sessionToken: "the token"), region: signer.region)
        let request = S3Signer.Request(
            method: "GET", path: "/", headers: [Self.host], payloadHash: S3Signer.unsignedPayload)
        let headers = signer.signedHeaders(of: request, at: Self.day)
        #expect(headers.contains { $0 == ("x-amz-security-token", "the token") })
        #expect(headers.contains { $0.value.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,") })
        #expect(
            signer.presignedQuery(of: request, at: Self.day, seconds: 1).contains("&X-Amz-Security-Token=the%20token&"))
    }

    @Test func `credentials print without their secrets`() {
        let credentials = S3Credentials(keyID: "the key", secret: "SECRET", sessionToken: "TOKEN")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
            #expect(text.contains("the key"))
            #expect(!text.contains("SECRET") && !text.contains("TOKEN"))
        }
    }
}
