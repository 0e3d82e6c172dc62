import AssetCore
import AssetTesting
import NIOCore
import Testing

struct ExamineTests {
    private func picture(_ test: TestService, _ caller: Caller, _ name: String) async throws -> Asset {
        let bytes: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + Array(name.utf8)
        let name = try AssetName(name)
        let file = try await test.service.ingest(OneBuffer(ByteBuffer(bytes: bytes)), named: name)
        let root = try await test.service.root(caller).asset.gid
        return try await test.service.addFile(caller, file, named: name, in: .gid(root)).asset.asset
    }

    private func info(_ test: TestService, _ asset: Asset) async throws -> JSON {
        let found = try await test.service.catalog.read { try $0.asset(asset.id) }
        return try JSON(parsing: found?.content?.info.text ?? "")
    }

    private func lines(_ test: TestService, _ asset: Asset) async throws -> Int {
        let project = test.demo.project.id
        return try await test.service.catalog.read { tx in
            try tx.changes(in: project, after: 0, limit: 1000).count { $0.key == asset.gid }
        }
    }

    @Test func `an upload does not wait for it, and the feed tells of it afterwards`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        test.renderer.fail(with: AssetError(.unavailable, "No decoder"))
        let asset = try await picture(test, caller, "a.png")
        let text = try await test.file(caller, "a.txt")
        #expect(try await lines(test, asset) == 1)
        // It waits for as long as there is nothing to decode with.
        for _ in 0..<5 {
            await #expect(throws: AssetError.self) { try await test.service.examineNext(limit: 10) }
        }
        test.renderer.fail(with: nil)
        #expect(try await test.service.examineNext(limit: 10) == 1)
        #expect(try await info(test, asset)[key: "colors"] == "examined")
        #expect(try await lines(test, asset) == 2)
        #expect(try await test.service.examineNext(limit: 10) == 0)
        #expect(try await info(test, text)[key: "colors"] == .null)
    }

    @Test func `asking for information does not wait for its turn`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await picture(test, caller, "a.png")
        let known = try await test.service.mediaInfo(caller, StorageName(gid: asset.gid, version: 1))
        #expect(try JSON(parsing: known.text)[key: "colors"] == "examined")
        #expect(try await test.service.examineNext(limit: 10) == 0)
        #expect(test.renderer.examined.count == 1)
    }

    @Test func `what was found out of bytes that were replaced meanwhile is not kept`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await picture(test, caller, "a.png")
        test.renderer.hold()
        async let count = test.service.examineNext(limit: 10)
        await test.renderer.arrival()
        let file = try await test.service.ingest(
            OneBuffer(ByteBuffer(string: "just text")), named: AssetName("a.png"))
        _ = try await test.service.replaceFile(caller, file, of: .gid(asset.gid))
        test.renderer.letGo()
        #expect(try await count == 1)
        #expect(try await info(test, asset)[key: "colors"] == .null)
    }

    @Test func `a file whose bytes cannot be read does not keep others from their turn, and is given up`() async throws
    {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let lost = try await picture(test, caller, "lost.png")
        test.renderer.fail(with: AssetError(.internalError, "No such bytes"))
        await #expect(throws: AssetError.self) { try await test.service.examineNext(limit: 10) }
        let other = try await picture(test, caller, "other.png")
        for _ in 0..<2 { await #expect(throws: AssetError.self) { try await test.service.examineNext(limit: 10) } }
        test.renderer.fail(with: nil)
        #expect(try await test.service.examineNext(limit: 10) == 2)
        #expect(try await info(test, lost)[key: "colors"] == .null)
        #expect(try await info(test, other)[key: "colors"] == "examined")
        #expect(try await test.service.examineNext(limit: 10) == 0)
    }

    @Test func `a file that ends its server again and again is given up`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await picture(test, caller, "a.png")
        for _ in 0..<3 { _ = try await test.service.catalog.write { try $0.beginExamination(of: asset.id) } }
        #expect(try await test.service.examineNext(limit: 10) == 1)
        #expect(test.renderer.examined.isEmpty)
        #expect(try await test.service.examineNext(limit: 10) == 0)
    }
}
