import AssetCore
import AssetTesting
import Testing

/// The documented limits: what is within them works, what lies beyond is refused.
struct LimitTests {
    private static func search(_ filter: JSON) throws -> Selection {
        try Selection(parsing: [["search": ["language": "en", "filter": filter]]])
    }

    private static func isText(wrapped levels: Int) -> JSON {
        var filter: JSON = ["type", "is", "txt"]
        for level in 0..<levels {
            filter = level.isMultiple(of: 2) ? ["and", "", [filter]] : ["or", "", [filter, ["type", "is", "none"]]]
        }
        return filter
    }

    @Test func `a filter as deep and one as wide as allowed find what they should`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let text = try await test.file(caller, "a.txt")
        _ = try await test.file(caller, "b.csv")
        let kinds: [JSON] = (0..<996).map { ["type", "is", .string("kind\($0)")] }
        let wide: JSON = ["or", "", .array(kinds + [["type", "is", "txt"]])]
        for filter in [Self.isText(wrapped: SearchFilter.maximumDepth - 1), wide, ["not", "", ["not", "", wide]]] {
            let page = try await test.service.bulkGet(caller, try Self.search(filter), cursor: nil, size: 10)
            #expect(page.assets.map(\.asset.gid) == [text.gid])
        }
    }

    @Test func `a deeper filter is a bad selection`() throws {
        let filter = Self.isText(wrapped: SearchFilter.maximumDepth)
        let error = #expect(throws: AssetError.self) { try Self.search(filter) }
        #expect(error?.code == .badSelection)
    }

    @Test func `a tree may be a hundred levels deep, and goes as a whole`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let top = try await test.folder(caller, "1")
        var parent = top
        for level in 2...AssetPath.maximumDepth { parent = try await test.folder(caller, "\(level)", in: parent.gid) }
        let error = await #expect(throws: AssetError.self) {
            _ = try await test.folder(caller, "beyond", in: parent.gid)
        }
        #expect(error?.code == .unprocessable)

        _ = try await test.service.delete(caller, .gid(top.gid))
        let deepest = try await test.service.asset(caller, .gid(parent.gid))
        #expect(deepest.asset.status == .deleted)
        _ = try await test.service.permanentDelete(caller, .gid(top.gid))
        await #expect(throws: AssetError.self) { _ = try await test.service.asset(caller, .gid(parent.gid)) }
        #expect(try await test.service.root(caller).asset.folderCount == 0)
    }

    @Test func `a folder does not move to where its content would lie too deep`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        var parent = try await test.folder(caller, "1")
        for level in 2..<AssetPath.maximumDepth { parent = try await test.folder(caller, "\(level)", in: parent.gid) }
        let full = try await test.folder(caller, "full")
        let inside = try await test.file(caller, "inside.txt", in: full.gid)
        let empty = try await test.folder(caller, "empty")
        _ = try await test.service.bulkMove(
            caller, [JSON(full.gid), JSON(empty.gid)], to: parent.gid)
        try await test.runJobs()
        #expect(try await test.service.asset(caller, .gid(inside.gid)).pathname == "/full/inside.txt")
        #expect(try await test.service.asset(caller, .gid(empty.gid)).path.hasSuffix("/98/99"))
    }

    @Test func `a pathname has at most 4096 bytes`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let name = String(repeating: "n", count: 255)
        var parent = try await test.folder(caller, name)
        for _ in 2...16 { parent = try await test.folder(caller, name, in: parent.gid) }
        let error = await #expect(throws: AssetError.self) { _ = try await test.file(caller, "a", in: parent.gid) }
        #expect(error?.code == .unprocessable)
        #expect(test.blobs.locations.isEmpty)
    }
}
