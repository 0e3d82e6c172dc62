import AssetCore
import AssetTesting
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import AssetHTTP

/// The files of segments in both families (segment reference 6, 7, 10).
struct RESTSegmentAssetsTests {
    private static let base = "http://localhost"

    /// The keys of an object in the order in which they were sent.
    private static func keys(_ text: String) -> [String] { text.matches(of: /"([A-Za-z]+)":/).map { String($0.1) } }

    @Test func `the project family prints its properties in order`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let token = try await rest.store("screen 01.png", "bytes")
            let answer = try await rest.call(
                .post, Segment.uri(Segment.first),
                ["FileToken": "\(token)", "locale": "EN", "relativePath": "/public/views", "more": 1])
            #expect(answer.code == 200)
            #expect(
                Self.keys(answer.text) == [
                    "projectId", "documentId", "segmentId", "locale", "relativePath", "name", "size", "contentType",
                    "createdDate",
                    "modifiedDate", "downloadUrl",
                ])
            var file = answer.json.object
            let url = file.removeValue(forKey: "downloadUrl")?.string ?? ""
            let date: TestJSON = "2025-11-21T09:41:03.02917Z"
            #expect(
                TestJSON.object(file) == [
                    "projectId": 7214, "documentId": 19641, "segmentId": 27_665_601, "locale": "en",
                    "relativePath": "public\\views", "name": "screen 01.png", "size": 5, "contentType": "image/png",
                    "createdDate": date, "modifiedDate": date,
                ])
            let start =
                Self.base
                + "/api/resources/assets/27665601?locale=en&scope=pr7214&filename=screen%2001.png&relativePath=public%5Cviews&v="
            #expect(url.hasPrefix(start), "\(url)")
            #expect(
                !url.dropFirst(start.count).isEmpty
                    && url.dropFirst(start.count).allSatisfy { $0.isASCII && $0.isNumber })
            #expect(try await rest.get(Segment.list(Segment.first)).json == [answer.json])
            #expect(try await rest.get(String(url.dropFirst(Self.base.count))).text == "bytes")
        }
    }

    @Test func `the Flex family has its own names and types`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let file = try await rest.attach(
                "screen-02.png", "bytes", ["locale": "nl", "relativePath": "a/b"], to: Segment.flexURI(Segment.flex))
            let list = try await rest.get(Segment.flexURI(Segment.flex) + "/list")
            #expect(list.json == [file])
            #expect(
                Self.keys(list.text) == [
                    "projectId", "documentId", "segmentId", "locale", "relativePath", "fileName", "fileSizeInBytes",
                    "contentType",
                    "createdDate", "modifiedDate", "downloadUrl",
                ])
            #expect(file["documentId"] == "19914")
            #expect(file["segmentId"] == 27_667_801)
            #expect(file["fileName"] == "screen-02.png" && file["fileSizeInBytes"] == 5)
            let path =
                "/api/apps/wbflex/documents/19914/assets/27667801?locale=nl&filename=screen-02.png&relativePath=a%5Cb"
            #expect(file["downloadUrl"] == "\(Self.base + path)")
            let download = try await rest.get(path)
            #expect(download.text == "bytes" && download.headers[.cacheControl] == "max-age=2592000")
        }
    }

    @Test func `both families see the same files`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let flex = try await rest.attach("a.txt", "bytes", to: Segment.flexURI(Segment.flex))
            let list = try await rest.get(Segment.list(Segment.flex)).json
            #expect(list[0]["name"] == flex["fileName"] && list[0]["size"] == flex["fileSizeInBytes"])
            #expect(list[0]["documentId"] == 19914 && flex["documentId"] == "19914")
            #expect(try await rest.call(.delete, Segment.uri(Segment.flex)).code == 200)
            #expect(try await rest.get(Segment.flexURI(Segment.flex) + "/list").text == "[]")
        }
    }

    @Test func `a file at the top has no path, and without a language no locale`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            for more in [
                [:], ["locale": nil, "relativePath": nil], ["locale": "", "relativePath": " "], ["relativePath": "/"],
            ]
                as [[String: TestJSON]]
            {
                let file = try await rest.attach("a.txt", "x", more)
                #expect(file["locale"] == nil && file["relativePath"] == "", "\(more)")
                #expect(
                    !file["downloadUrl"].string.contains("locale")
                        && !file["downloadUrl"].string.contains("relativePath"))
            }
            #expect(try await rest.get(Segment.list(Segment.first)).json.array.count == 1)
        }
    }

    @Test func `relativePath wins over folders in the name`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let token = try await rest.upload("/api/media/upload?filename=sub%2Fa.txt", [.file("f", "x", "y")]).json[
                "result"]["token"]
            let rows: [(TestJSON, String)] = [
                ("/public/images", "public\\images"), ("documents\\pdfs\\", "documents\\pdfs"), (nil, "sub"),
                ("", "sub"),
            ]
            for (path, stored) in rows {
                let answer = try await rest.call(
                    .post, Segment.uri(Segment.first), ["filetoken": token, "relativePath": path])
                #expect(
                    answer.json["relativePath"] == "\(stored)" && answer.json["name"] == "a.txt",
                    "\(path): \(answer.text)")
            }
            for query in [
                "&filename=a.txt&relativePath=public/images", "&filename=a.txt&relativePath=public%5Cimages",
                "&filename=sub/a.txt", "&filename=sub%5Ca.txt",
                "&filename=other/a.txt&relativePath=%2Fpublic%2Fimages%2F",
                "&FILENAME=a.txt&RelativePath=sub",
            ] {
                #expect(try await rest.get(Segment.uri(Segment.first, query: query)).code == 200, "\(query)")
            }
            for query in ["&filename=a.txt", "&filename=A.txt&relativePath=sub", "&filename=a.txt&relativePath=Sub"] {
                try await rest.fails(
                    .get, Segment.uri(Segment.first, query: query), 404, "The requested file does not exist.")
            }
        }
    }

    @Test func `the same file with a language and without are two`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            try await rest.attach("a.txt", "neutral")
            try await rest.attach("a.txt", "english", ["locale": "en"])
            let one = Segment.uri(Segment.first, query: "&filename=a.txt")
            #expect(try await rest.get(one).text == "neutral")
            #expect(try await rest.get(one + "&locale=en").text == "english")
            #expect(try await rest.get(one + "&locale=EN").text == "english")
            try await rest.fails(.get, one + "&locale=nl", 404)
            let gone = try await rest.call(.delete, one)
            #expect(gone.code == 200 && gone.text.isEmpty)
            try await rest.fails(.get, one, 404)
            #expect(try await rest.get(one + "&locale=en").text == "english")
        }
    }

    @Test func `uploading again replaces the bytes and changes v`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let old = try await rest.attach("a.txt", "old")
            // Even when no time passes.
            let next = try await rest.attach("a.txt", "next")
            server.fixture.clock.advance(seconds: 60)
            let new = try await rest.attach("a.txt", "newest")
            func v(_ file: TestJSON) -> Int { Int(file["downloadUrl"].string.split(separator: "v=").last ?? "") ?? 0 }
            #expect(v(old) > 0 && v(old) < v(next) && v(next) < v(new))
            #expect(new["createdDate"] == old["createdDate"] && new["modifiedDate"] == "2025-11-21T09:42:03.02917Z")
            #expect(new["size"] == 6)
            for file in [old, next, new] {
                let uri = String(file["downloadUrl"].string.dropFirst(Self.base.count))
                #expect(try await rest.get(uri).text == "newest")
            }
            #expect(try await rest.get(Segment.list(Segment.first)).json == [new])
        }
    }

    @Test func `the download URL begins with the configured address and keeps the caller's scope`() async throws {
        var settings = ServerSettings()
        settings.publicURL = "https://assets.example.test"
        let server = try await TestServer(settings: settings)
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client, key: server.fixture.demo.worker.key)
            let token = try await rest.store("é & +%.txt", "bytes")
            let uri = Segment.uri(Segment.first, scope: "JBS773")
            let file = try await rest.call(.post, uri, ["filetoken": "\(token)"]).json
            let start =
                "https://assets.example.test/api/resources/assets/27665601?scope=jbs773&filename=%C3%A9%20%26%20%2B%25.txt&v="
            #expect(file["downloadUrl"].string.hasPrefix(start), "\(file["downloadUrl"])")
            let path = String(file["downloadUrl"].string.dropFirst("https://assets.example.test".count))
            #expect(try await rest.get(path).text == "bytes")
        }
    }

    @Test func `lists are ordered by language, folder and name`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            #expect(try await rest.get(Segment.list(Segment.first)).text == "[]")
            for (name, more) in [
                ("b", ["locale": "nl"]), ("a", ["locale": "nl"]), ("a", ["locale": "en", "relativePath": "z"]),
                ("c", [:]),
                ("b", ["relativePath": "x"]), ("d", ["locale": "en"]), ("A", [:]),
            ] as [(String, [String: TestJSON])] { try await rest.attach(name, "x", more) }
            let list = try await rest.get(Segment.list(Segment.first)).json.array
            let names = list.map {
                [$0["locale"].string, $0["relativePath"].string, $0["name"].string].joined(separator: "|")
            }
            #expect(names == ["||A", "||c", "|x|b", "en||d", "en|z|a", "nl||a", "nl||b"])
        }
    }

    @Test func `the list of many segments`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let (first, second) = (Segment.first, Segment.first + 1)
            try await rest.attach("a.txt")
            try await rest.attach("b.txt", to: Segment.uri(second))
            let uri = "/api/resources/assets/list?scope=pr7214&segmentIds="
            let rows: [(String, [Int])] = [
                ("\(first),\(second)", [first, second]), ("\(second)%2C\(first)", [second, first]),
                ("\(first),\(first),\(second)", [first, second]), ("%20\(first)%20,+\(second)", [first, second]),
                ("\(first),1,99999999", [first]), ("\(first + 2)", []), ("\(Segment.flex),\(first)", [first]),
                (Array(repeating: "\(first)", count: 500).joined(separator: ","), [first]),
            ]
            for (ids, segments) in rows {
                let answer = try await rest.get(uri + ids)
                #expect(answer.code == 200)
                #expect(answer.json.array.map { Int($0["segmentId"].number) } == segments, "\(ids)")
            }
            for ids in [
                "", ",", "\(first),", "x", "\(first);\(second)", "-1", "1.5",
                Array(repeating: "1", count: 501).joined(separator: ","),
            ] {
                try await rest.fails(.get, uri + ids, 400, "Invalid parameter 'segmentIds': ")
            }
            try await rest.fails(
                .get, "/api/resources/assets/list?scope=pr7214", 400, "Invalid parameter 'segmentIds': ")

            let flex = "/api/apps/wbflex/documents/19914/assets/list?segmentIds="
            try await rest.attach("f.txt", to: Segment.flexURI(Segment.flex))
            let list = try await rest.get(flex + "\(Segment.flex),\(Segment.flex),\(first)")
            #expect(list.json.array.map { $0["fileName"] } == ["f.txt"])
            try await rest.fails(.get, flex, 400, "Invalid parameter 'segmentIds': ")
        }
    }

    @Test func `deleting is idempotent, and delete-all removes every language and the folder`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let api = try await server.rpc(client)
            for (all, files) in [
                (Segment.uri(Segment.first), "&filename="), (Segment.flexURI(Segment.flex), "?filename="),
            ] {
                func delete(_ uri: String) async throws {
                    let answer = try await rest.call(.delete, uri, headers: [.contentType: "application/json"])
                    #expect(answer.code == 200 && answer.body.readableBytes == 0, "\(uri) \(answer.text)")
                }
                try await delete(all)
                try await delete(all + files + "missing.txt")
                try await rest.attach("a.txt", to: all)
                try await rest.attach("b.txt", "x", ["locale": "en", "relativePath": "deep/er"], to: all)
                let url = try await rest.attach("c.txt", "x", ["relativePath": "deep"], to: all)["downloadUrl"].string
                try await delete(all + files + "a.txt")
                try await delete(all + files + "a.txt")
                try await delete(all + files + "c.txt")
                #expect(
                    try await rest.get(String(url.dropFirst(Self.base.count))).code == 200,
                    "Without its path it is another file")
                try await delete(all)
                try await delete(all)
                try await rest.fails(
                    .get, String(url.dropFirst(Self.base.count)), 404, "The requested file does not exist.")
            }
            try await api.fails("assets/get", ["pathname": "/reference/assets/19641/601/27665601"], 422)
            _ = try await api.ok("assets/get", ["pathname": "/reference/assets/19641/601"])
        }
    }

    @Test func `deleting a file removes folders that became empty, up to the segment's`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let api = try await server.rpc(client)
            let folder = "/reference/assets/19641/601/27665601"
            try await rest.attach("a.jpg", "x", ["locale": "en", "relativePath": "p/q"])
            let stored = try await api.ok("assets/get", ["pathname": "\(folder)/en/p/q/a.jpg"])["data"]["assets"].object
                .values
            #expect(stored.contains { $0["name"] == "a.jpg" && $0["type"] != .missing })
            #expect(
                try await rest.call(
                    .delete, Segment.uri(Segment.first, query: "&filename=a.jpg&locale=en&relativePath=p/q")
                ).code == 200)
            try await api.fails("assets/get", ["pathname": "\(folder)/en"], 422)
            let left = try await api.ok("assets/children", ["pathname": "\(folder)"])
            #expect(left["result"]["children.size"] == 0)
        }
    }

    @Test func `a mistyped delete destroys nothing`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            for (all, sign) in [(Segment.uri(Segment.first), "&"), (Segment.flexURI(Segment.flex), "?")] {
                try await rest.attach("a.txt", to: all)
                for query in [
                    "filename=", "locale=en", "relativePath=x", "locale=", "filename", "relativePath=&locale=",
                ] {
                    try await rest.fails(.delete, all + sign + query, 400, "Invalid parameter 'filename': ")
                }
                #expect(try await rest.get(all + sign + "filename=a.txt").code == 200)
            }
        }
    }

    @Test func `wrong parameters are named`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let token = TestJSON.string(try await rest.store("a.txt"))
            let uri = Segment.uri(Segment.first)
            let bodies: [(TestJSON, String)] = [
                ([:], "filetoken"), (["filetoken": ""], "filetoken"), (["filetoken": 5], "filetoken"),
                (["filetoken": nil], "filetoken"),
                (["filetoken": "nonsense"], "filetoken"), (["filetoken": token, "locale": "fr"], "locale"),
                (["filetoken": token, "locale": 5], "locale"), (["filetoken": token, "locale": "../en"], "locale"),
                (["filetoken": token, "relativePath": ".."], "relativePath"),
                (["filetoken": token, "relativePath": "a/../b"], "relativePath"),
                (["filetoken": token, "relativePath": "a//b"], "relativePath"),
                (["filetoken": token, "relativePath": "a\u{0}b"], "relativePath"),
                (["filetoken": token, "relativePath": "C:\\x"], "relativePath"),
                (["filetoken": token, "relativePath": "a?b"], "relativePath"),
                (["filetoken": token, "relativePath": ["x"]], "relativePath"),
                (["filetoken": token, "relativePath": "."], "relativePath"),
                (["filetoken": token, "relativePath": .string(String(repeating: "x", count: 256))], "relativePath"),
                ("text", "body"), ([], "body"),
            ]
            for (body, name) in bodies {
                try await rest.fails(.post, uri, 400, "Invalid parameter '\(name)': ", body: body)
            }
            let rows: [(HTTPRequest.Method, String, String)] = [
                (.get, uri, "filename"), (.get, Segment.uri(Segment.first, query: "&filename="), "filename"),
                (.get, Segment.uri(Segment.first, query: "&filename=..%2F..%2Fx"), "filename"),
                (.get, Segment.uri(Segment.first, query: "&filename=x&relativePath=.."), "relativePath"),
                (.get, Segment.uri(Segment.first, query: "&filename=x&locale=fr"), "locale"),
                (.get, Segment.uri(Segment.first, query: "&filename=x%00"), "filename"),
                (.get, "/api/resources/assets/x?scope=pr7214&filename=a", "segmentid"),
                (.get, "/api/resources/assets/-1/list?scope=pr7214", "segmentid"),
                (.get, "/api/resources/assets/1.5/list?scope=pr7214", "segmentid"),
                (.get, "/api/resources/assets/99999999999999999999/list?scope=pr7214", "segmentid"),
                (.get, Segment.list(1), "segmentid"), (.delete, Segment.uri(1), "segmentid"),
                (.post, Segment.uri(1), "segmentid"),
                (.get, Segment.uri(1, query: "&filename=a"), "segmentid"),
                (.get, "/api/resources/assets/1/list", "scope"),
                (.get, Segment.list(1, scope: ""), "scope"), (.get, Segment.list(1, scope: "7214"), "scope"),
                (.get, Segment.list(1, scope: "pr"), "scope"),
                (.get, Segment.list(1, scope: "prx"), "scope"), (.get, Segment.list(1, scope: "jb773"), "scope"),
                (.get, Segment.list(1, scope: "pr7214%20"), "scope"),
                (.get, Segment.list(1, scope: "pr1"), "scope"), (.get, Segment.list(1, scope: "jbs1"), "scope"),
                (.get, Segment.list(1, scope: "jbc773"), "scope"),
                (.get, "/api/resources/assets/list?segmentIds=1", "scope"),
                (.delete, "/api/resources/assets/1", "scope"),
                (.get, Segment.flexURI(Segment.flex, document: "1") + "/list", "id"),
                (.get, Segment.flexURI(Segment.flex, document: "x") + "/list", "id"),
                // A document that is not a Flex document.
                (.get, Segment.flexURI(Segment.first, document: "19641") + "/list", "id"),
                (.get, Segment.flexURI(Segment.first) + "/list", "segmentid"),
                (.get, Segment.flexURI(Segment.flex), "filename"),
            ]
            for (method, uri, name) in rows { try await rest.fails(method, uri, 400, "Invalid parameter '\(name)': ") }
            #expect(try await rest.get(Segment.list(Segment.first)).text == "[]")
        }
    }

    @Test func `scopes are read in any letter case`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            for scope in ["pr7214", "PR7214", "Pr7214", "jbs773", "JBS773"] {
                #expect(try await rest.get(Segment.list(Segment.first, scope: scope)).code == 200, "\(scope)")
            }
        }
    }

    @Test func `a file in the trash is absent here, and an upload to its path revives it`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let rest = try await server.rest(client)
            let api = try await server.rpc(client)
            try await rest.attach("a.txt", "old")
            let path = "/reference/assets/19641/601/27665601/a.txt"
            let gid = try await api.ok("assets/get", ["pathname": "\(path)"])["result"]["asset"].string
            _ = try await api.ok("assets/delete", ["asset": "\(gid)"])
            #expect(try await rest.get(Segment.list(Segment.first)).text == "[]")
            try await rest.fails(.get, Segment.uri(Segment.first, query: "&filename=a.txt"), 404)
            try await rest.attach("a.txt", "new")
            let revived = try await api.ok("assets/get", ["pathname": "\(path)"])
            #expect(revived["result"]["asset"] == "\(gid)")
            #expect(revived["data"]["assets"][gid]["status"] == "published")
            #expect(try await rest.get(Segment.uri(Segment.first, query: "&filename=a.txt")).text == "new")
        }
    }
}
