import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

struct UploadTests {
    @Test func `a taken name gets the next free number`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let names = [
            "a.jpg", "a.jpg", "a.jpg", "a 2.jpg", "README", "README", ".profile", ".profile", "x.tar.gz", "x.tar.gz",
        ]
        var given: [String] = []
        for name in names { given.append(try await test.file(caller, name).name) }
        #expect(
            given == [
                "a.jpg", "a 2.jpg", "a 3.jpg", "a 2 2.jpg", "README", "README 2", ".profile", ".profile 2", "x.tar.gz",
                "x.tar 2.gz",
            ])
        // Folders and files share their names.
        #expect(try await test.folder(caller, "a.jpg").name == "a 4.jpg")
        #expect(try await test.folder(caller, "A.jpg").name == "A.jpg")
    }

    @Test func `a deleted sibling keeps its name`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let first = try await test.file(caller, "a.jpg")
        _ = try await test.service.delete(caller, .gid(first.gid))
        let second = try await test.file(caller, "a.jpg")
        #expect(second.name == "a 2.jpg")
        #expect(try await test.service.undelete(caller, .gid(first.gid)).asset.name == "a.jpg")
    }

    @Test func `an upload answers the file and its folder, and tells the feed`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let cursor = try await test.cursor()
        let name = try AssetName("Cafe\u{301}.TXT")
        let file = try await test.service.ingest(OneBuffer(ByteBuffer(string: "hello")), named: name)
        let answer = try await test.service.addFile(
            caller, file, named: name, in: .pathname(AssetPath(parsing: "/folder", parameter: "parent")))
        #expect(answer.asset.pathname == "/folder/Caf\u{e9}.TXT")
        #expect(answer.parent.asset.gid == folder.gid)
        #expect(answer.parent.asset.fileCount == 1)
        #expect(answer.asset.asset.content?.size == 5)
        let changes = try await test.changes(after: cursor)
        #expect(changes.map(\.action) == [.insert, .update])
        #expect(changes.map(\.key) == [answer.asset.asset.gid, folder.gid])
        #expect(test.blobs.locations == [file.stored.location])
    }

    @Test(arguments: [true, false])
    func `bytes that the store has lost come back with the same upload`(isGone: Bool) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        _ = try await test.file(caller, "a.txt", in: nil, "hello")
        let lost = try #require(test.blobs.locations.first)
        if isGone {
            try await test.blobs.remove(lost)
        } else {
            test.blobs.replace(lost, with: ByteBuffer(string: "he"))
        }
        _ = try await test.file(caller, "b.txt", in: nil, "hello")
        var places: [String] = []
        for path in ["/a.txt", "/b.txt"] {
            let found = try await test.service.asset(caller, .pathname(AssetPath(parsing: path, parameter: "pathname")))
            let blob = try #require(found.asset.content?.blob)
            places.append(try await test.service.catalog.read { try $0.requireBlob(blob).location })
        }
        #expect(Set(places).count == 1 && places[0] != lost)
        #expect(try await test.service.blobs.head(places[0], length: 10) == ByteBuffer(string: "hello"))
        let now = test.service.clock.now()
        #expect(try await test.service.catalog.read { try $0.removableLocations(before: now, limit: 5) } == [lost])
    }

    @Test func `a parent that cannot take a file is refused, and no bytes stay`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        let deleted = try await test.folder(caller, "deleted")
        let below = try await test.folder(caller, "below", in: deleted.gid)
        _ = try await test.service.delete(caller, .gid(deleted.gid))
        let before = test.blobs.locations
        let cursor = try await test.cursor()
        for parent in [file.gid, deleted.gid, below.gid, GID()] {
            // Also bytes that are known already, under another file's row.
            for text in ["new", "text"] {
                await expectError(.unprocessable) { try await test.file(caller, "new.txt", in: parent, text) }
            }
            await expectError(.unprocessable) { try await test.folder(caller, "new", in: parent) }
        }
        #expect(test.blobs.locations == before)
        #expect(try await test.cursor() == cursor)
    }

    @Test func `without the right to write nothing stays`() async throws {
        let test = try await TestService.make()
        let viewer = try await test.member(.viewer, named: "viewer")
        let root = try await test.root()
        await expectError(.forbidden) { try await test.file(viewer, "a.txt") }
        await expectError(.forbidden) { try await test.folder(viewer, "a") }
        let name = try AssetName("a.txt")
        let file = try await test.service.ingest(OneBuffer(ByteBuffer(string: "x")), named: name)
        await expectError(.forbidden) { try await test.service.replaceFile(viewer, file, of: .gid(root.gid)) }
        #expect(test.blobs.locations.isEmpty)
    }

    @Test func `the limit holds, the caller's own and the server's`() async throws {
        var settings = ServiceSettings()
        settings.maximumUpload = 10
        let test = try await TestService.make(settings: settings)
        let caller = try await test.caller()
        _ = try await test.file(caller, "ten.txt", in: nil, "1234567890")
        let before = test.blobs.locations
        await expectError(.tooLarge) { try await test.file(caller, "eleven.txt", in: nil, "12345678901") }
        let name = try AssetName("a.txt")
        await expectError(.tooLarge) {
            try await test.service.ingest(OneBuffer(ByteBuffer(string: "123456")), named: name, limit: 5)
        }
        await expectError(.tooLarge) {
            try await test.service.ingest(OneBuffer(ByteBuffer(string: "12345678901")), named: name, limit: 100)
        }
        await #expect(throws: TestFailure.self) {
            try await test.service.ingest(TestBody([1, 2, 3], ending: .fails), named: name)
        }
        #expect(test.blobs.locations == before)
    }

    @Test func `replacing the bytes keeps all the rest`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let old = try await test.file(caller, "a.txt", in: nil, "old")
        let cursor = try await test.cursor()
        let name = try AssetName("other.png")
        let bytes = try await test.service.ingest(OneBuffer(ByteBuffer(string: "newer")), named: name)
        let answer = try await test.service.replaceFile(caller, bytes, of: .gid(old.gid))
        let new = answer.asset.asset
        #expect(new.gid == old.gid)
        #expect(new.name == "a.txt")
        #expect(new.version == 2)
        #expect(new.createdOn == old.createdOn)
        #expect(new.updatedOn > old.updatedOn)
        #expect(new.content?.size == 5)
        #expect(try await test.changes(after: cursor).map(\.key) == [old.gid])

        // A folder, a deleted file, what does not exist: refused, and the bytes go.
        let folder = try await test.folder(caller, "folder")
        _ = try await test.service.delete(caller, .gid(old.gid))
        let before = test.blobs.locations
        for gid in [folder.gid, old.gid, GID()] {
            let bytes = try await test.service.ingest(OneBuffer(ByteBuffer(string: "refused")), named: name)
            await expectError(.unprocessable) { try await test.service.replaceFile(caller, bytes, of: .gid(gid)) }
        }
        #expect(test.blobs.locations == before)
    }

    @Test func `uploads at the same time get different names`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let names = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<10 { group.addTask { try await test.file(caller, "same.txt").name } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names == Set(["same.txt"] + (2...10).map { "same \($0).txt" }))
        #expect(try await test.root().fileCount == 10)
    }
}
