import AssetTesting
import Testing

@testable import AssetCore

/// Project reference 5.4 and 5.5.
struct TreeViewTests {
    /// `/a` with two folders and a file, `/b`, and two files.
    private static func fixture() async throws -> (TestService, Caller, [String: Asset]) {
        let test = try await TestService.make()
        let caller = try await test.caller()
        var assets: [String: Asset] = ["/": try await test.root()]
        assets["a"] = try await test.folder(caller, "a")
        assets["b"] = try await test.folder(caller, "b")
        for name in ["a1", "a2"] { assets[name] = try await test.folder(caller, name, in: assets["a"]?.gid) }
        assets["deep"] = try await test.file(caller, "deep.txt", in: assets["a2"]?.gid)
        for (name, parent) in [("a.txt", "a"), ("y.txt", "/"), ("z.txt", "/")] {
            assets[name] = try await test.file(caller, name, in: assets[parent]?.gid)
        }
        return (test, caller, assets)
    }

    @Test(
        arguments: [
            ([], ["/"]), (["/"], ["/", "a", "b", "y.txt", "z.txt"]), (["a"], ["/"]),
            (["/", "a"], ["/", "a", "a1", "a2", "a.txt", "b", "y.txt", "z.txt"]),
            (["/", "a2"], ["/", "a", "b", "y.txt", "z.txt"]),
            (["a2", "a", "/"], ["/", "a", "a1", "a2", "deep.txt", "a.txt", "b", "y.txt", "z.txt"]),
            (["/", "b", "y.txt", "nothing"], ["/", "a", "b", "y.txt", "z.txt"]),
        ] as [([String], [String])])
    func `rows stand behind their open folders`(open: [String], expected: [String]) async throws {
        let (test, caller, assets) = try await Self.fixture()
        let references = open.map { AssetReference.gid(assets[$0]?.gid ?? GID()) }
        let tree = try await test.service.tree(caller, open: references, top: 0, size: 100)
        #expect(tree.assets.map { $0.asset.isRoot ? "/" : $0.asset.name } == expected)
        #expect(tree.total == Int64(expected.count))
        // The same by path.
        let paths = try open.compactMap { assets[$0] }.map { asset in
            let names =
                ["a1", "a2", "a.txt"].contains(asset.name) ? ["a", asset.name] : [asset.name].filter { $0 != "" }
            return AssetReference.pathname(AssetPath(names: try names.map { try AssetName($0) }))
        }
        let byPath = try await test.service.tree(caller, open: paths, top: 0, size: 100)
        #expect(byPath.assets.map(\.asset.gid) == tree.assets.map(\.asset.gid))
    }

    @Test func `each page is a part of the whole, and the last one is shifted so that it is full`() async throws {
        let (test, caller, assets) = try await Self.fixture()
        let open = try ["/", "a", "a2"].map { AssetReference.gid(try #require(assets[$0]?.gid)) }
        let all = try await test.service.tree(caller, open: open, top: 0, size: 100).assets.map(\.pathname)
        #expect(all.count == 9)
        for size in 1...10 {
            for top in 0...11 {
                let page = try await test.service.tree(caller, open: open, top: top, size: size)
                let start = max(0, min(top, 9 - size))
                #expect(page.assets.map(\.pathname) == Array(all.dropFirst(start).prefix(size)), "\(top) \(size)")
                #expect(page.total == 9)
            }
        }
    }

    @Test func `a worksheet has the way from the root and a page of children`() async throws {
        let (test, caller, assets) = try await Self.fixture()
        let sheet = try await test.service.worksheet(
            caller, of: .gid(try #require(assets["a2"]?.gid)), top: 0, size: 20)
        #expect(sheet.path.map(\.pathname) == ["/", "/a", "/a/a2"])
        #expect(sheet.children.assets.map(\.pathname) == ["/a/a2/deep.txt"])
        #expect(sheet.children.total == 1)
        let root = try await test.service.worksheet(caller, of: .gid(test.root().gid), top: 1, size: 2)
        #expect(root.path.map(\.pathname) == ["/"])
        #expect(root.children.assets.map(\.asset.name) == ["b", "y.txt"])
        #expect(root.children.total == 4)
        let service = test.service
        await expectError(.unprocessable) { try await service.worksheet(caller, of: .gid(GID()), top: 0, size: 2) }
    }
}
