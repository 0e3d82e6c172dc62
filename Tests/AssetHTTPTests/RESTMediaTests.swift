import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import AssetHTTP

/// `/api/media/…` (segment reference 4).
struct RESTMediaTests {
    @Test func `upload answers a token and the name, and get gives the bytes`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let file: FormPart = .file("file", "screen 01.png", "bytes")
            let rows: [(String, [FormPart], String)] = [
                ("", [file], "screen 01.png"), ("?filename=other.jpg", [file], "other.jpg"),
                ("?filename=", [file], "screen 01.png"),
                ("?FileName=a%2Fb.png", [file], "a/b.png"), ("?filename=%C3%A9t%C3%A9.png", [file], "été.png"),
                ("?maxsize=5", [file], "screen 01.png"),
                ("?unheard=1", [.field("x", "y"), file, .field("z", "")], "screen 01.png"),
                ("", [.file("", "first.png", "bytes"), .file("file", "second.png", "other")], "first.png"),
            ]
            for (query, parts, name) in rows {
                let answer = try await rest.upload("/api/media/upload" + query, parts)
                #expect(answer.code == 200, "\(query): \(answer.text)")
                let token = answer.json["result"]["token"].string
                #expect(answer.json == ["result": ["token": "\(token)", "name": "\(name)"]])
                #expect(token.wholeMatch(of: /[0-9a-f]{32}/) != nil)
                let get = try await rest.get("/api/media/get/\(token)")
                #expect(get.code == 200 && get.text == "bytes")
                #expect(try await rest.get("/api/media/get/\(token.uppercased())").text == "bytes")
            }
        }
    }

    @Test func `get sends the type of the name, and HEAD no bytes`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let token = try await rest.store("folder/movie.mp4", "0123456789")
            let get = try await rest.get("/api/media/get/\(token)", headers: [.range: "bytes=2-3"])
            #expect(get.code == 206 && get.text == "23")
            #expect(get.headers[.contentType] == "video/mp4")
            #expect(get.headers[.contentDisposition] == "inline; filename=\"movie.mp4\"")
            let head = try await rest.call(.head, "/api/media/get/\(token)")
            #expect(head.code == 200 && head.text.isEmpty && head.headers[.contentLength] == "10")
        }
    }

    @Test func `several files get several tokens, in order`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let parts: [FormPart] = [
                .field("x", "y"), .file("", "b.txt", "second"), .file("f", "a.txt", "first"), .file("f", "a.txt", ""),
            ]
            let answer = try await rest.upload("/api/media/upload/multi", parts)
            #expect(answer.code == 200)
            #expect(answer.json.keys == ["tokens"])
            var texts: [String] = []
            for token in answer.json["tokens"].strings {
                texts.append(try await rest.get("/api/media/get/\(token)").text)
            }
            #expect(texts == ["second", "first", ""])
            let none = try await rest.upload("/api/media/upload/multi", [.field("x", "y")])
            expectRESTFailure(none, 400, "Invalid parameter 'file': ")
        }
    }

    @Test func `bad uploads are refused, and leave nothing`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let file: FormPart = .file("file", "a.txt", "bytes")
            let rows: [(String, [FormPart], String)] = [
                ("?maxsize=4", [file], "file"), ("?maxsize=x", [file], "maxsize"), ("?maxsize=-1", [file], "maxsize"),
                ("?maxsize=", [file], "maxsize"), ("", [], "file"), ("", [.field("file", "bytes")], "file"),
                ("", [.file("file", "..", "bytes")], "filename"), ("", [.file("file", "a/../b", "bytes")], "filename"),
                ("?filename=a%00b", [file], "filename"), ("?filename=a%2F", [file], "filename"),
                ("?filename=..%5Cb", [file], "filename"),
                ("?filename=\(String(repeating: "x", count: 256))", [file], "filename"),
                ("?filename=%FF", [file], "query"),
            ]
            for (query, parts, parameter) in rows {
                let answer = try await rest.upload("/api/media/upload" + query, parts)
                expectRESTFailure(answer, 400, "Invalid parameter '\(parameter)': ", query)
                #expect(server.fixture.blobs.locations.isEmpty, "\(query)")
            }
            for type in ["application/json", "application/octet-stream", "multipart/form-data", ""] {
                let answer = try await rest.upload("/api/media/upload", [file], type: type)
                expectRESTFailure(answer, 400, "Invalid parameter 'Content-Type': ", type)
            }
        }
    }

    @Test func `a file over the server's limit is a wrong parameter`() async throws {
        var limits = ServiceSettings()
        limits.maximumUpload = 10
        let server = try await TestServer(limits: limits)
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            for uri in ["/api/media/upload", "/api/media/upload/multi"] {
                #expect(try await rest.upload(uri, [.file("f", "a", "0123456789")]).code == 200)
                let stored = server.fixture.blobs.locations
                expectRESTFailure(
                    try await rest.upload(uri, [.file("f", "a", "0123456789x")]), 400, "Invalid parameter 'file': ")
                #expect(server.fixture.blobs.locations == stored)
            }
        }
    }

    @Test func `a token is its uploader's only, and lives for a day`() async throws {
        let server = try await TestServer()
        let token = try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let token = try await rest.store("a.txt")
            let worker = try await server.rest(client, key: server.fixture.demo.worker.key)
            for token in [token, "0", String(repeating: "0", count: 32)] {
                try await worker.fails(.get, "/api/media/get/\(token)", 404, "The requested file does not exist.")
            }
            try await worker.fails(
                .post, Segment.uri(Segment.first, scope: "jbs773"), 400, "Invalid parameter 'filetoken': ",
                body: ["filetoken": "\(token)"])
            return token
        }
        server.fixture.clock.advance(seconds: 24 * 3600 - 1)
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            #expect(try await rest.get("/api/media/get/\(token)").code == 200)
            server.fixture.clock.advance(seconds: 2)
            try await rest.fails(.get, "/api/media/get/\(token)", 404)
            try await rest.fails(
                .post, Segment.uri(Segment.first), 400, "Invalid parameter 'filetoken': ",
                body: ["filetoken": "\(token)"])
        }
    }
}
