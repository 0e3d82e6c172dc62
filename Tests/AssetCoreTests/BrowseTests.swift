import AssetTesting
import Testing

@testable import AssetCore

struct BrowseTests {
    @Test func `an asset is found by gid and by pathname`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let file = try await test.file(caller, "file.txt", in: folder.gid)
        let found = try await test.service.asset(
            caller, .pathname(AssetPath(parsing: "/folder/file.txt", parameter: "p")))
        #expect(found.asset.gid == file.gid)
        #expect(found.path == "/folder")
        #expect(found.pathname == "/folder/file.txt")
        let root = try await test.service.asset(caller, .pathname(AssetPath(parsing: "/", parameter: "p")))
        #expect(root.asset.isRoot)
        #expect(root.path == "/")
        #expect(root.pathname == "/")
        #expect(try await test.service.root(caller).asset.gid == root.asset.gid)
        for path in ["/File.txt", "/folder/file", "/folder/file.txt/deeper", "/absent/file.txt"] {
            await expectError(.unprocessable) {
                try await test.service.asset(caller, .pathname(AssetPath(parsing: path, parameter: "p")))
            }
        }
    }

    @Test func `several assets come by tree structure and then name, each once`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let b = try await test.folder(caller, "b")
        let inside = try await test.file(caller, "z.txt", in: b.gid)
        let longer = try await test.file(caller, "b.txt")
        let a = try await test.file(caller, "a.txt")
        let root = try await test.root()
        let found = try await test.service.assets(
            caller,
            [
                .gid(longer.gid), .gid(inside.gid), .gid(GID()), .gid(b.gid), .gid(a.gid), .gid(root.gid), .gid(b.gid),
                .pathname(try AssetPath(parsing: "/b/z.txt", parameter: "p")),
                .pathname(try AssetPath(parsing: "/absent", parameter: "p")),
            ])
        #expect(found.map(\.pathname) == ["/", "/a.txt", "/b", "/b/z.txt", "/b.txt"])
    }

    @Test func `children come in pages with the size of the whole`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        _ = try await test.files(5, in: folder)
        _ = try await test.folder(caller, "zz", in: folder.gid)
        let page = try await test.service.children(caller, of: .gid(folder.gid), top: 0, size: 3)
        #expect(page.total == 6)
        #expect(page.assets.map(\.pathname) == ["/folder/zz", "/folder/f0.txt", "/folder/f1.txt"])
        let rest = try await test.service.children(caller, of: .gid(folder.gid), top: 3, size: 100)
        #expect(rest.assets.map(\.asset.name) == ["f2.txt", "f3.txt", "f4.txt"])
        let file = try #require(rest.assets.first).asset
        let none = try await test.service.children(caller, of: .gid(file.gid), top: 0, size: 10)
        #expect(none.total == 0)
        #expect(none.assets.isEmpty)
        await expectError(.unprocessable) {
            try await test.service.children(caller, of: .gid(GID()), top: 0, size: 10)
        }
    }

    @Test func `another project's gid does not exist here`() async throws {
        let test = try await TestService.make()
        let owner = try await test.owner()
        let file = try await test.file(owner, "file.txt")
        let project = try await test.service.createProject(
            account: "demo", owner: "demo", name: "Other", number: nil, languages: ["en"])
        let other = try await test.service.caller(owner.user.gid, in: project.gid)
        await expectError(.unprocessable) { try await test.service.asset(other, .gid(file.gid)) }
        #expect(try await test.service.assets(other, [.gid(file.gid)]).isEmpty)
        await expectError(.unprocessable) { try await test.service.delete(other, .gid(file.gid)) }
    }
}
