import AssetCore
import AssetTesting
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import AssetHTTP

/// `assets/upload` and `assets/upload_update` (project reference 5.9, 5.10), and what bad uploads leave behind in both dialects.
struct RPCUploadsTests {
    @Test func `parts come in any order, and parent goes before pathname`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let folder = try await api.folder("folder", in: root)
            let file: FormPart = .file("upload_file", "a.txt", "bytes")
            let rows: [([FormPart], String)] = [
                ([.field("parent", folder), file], folder), ([file, .field("parent", folder)], folder),
                ([.field("x", "y"), file, .field("parent", folder), .field("z", "")], folder),
                ([.field("pathname", "/folder"), file], folder), ([file, .field("pathname", "/")], root),
                ([.field("pathname", "/"), file, .field("parent", folder)], folder),
                ([.field("parent", folder.uppercased()), file], folder),
                ([.field("parent", folder), .file("other", "b.txt", "other"), file], folder),
            ]
            for (index, (parts, parent)) in rows.enumerated() {
                let answer = try await api.upload("assets/upload", parts)
                #expect(answer.code == 200, "\(index): \(answer.text)")
                let (result, assets) = (answer.json["result"], answer.json["data"]["assets"])
                let asset = result["asset"].string
                #expect(result == ["parent": "\(parent)", "asset": "\(asset)"], "\(index)")
                #expect(assets.keys == [parent, asset])
                #expect(assets[asset]["info"]["filesize"] == 5)
                #expect(assets[asset]["pathname"].string.hasPrefix(parent == root ? "/a" : "/folder/a"))
                #expect(answer.headers[.authorization] == api.token)
                let gid = try #require(GID(asset))
                #expect(try await server.text(of: gid) == "bytes")
            }
        }
    }

    @Test func `names are decoded, and numbered when taken`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            for (sent, stored) in [
                ("a.txt", "a.txt"), ("a.txt", "a 2.txt"), ("été.txt", "été.txt"), ("a%22b.txt", "a\"b.txt"),
                ("100%.txt", "100%.txt"),
                ("no ending", "no ending"),
            ] {
                let answer = try await api.upload(
                    "assets/upload", [.field("parent", root), .file("upload_file", sent, "x")])
                #expect(
                    answer.json["data"]["assets"][answer.json["result"]["asset"].string]["name"] == "\(stored)",
                    "\(answer.text)")
            }
        }
    }

    @Test func `upload_update replaces the bytes and keeps the rest`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let file = try await api.file("a.txt", in: root, "old")
            server.fixture.clock.advance(seconds: 10)
            for parts in [
                [
                    .field("asset", file),
                    .file("upload_file", "other.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
                ],
                [.file("upload_file", "x", "new"), .field("asset", file)],
            ] as [[FormPart]] {
                let before = try await api.ok("assets/get", ["asset": "\(file)"])["data"]["assets"][file]
                let answer = try await api.upload("assets/upload_update", parts)
                #expect(answer.code == 200)
                #expect(answer.json["result"] == ["asset": "\(file)"])
                #expect(answer.json["data"]["assets"].keys == [file, root])
                let after = answer.json["data"]["assets"][file]
                #expect(
                    after["name"] == "a.txt" && after["pathname"] == "/a.txt"
                        && after["created_on"] == before["created_on"])
                #expect(after["version"].number > before["version"].number)
                #expect(after["updated_on"].number > before["updated_on"].number)
                #expect(after["info"] != before["info"])
            }
            #expect(try await server.text(of: try #require(GID(file))) == "new")
            let folder = try await api.folder("folder", in: root)
            let gone = try await api.file("gone.txt", in: root, "gone")
            _ = try await api.ok("assets/delete", ["asset": "\(gone)"])
            let stored = server.fixture.blobs.locations
            let rows: [([FormPart], Int)] = [
                ([.field("asset", "\(GID())"), .file("upload_file", "x", "unseen")], 422),
                ([.field("asset", folder), .file("upload_file", "x", "unseen")], 422),
                ([.field("asset", root), .file("upload_file", "x", "unseen")], 422),
                ([.field("asset", gone), .file("upload_file", "x", "unseen")], 422),
                ([.field("asset", "x"), .file("upload_file", "x", "unseen")], 400),
                ([.file("upload_file", "x", "unseen")], 400), ([.field("asset", file)], 400), ([], 400),
            ]
            for (parts, code) in rows {
                expectRPCFailure(try await api.upload("assets/upload_update", parts), code, "\(parts)")
                #expect(server.fixture.blobs.locations == stored, "\(parts)")
            }
        }
    }

    @Test func `bad uploads are refused, and leave nothing`() async throws {
        let server = try await TestServer()
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let deleted = try await api.folder("deleted", in: root)
            _ = try await api.ok("assets/delete", ["asset": "\(deleted)"])
            let file: FormPart = .file("upload_file", "a.txt", "bytes")
            let rows: [([FormPart], Int)] = [
                ([.field("parent", root)], 400), ([], 400), ([file], 400), ([.field("parent", "x"), file], 400),
                ([file, .field("parent", "")], 400),
                ([.field("parent", root), .field("upload_file", "bytes")], 400),
                ([.field("parent", root), .file("other", "a.txt", "bytes")], 400),
                ([.field("pathname", "folder"), file], 400), ([file, .field("pathname", "/a/../b")], 400),
                ([.field("parent", "\(GID())"), file], 422), ([file, .field("parent", deleted)], 422),
                ([.field("pathname", "/nothing"), file], 422),
                ([.field("parent", root), .file("upload_file", "..", "x")], 400),
                ([.field("parent", root), .file("upload_file", "a/b", "x")], 400),
                ([.field("parent", root), .file("upload_file", "", "x")], 400),
                ([.field("parent", root), .file("upload_file", "a%0Ab", "x")], 400),
                ([.field("parent", root), .file("upload_file", String(repeating: "x", count: 256), "x")], 400),
                ([file, .field("parent", String(repeating: "x", count: 20_000))], 400),
                (Array(repeating: .field("x", "y"), count: 101) + [file, .field("parent", root)], 400),
                ([file] + Array(repeating: .field("x", "y"), count: 101), 400),
            ]
            for (parts, code) in rows {
                expectRPCFailure(try await api.upload("assets/upload", parts), code, "\(parts.prefix(3))")
                #expect(server.fixture.blobs.locations.isEmpty, "\(parts.prefix(3))")
            }
            for type in [
                "application/json", "multipart/form-data", "multipart/mixed; boundary=AaB03x",
                "multipart/form-data; boundary=wrong", "",
            ] {
                expectRPCFailure(
                    try await api.upload("assets/upload", [.field("parent", root), file], type: type), 400, type)
                #expect(server.fixture.blobs.locations.isEmpty, "\(type)")
            }
            let text = try await api.call("assets/upload", ["parent": "\(root)"])
            expectRPCFailure(text, 400)
            let listed = try await api.ok("assets/children", ["asset": "\(root)"])
            #expect(listed["result"]["children"] == ["\(deleted)"])
        }
    }

    @Test func `a file over the limit is refused`() async throws {
        var limits = ServiceSettings()
        limits.maximumUpload = 100_000
        let server = try await TestServer(limits: limits)
        try await server.app.test(.router) { client in
            let api = try await server.rpc(client)
            let root = try await api.root()
            let large = try await api.upload(
                "assets/upload",
                [.field("parent", root), .file("upload_file", "a", String(repeating: "x", count: 100_001))])
            // 413 is never on the wire of this dialect (1.4).
            expectRPCFailure(large, 422)
            #expect(server.fixture.blobs.locations.isEmpty)
            let fitting = try await api.upload(
                "assets/upload",
                [.field("parent", root), .file("upload_file", "a", String(repeating: "x", count: 100_000))])
            #expect(fitting.code == 200)
        }
    }

    // MARK: Bodies that break off

    /// A whole body, with the file before the last field, and the places at which it is cut: in a part's headers, in the bytes of the
    /// file, right behind them, in the field, and before the closing boundary's last bytes.
    private static func cuts(_ parts: [FormPart]) -> [[UInt8]] {
        let whole = Array(FormPart.text(parts).utf8)
        // Without its last two bytes a body is still whole.
        return stride(from: 0, through: whole.count - 3, by: 7).map { Array(whole.prefix($0)) } + [whole.dropLast(3)]
    }

    @Test(arguments: [TestBody.Ending.ends, .fails])
    func `an upload that breaks off anywhere leaves nothing`(ending: TestBody.Ending) async throws {
        let server = try await TestServer()
        let api = try await server.app.test(.router) { client in try await server.rpc(client) }
        let root = try await server.app.test(.router) { client in
            try await RPCClient(client: client, project: api.project, token: api.token).root()
        }
        for cut in Self.cuts([.field("x", "y"), .file("upload_file", "a.txt", "some bytes"), .field("parent", root)]) {
            let body = TestBody(cut, bufferSize: 50, ending: ending)
            try await server.app(receiving: body).test(.router) { client in
                var headers = api.headers
                headers[.contentType] = FormPart.contentType
                let answer = try await client.send(.post, api.uri("assets/upload"), headers: headers, "replaced")
                expectRPCFailure(answer, ending == .ends ? 400 : 500, "\(cut.count) bytes")
                #expect(server.fixture.blobs.locations.isEmpty, "\(cut.count) bytes")
            }
        }
        try await server.app.test(.router) { client in
            let listed = try await RPCClient(client: client, project: api.project, token: api.token).ok(
                "assets/children", ["asset": "\(root)"])
            #expect(listed["result"]["children"] == [])
        }
    }

    @Test(arguments: ["/api/media/upload", "/api/media/upload/multi"])
    func `a stored file that breaks off leaves nothing`(uri: String) async throws {
        let server = try await TestServer()
        let whole = FormPart.text([.file("file", "a.txt", "some bytes")])
        let end = whole.utf8.count - "\r\n--AaB03x--\r\n".utf8.count
        for (length, ending) in [
            (0, TestBody.Ending.ends), (20, .ends), (end - 3, .ends), (end, .ends), (end - 3, .fails),
        ] {
            let body = TestBody(Array(whole.utf8.prefix(length)), bufferSize: 50, ending: ending)
            try await server.app(receiving: body).test(.router) { client in
                let rest = try await server.rest(client)
                let answer = try await rest.upload(uri, [])
                expectRESTFailure(answer, ending == .ends ? 400 : 500, nil, "\(length)")
                #expect(server.fixture.blobs.locations.isEmpty, "\(length)")
            }
        }
    }

    /// The client is told that its upload failed and never learns a token, so that nobody can use these bytes.
    @Test(arguments: ["/api/media/upload", "/api/media/upload/multi"])
    func `a stored file whose request breaks off or turns bad behind it leaves nothing`(uri: String) async throws {
        var limits = ServiceSettings()
        limits.maximumUpload = 10
        let server = try await TestServer(limits: limits)
        let whole = FormPart.text([.file("file", "a.txt", "some bytes")], isClosed: false)
        var rests = ["--AaB03x\r\nContent-Disp", "--AaB03x\r\n\r\n", "--AaB03xjunk"]
        if uri.hasSuffix("multi") {
            rests += [
                FormPart.text([.file("file", "b.txt", "more than ten")]), FormPart.text([.file("file", "..", "x")]),
            ]
        }
        for rest in rests {
            try await server.app(receiving: TestBody(Array((whole + rest).utf8))).test(.router) { client in
                let answer = try await server.rest(client).upload(uri, [])
                expectRESTFailure(answer, 400, nil, rest)
                #expect(server.fixture.blobs.locations.isEmpty, "\(rest)")
            }
        }
    }
}
