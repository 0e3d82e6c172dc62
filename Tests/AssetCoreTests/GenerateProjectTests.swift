import AssetTesting
import OrderedCollections
import Testing

@testable import AssetCore

struct GenerateProjectTests {
    private struct Tree: Equatable {
        var folders: OrderedDictionary<String, Int> = [:]
        var titles: [LocalizedText] = []
        var depth = 0
    }

    private func generate(_ test: TestService, _ count: Int, isFlat: Bool = false, seed: UInt64 = 5) async throws
        -> GeneratedProject
    {
        try await test.service.generateProject(
            named: "Generated",
            into: .init(account: test.demo.account, owner: test.demo.user, number: nil, omitsDocuments: true),
            assets: count, isFlat: isFlat, seed: seed
        ) { _ in }
    }

    /// The tree as its owner sees it.
    private func tree(_ test: TestService, _ made: GeneratedProject) async throws -> Tree {
        let caller = try await test.service.caller(made.project.owner, in: made.project.gid)
        var tree = Tree()
        var waiting = [(try await test.service.root(caller).asset.gid, "", 0)]
        while let (folder, path, depth) = waiting.popLast() {
            let page = try await test.service.children(caller, of: .gid(folder), top: 0, size: 100_000)
            tree.folders[path] = page.assets.count
            tree.depth = max(tree.depth, depth)
            for child in page.assets {
                if child.asset.isFile {
                    tree.titles.append(child.asset.title)
                } else {
                    waiting.append((child.asset.gid, path + "/" + child.asset.name, depth + 1))
                }
            }
        }
        return tree
    }

    @Test func `as many assets as were asked for, five folders deep, found by their words`() async throws {
        let test = try await TestService.make()
        let made = try await generate(test, 3000)
        let tree = try await tree(test, made)
        #expect(tree.folders.values.reduce(0, +) == 3000)
        #expect(made.files + made.folders == 3000)
        #expect(tree.titles.count == made.files)
        #expect(tree.depth == 5)
        #expect(tree.titles.allSatisfy { $0["en"] != nil && $0["nl"] != nil })
        #expect(tree.folders[""] == 1)
        let caller = try await test.service.caller(made.project.owner, in: made.project.gid)
        let query = try SearchQuery(parsing: ["language": "en", "q": "+cms 225"])
        #expect(try await test.service.search(caller, query, top: 0, size: 10).total > 100)
    }

    @Test func `a seed makes the same again, and another one something else`() async throws {
        let test = try await TestService.make()
        let first = try await tree(test, generate(test, 1500))
        #expect(try await tree(test, generate(test, 1500)) == first)
        #expect(try await tree(test, generate(test, 1500, seed: 6)) != first)
    }

    @Test func `several at once have numbers of their own`() async throws {
        let test = try await TestService.make()
        async let made = [generate(test, 20), generate(test, 20), generate(test, 20)]
        async let other = generate(test, 20)
        let numbers = try await (made + [other]).map(\.project.number)
        #expect(Set(numbers).count == 4)
    }

    @Test func `a flat one has all files in one folder`() async throws {
        let test = try await TestService.make()
        let made = try await generate(test, 500, isFlat: true)
        let tree = try await tree(test, made)
        #expect(tree.folders == ["": 1, "/products": 499])
    }

    @Test func `who does not exist gets nothing`() async throws {
        let test = try await TestService.make()
        await #expect(throws: AssetError.self) {
            try await test.service.generateProject(
                named: "x", into: .init(account: "nobody", owner: "x", number: nil, omitsDocuments: true), assets: 10,
                isFlat: false, seed: 1
            ) { _ in }
        }
    }
}
