import AssetCore
import Testing

@testable import AssetBlobs

struct S3SettingsTests {
    private static let environment = ["AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "the secret"]

    private static func settings(_ url: String, _ more: [String: String] = [:]) throws -> S3Settings {
        try S3Settings(url: url, environment: environment.merging(more) { $1 })
    }

    /// The URL of an object.
    private static func address(_ settings: S3Settings, _ key: String?) -> String {
        let client = S3Client(settings: settings, http: S3Client.sharedHTTPClient)
        let (host, path) = client.address(key, at: settings.endpoint)
        return "\(settings.endpoint.isSecure ? "https" : "http")://\(host)\(path)"
    }

    @Test(arguments: [
        ("s3://bucket", "https://bucket.s3.us-east-1.amazonaws.com/ab/c", "https://bucket.s3.us-east-1.amazonaws.com/"),
        (
            "s3://bucket/a/b/?region=eu-west-1", "https://bucket.s3.eu-west-1.amazonaws.com/a/b/ab/c",
            "https://bucket.s3.eu-west-1.amazonaws.com/"
        ),
        (
            "s3://bucket?addressing=path", "https://s3.us-east-1.amazonaws.com/bucket/ab/c",
            "https://s3.us-east-1.amazonaws.com/bucket"
        ),
        (
            "s3://bucket/a?endpoint=http://127.0.0.1:5000", "http://127.0.0.1:5000/bucket/a/ab/c",
            "http://127.0.0.1:5000/bucket"
        ),
        ("s3://bucket?endpoint=http%3A%2F%2Fhost%3A80%2F", "http://host/bucket/ab/c", "http://host/bucket"),
        (
            "s3://bucket?endpoint=storage.example:443", "https://storage.example/bucket/ab/c",
            "https://storage.example/bucket"
        ),
        (
            "s3://bucket?endpoint=https://storage.example&addressing=host", "https://bucket.storage.example/ab/c",
            "https://bucket.storage.example/"
        ),
        (
            "s3://bucket/a+(b)", "https://bucket.s3.us-east-1.amazonaws.com/a%2B%28b%29/ab/c",
            "https://bucket.s3.us-east-1.amazonaws.com/"
        ),
    ])
    func addresses(url: String, object: String, bucket: String) throws {
        let settings = try Self.settings(url)
        #expect(Self.address(settings, settings.prefix + "ab/c") == object)
        #expect(Self.address(settings, nil) == bucket)
    }

    @Test func `the region comes from the URL, then the environment`() throws {
        let variables = ["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"]
        #expect(try Self.settings("s3://bucket?region=eu-west-3", variables).region == "eu-west-3")
        #expect(try Self.settings("s3://bucket", variables).region == "eu-west-1")
        #expect(
            try Self.settings("s3://bucket", ["AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"]).region
                == "eu-west-2")
        #expect(try Self.settings("s3://bucket").region == "us-east-1")
    }

    @Test(arguments: [
        ("s3://", "is not the name of a bucket"), ("s3://a b", "is not the name of a bucket"),
        ("s3://bucket?endpoit=x", "there is no 'endpoit'"), ("s3://bucket?region", "region: has no value"),
        ("s3://bucket?region=a&region=b", "region: stands there twice"), ("s3://bucket?region=a/b", "region: 'a/b'"),
        ("s3://bucket?endpoint=ftp://x", "endpoint: it is not of the form"),
        ("s3://bucket?endpoint=http://", "endpoint: it is not of the form"),
        ("s3://bucket?endpoint=http://user:pw@host", "endpoint: it is not of the form"),
        ("s3://bucket?addressing=dns", "addressing: 'dns' is none of path, host"),
        ("s3://bucket?checksum=sha1", "checksum: 'sha1' is none of sha256, md5, crc32, none"),
        ("s3://bucket?redirect=0", "redirect: use true"), ("s3://bucket/a/../b", "the prefix"),
        ("s3:bucket", "does not begin with s3://BUCKET"),
    ])
    func `what is wrong is named`(url: String, message: String) {
        let error = #expect(throws: AssetError.self) { try Self.settings(url) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `a redirect names the public endpoint, the object and what is said about it`() throws {
        let headers = DownloadHeaders(
            contentType: "image/png", contentDisposition: "attachment; filename=\"a b.png\"", cacheControl: "no-cache")
        func url(_ query: String) throws -> String? {
            let settings = try Self.settings("s3://bucket/in?endpoint=http://10.0.0.1:9000" + query)
            var client = S3Client(settings: settings, http: S3Client.sharedHTTPClient)
            client.clock = WallClock { Timestamp(microseconds: 1_369_353_600_000_000) }
            return S3BlobStore(client).downloadURL("ab/" + String(repeating: "ab", count: 16), headers)
        }
        #expect(try url("") == nil)
        #expect(try url("&redirect=false") == nil)
        let local = try #require(try url("&redirect=true"))
        #expect(local.hasPrefix("http://10.0.0.1:9000/bucket/in/ab/abab"))
        #expect(local.contains("&X-Amz-Expires=300&"))
        let known = try #require(try url("&redirect=60&publicEndpoint=https://files.example"))
        #expect(known.hasPrefix("https://files.example/bucket/in/ab/abab"))
        #expect(known.contains("&X-Amz-Expires=60&X-Amz-SignedHeaders=host&"))
        #expect(known.contains("&response-content-disposition=attachment%3B%20filename%3D%22a%20b.png%22&"))
        #expect(known.contains("&response-content-type=image%2Fpng&X-Amz-Signature="))
        #expect(known.contains("&response-cache-control=no-cache&"))
    }

    @Test func `missing credentials are named`() {
        for missing in Self.environment.keys {
            let error = #expect(throws: AssetError.self) { try Self.settings("s3://bucket", [missing: ""]) }
            #expect(error?.message.contains(missing) == true)
        }
    }

    @Test func `secrets are not printed`() throws {
        let settings = try Self.settings("s3://bucket", ["AWS_SESSION_TOKEN": "the token"])
        #expect(settings.credentials.sessionToken == "the token")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(dumped.contains("bucket"))
        #expect(!(dumped + String(reflecting: settings)).contains("the secret"))
        #expect(!(dumped + String(reflecting: settings)).contains("the token"))
    }
}
