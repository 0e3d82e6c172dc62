import AssetCore
import AssetTesting
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import AssetHTTP

/// How the bytes of a file are sent (segment reference 6.6; RFC 9110).
struct DeliveryTests {
    private static let modified = "Fri, 21 Nov 2025 09:41:03 GMT"
    private static let uri = Segment.uri(Segment.first, query: "&filename=a.txt")

    @Test func `a plain download has all headers, and HEAD the same without bytes`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "0123456789")
            let get = try await rest.get(Self.uri)
            let head = try await rest.call(.head, Self.uri)
            for answer in [get, head] {
                #expect(answer.code == 200)
                let expected: [(HTTPField.Name, String)] = [
                    (.contentType, "text/plain"), (.contentLength, "10"), (.acceptRanges, "bytes"),
                    (.lastModified, Self.modified),
                    (.contentDisposition, "inline; filename=\"a.txt\""), (.xContentTypeOptions, "nosniff"),
                    (.cacheControl, "no-cache"), (.contentSecurityPolicy, "sandbox"),
                    (.vary, "X-Auth-Token, X-Auth-AccountId"),
                ]
                for (name, value) in expected { #expect(answer.headers[name] == value) }
                #expect(answer.headers[.eTag]?.wholeMatch(of: /"[0-9a-f]{32}"/) != nil)
                #expect(answer.headers[.contentRange] == nil)
            }
            #expect(get.text == "0123456789")
            #expect(head.body.readableBytes == 0)
            let missing = try await rest.call(.head, Segment.uri(Segment.first, query: "&filename=missing"))
            #expect(missing.code == 404 && missing.body.readableBytes == 0)
        }
    }

    @Test func `dates are written as they are read`() throws {
        let dates = [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ]
        for (seconds, text) in dates {
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(date.httpDate == text)
            #expect(Date(httpDate: text) == date)
            #expect(date.addingTimeInterval(0.9).httpDate == text)
        }
    }

    /// Small and large ones are sent in different ways; what is promised in the headers must come, or nothing.
    @Test func `a file whose bytes are lost is an error in the dialect's envelope`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "0123456789")
            for location in server.fixture.blobs.locations { try await server.fixture.blobs.remove(location) }
            let answer = try await rest.get(Self.uri)
            #expect(answer.code == 500)
            #expect(answer.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(answer.headers[.contentDisposition] == nil)
        }
    }

    /// What the client may fetch from the store itself: whole large files that are no danger without our headers.
    @Test func `large files are redirected when the store can, and only they`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let large = String(repeating: "a", count: 65_537)
            for name in ["a.pdf", "a.html", "a.txt", "a.bin"] { try await rest.attach(name, large) }
            try await rest.attach("small.bin", String(large.dropFirst()))
            func uri(_ name: String) -> String { Segment.uri(Segment.first, query: "&filename=\(name)") }
            #expect(try await rest.get(uri("a.bin")).code == 200, "not switched on")
            server.fixture.blobs.redirects = true

            let rows = [
                ("a.bin", "application/octet-stream|attachment; filename=\"a.bin\"|no-cache"),
                ("a.html", "text/html|attachment; filename=\"a.html\"|no-cache"),
                ("a.pdf", "application/pdf|inline; filename=\"a.pdf\"|no-cache"),
            ]
            for (name, said) in rows {
                let answer = try await rest.get(uri(name))
                #expect(answer.code == 302, "\(name)")
                #expect(answer.body.readableBytes == 0)
                #expect(answer.headers[.cacheControl] == "private, no-store")
                let url = answer.headers[.location] ?? ""
                #expect(url.hasPrefix("memory:") && url.hasSuffix("|" + said), "\(url)")
                #expect(try await rest.call(.head, uri(name)).code == 200, "\(name)")
            }
            #expect(try await rest.get(uri("a.txt")).code == 200, "text could be taken for a page")
            #expect(try await rest.get(uri("small.bin")).code == 200)
            #expect(try await rest.get(uri("a.bin"), headers: [.range: "bytes=0-9"]).code == 206)
            #expect(try await rest.get(uri("a.bin"), headers: [.origin: "https://other.example"]).code == 200)
            let etag = try await rest.call(.head, uri("a.bin")).headers[.eTag] ?? ""
            #expect(try await rest.get(uri("a.bin"), headers: [.ifNoneMatch: etag]).code == 304)
        }
    }

    @Test func `one range is sent as a part, and anything else whole`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "0123456789")
            let rows: [(String, String, String?)] = [
                ("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=0-0", "0", "bytes 0-0/10"),
                ("bytes=9-9", "9", "bytes 9-9/10"),
                ("bytes=5-", "56789", "bytes 5-9/10"), ("bytes=0-", "0123456789", "bytes 0-9/10"),
                ("bytes=-3", "789", "bytes 7-9/10"),
                ("bytes=-100", "0123456789", "bytes 0-9/10"), ("bytes=8-100", "89", "bytes 8-9/10"),
                ("bytes=0-9223372036854775807", "0123456789", "bytes 0-9/10"), ("Bytes=1-1", "1", "bytes 1-1/10"),
                ("bytes=0-1,4-5", "0123456789", nil), ("bytes=0-1, -1", "0123456789", nil),
                ("bytes=4-2", "0123456789", nil),
                ("items=0-1", "0123456789", nil), ("bytes=x-1", "0123456789", nil), ("bytes=", "0123456789", nil),
                ("bytes=-", "0123456789", nil), ("bytes=--1", "0123456789", nil), ("bytes=1", "0123456789", nil),
            ]
            for (range, text, contentRange) in rows {
                let get = try await rest.get(Self.uri, headers: [.range: range])
                #expect(get.code == (contentRange == nil ? 200 : 206), "\(range)")
                #expect(get.text == text, "\(range)")
                #expect(get.headers[.contentRange] == contentRange, "\(range)")
                let head = try await rest.call(.head, Self.uri, headers: [.range: range])
                #expect(head.code == get.code && head.body.readableBytes == 0)
                for answer in [get, head] {
                    #expect(answer.headers[.contentLength] == String(text.utf8.count), "\(range)")
                }
            }
        }
    }

    @Test func `a range behind the end is answered with 416, the size, and a JSON body`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "0123456789")
            try await rest.attach("empty.txt", "")
            let empty = Segment.uri(Segment.first, query: "&filename=empty.txt")
            for (uri, range, size) in [
                (Self.uri, "bytes=10-", 10), (Self.uri, "bytes=10-20", 10), (Self.uri, "bytes=-0", 10),
                (empty, "bytes=0-", 0),
                (empty, "bytes=0-0", 0), (empty, "bytes=-1", 0),
            ] {
                let answer = try await rest.get(uri, headers: [.range: range])
                expectRESTFailure(answer, 416, nil, range)
                #expect(answer.headers[.contentRange] == "bytes */\(size)")
                #expect(answer.headers[.contentType] == "application/json; charset=utf-8")
            }
            let whole = try await rest.get(empty)
            #expect(whole.code == 200 && whole.headers[.contentLength] == "0" && whole.text.isEmpty)
        }
    }

    @Test func `what the client has already is not sent again`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "0123456789")
            let etag = try #require(try await rest.get(Self.uri).headers[.eTag])
            let (before, after) = ("Fri, 21 Nov 2025 09:41:02 GMT", "Fri, 21 Nov 2025 09:41:04 GMT")
            let rows: [(HTTPFields, Bool)] = [
                ([.ifNoneMatch: etag], true), ([.ifNoneMatch: "W/\(etag)"], true),
                ([.ifNoneMatch: "\"x\", \(etag)"], true),
                ([.ifNoneMatch: "*"], true), ([.ifNoneMatch: "\"x\""], false), ([.ifNoneMatch: ""], false),
                ([.ifModifiedSince: Self.modified], true), ([.ifModifiedSince: after], true),
                ([.ifModifiedSince: before], false),
                ([.ifModifiedSince: "nonsense"], false),
                // The tag counts before the date.
                ([.ifNoneMatch: "\"x\"", .ifModifiedSince: Self.modified], false),
                ([.ifNoneMatch: etag, .ifModifiedSince: before], true),
                ([.ifNoneMatch: etag, .range: "bytes=0-1"], true),
            ]
            for (headers, isUnchanged) in rows {
                for method in [HTTPRequest.Method.get, .head] {
                    let answer = try await rest.call(method, Self.uri, headers: headers)
                    #expect(answer.code == (isUnchanged ? 304 : 200), "\(headers)")
                    #expect(answer.headers[.eTag] == etag && answer.headers[.cacheControl] == "no-cache")
                    if isUnchanged { #expect(answer.body.readableBytes == 0) }
                }
            }
            server.fixture.clock.advance(seconds: 60)
            try await rest.attach("a.txt", "other")
            #expect(try await rest.get(Self.uri, headers: [.ifNoneMatch: etag]).text == "other")
            #expect(try await rest.get(Self.uri, headers: [.ifModifiedSince: Self.modified]).text == "other")
        }
    }

    @Test func `a range with a condition counts only for the same bytes`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "0123456789")
            let etag = try #require(try await rest.get(Self.uri).headers[.eTag])
            let rows: [(String, Bool)] = [
                (etag, true), (Self.modified, true), ("W/\(etag)", false), ("\"x\"", false),
                ("Fri, 21 Nov 2025 09:41:04 GMT", false),
                ("Fri, 21 Nov 2025 09:41:02 GMT", false), ("nonsense", false),
            ]
            for (condition, counts) in rows {
                let answer = try await rest.get(Self.uri, headers: [.ifRange: condition, .range: "bytes=1-2"])
                #expect(
                    answer.code == (counts ? 206 : 200) && answer.text == (counts ? "12" : "0123456789"), "\(condition)"
                )
                let behind = try await rest.get(Self.uri, headers: [.ifRange: condition, .range: "bytes=10-"])
                #expect(behind.code == (counts ? 416 : 200), "\(condition)")
            }
        }
    }

    @Test func `downloads may be cached for 30 days with v, and always in the Flex family`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt")
            try await rest.attach("a.txt", to: Segment.flexURI(Segment.flex))
            let rows = [
                (Self.uri, "no-cache"), (Self.uri + "&v=1", "max-age=2592000"), (Self.uri + "&V=x", "max-age=2592000"),
                (Self.uri + "&v=", "no-cache"),
                (Segment.flexURI(Segment.flex, query: "?filename=a.txt"), "max-age=2592000"),
            ]
            for (uri, value) in rows { #expect(try await rest.get(uri).headers[.cacheControl] == value, "\(uri)") }
        }
    }

    @Test func `what could run in a browser is an attachment, and names are printed in both forms`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let rows = [
                ("pexels.jpg", "image/jpeg", "inline; filename=\"pexels.jpg\""),
                ("a.PNG", "image/png", "inline; filename=\"a.PNG\""),
                ("a.mp4", "video/mp4", "inline; filename=\"a.mp4\""),
                ("a.mp3", "audio/mpeg", "inline; filename=\"a.mp3\""),
                ("a.pdf", "application/pdf", "inline; filename=\"a.pdf\""),
                ("a.svg", "image/svg+xml", "attachment; filename=\"a.svg\""),
                ("a.html", "text/html", "attachment; filename=\"a.html\""),
                ("a.zip", "application/zip", "attachment; filename=\"a.zip\""),
                ("noending", "application/octet-stream", "attachment; filename=\"noending\""),
                ("été 1.png", "image/png", "inline; filename=\"_t_ 1.png\"; filename*=UTF-8''%C3%A9t%C3%A9%201.png"),
                ("日本.txt", "text/plain", "inline; filename=\"__.txt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
                ("50%.txt", "text/plain", "inline; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
            ]
            for (name, type, disposition) in rows {
                let token = try await rest.upload("/api/media/upload", [.file("f", name, "<svg/>")]).json["result"][
                    "token"]
                let file = try await rest.call(.post, Segment.uri(Segment.first), ["filetoken": token]).json
                #expect(file["contentType"] == "\(type)")
                let answer = try await rest.get(String(file["downloadUrl"].string.dropFirst("http://localhost".count)))
                #expect(answer.code == 200, "\(name)")
                #expect(answer.headers[.contentType] == type, "\(name)")
                #expect(answer.headers[.contentDisposition] == disposition, "\(name)")
                #expect(answer.headers[.xContentTypeOptions] == "nosniff")
                // Browsers show no PDF in a sandbox.
                #expect(answer.headers[.contentSecurityPolicy] == (type == "application/pdf" ? nil : "sandbox"))
            }
        }
    }

    @Test func `a quotation mark or backslash in a name cannot end the header's value`() {
        let disposition = Delivery.disposition("a\"; x=\\.txt", isInline: false)
        #expect(disposition == "attachment; filename=\"a_; x=_.txt\"; filename*=UTF-8''a%22%3B%20x%3D%5C.txt")
    }
}
