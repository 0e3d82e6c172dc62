import NIOCore
import Testing

@testable import AssetHTTP

/// What is read of a head, and what is left to the framework.
struct QuickRequestTests {
    private static func read(_ lines: [String], body: String = "") -> QuickRequest? {
        QuickRequest(ByteBuffer(string: (lines + ["", ""]).joined(separator: "\r\n") + body))
    }

    @Test func `a usual request is read`() throws {
        let lines = [
            "POST /api/p/x/assets/get?a=1&b=%20 HTTP/1.1", "Host: localhost:8080", "AUTHORIZATION:  Bearer a.b.c ",
            "x-auth-token: 1234", "X-Auth-Accountid: demo", "Content-Length: 4", "Accept: */*",
            "Connection: Keep-Alive",
        ]
        let request = try #require(Self.read(lines, body: "{}\r\n"))
        #expect(request.method == .post && request.path == "/api/p/x/assets/get" && request.query == "a=1&b=%20")
        #expect(request.authorization == "Bearer a.b.c" && request.authToken == "1234" && request.authAccount == "demo")
        #expect(request.contentLength == 4 && request.isWhole)
        #expect(request.headLength == (lines + ["", ""]).joined(separator: "\r\n").utf8.count)
    }

    @Test(arguments: [
        ("GET", QuickRequest.Method.get), ("POST", .post), ("HEAD", .other), ("DELETE", .other), ("PUT", .other),
    ])
    func `methods are told apart`(name: String, method: QuickRequest.Method) throws {
        let request = try #require(Self.read(["\(name) / HTTP/1.1", "Host: a"]))
        #expect(request.method == method && request.path == "/" && request.query == nil && request.contentLength == 0)
    }

    @Test(arguments: [
        "Range: bytes=0-1", "If-Range: \"a\"", "If-Match: *", "If-None-Match: \"a\"", "if-modified-since: x",
        "If-Unmodified-Since: x",
    ])
    func `conditions and ranges are seen`(line: String) throws {
        #expect(try !#require(Self.read(["GET / HTTP/1.1", "Host: a", line])).isWhole)
    }

    /// All of these are well-formed, or not, by rules that only one parser should decide.
    @Test(arguments: [
        "Transfer-Encoding: chunked", "Upgrade: websocket", "Expect: 100-continue", "Connection: close",
        "Connection: keep-alive, x", "Proxy-Connection: keep-alive", "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: +1",
        "Content-Length: -1",
        "Content-Length: 1, 1", "Content-Length:", "Content-Length: 9999999999999999", "Content-Length: 0x1", "Host: b",
        "Authorization: a\r\nAuthorization: b", "X-Auth-Token: a\r\nX-Auth-Token: b",
        "X-Auth-AccountId: a\r\nX-Auth-AccountId: a", "A : b", ": b", "A: b\r\n c", " A: b", "A", "A: \u{e9}",
        "A: \u{1}",
        "A: b\u{0}", "A: b\nC: d", "A: b\rC: d", "A(: b", "A: \tb",
    ])
    func `what is special is left to the framework`(line: String) {
        #expect(Self.read(["GET / HTTP/1.1", "Host: a", line]) == nil)
    }

    @Test(arguments: [
        "GET / HTTP/1.0", "GET / HTTP/2", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "get / HTTP/1.1",
        "CONNECT / HTTP/1.1", "FOO / HTTP/1.1", "GET http://a/ HTTP/1.1", "GET * HTTP/1.1", "GET /#a HTTP/1.1",
        "GET /\u{e9} HTTP/1.1", "GET /a b HTTP/1.1",
        " / HTTP/1.1", "",
    ])
    func `other first lines are left to the framework`(line: String) {
        #expect(Self.read([line, "Host: a"]) == nil)
    }

    @Test func `an incomplete head, one without a host, and a very long one are left to the framework`() {
        let text = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        for length in 0..<text.utf8.count { #expect(QuickRequest(ByteBuffer(bytes: text.utf8.prefix(length))) == nil) }
        #expect(Self.read(["GET / HTTP/1.1"]) == nil)
        #expect(Self.read(["GET / HTTP/1.1", "Host: a"] + (0..<99).map { "A\($0): b" }) != nil)
        #expect(Self.read(["GET / HTTP/1.1", "Host: a"] + (0..<100).map { "A\($0): b" }) == nil)
        #expect(Self.read(["GET / HTTP/1.1", "Host: a", "A: " + String(repeating: "x", count: 8000)]) != nil)
        #expect(Self.read(["GET / HTTP/1.1", "Host: a", "A: " + String(repeating: "x", count: 8200)]) == nil)
    }
}
