import AssetTesting
import NIOCore
import OrderedCollections
import Testing

@testable import AssetCore

/// Project reference 5.11 and 5.12.
struct EditTests {
    private static func edit(_ change: (inout AssetEdit) throws -> Void) rethrows -> AssetEdit {
        var edit = AssetEdit()
        try change(&edit)
        return edit
    }

    @Test func `only the given languages change, and empty texts go`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        func update(_ change: (inout AssetEdit) -> Void) async throws -> Asset {
            try await test.service.update(caller, .gid(file.gid), Self.edit(change)).asset
        }
        _ = try await update { $0.title = ["en": "one", "nl": "een"] }
        let changed = try await update {
            $0.title = ["nl": "twee"]
            $0.description = ["en": "text"]
            $0.transforms = ["_main_": ["crop": nil]]
        }
        #expect(changed.title == ["en": "one", "nl": "twee"])
        #expect(changed.description == ["en": "text"])
        #expect(changed.transforms.text == #"{"_main_":{"crop":null}}"#)
        let emptied = try await update { $0.title = ["en": ""] }
        #expect(emptied.title == ["nl": "twee"])
        #expect(emptied.description == ["en": "text"])
        #expect(emptied.version == 1)
        let cursor = try await test.cursor()
        await expectError(.badParameter) { try await update { $0.title = ["nl": "drie", "de": "drei"] } }
        let long = String(repeating: "x", count: AssetEdit.maximumText + 1)
        await expectError(.badParameter) { try await update { $0.description = ["nl": long] } }
        #expect(try await test.now(file)?.title == ["nl": "twee"])
        #expect(try await test.cursor() == cursor)
    }

    @Test func `a rename tells everything below, and the folder`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let top = try await test.folder(caller, "top")
        let inner = try await test.folder(caller, "inner", in: top.gid)
        let file = try await test.file(caller, "file.txt", in: inner.gid)
        _ = try await test.folder(caller, "taken")
        let cursor = try await test.cursor()
        let name = try AssetName("taken")
        let renamed = try await test.service.update(caller, .gid(top.gid), Self.edit { $0.name = name })
        #expect(renamed.asset.name == "taken 2")
        #expect(renamed.pathname == "/taken 2")
        let root = try await test.root()
        let lines = try await test.changes(after: cursor)
        #expect(lines.map(\.key) == [top.gid, inner.gid, file.gid, root.gid])
        #expect(lines.allSatisfy { $0.action == .update })
        // Its own name is free for it.
        let same = try await test.service.update(caller, .gid(top.gid), Self.edit { $0.name = name })
        #expect(same.asset.name == "taken 2")
        let path = try AssetPath(parsing: "/taken 2/inner/file.txt", parameter: "pathname")
        #expect(try await test.service.asset(caller, .pathname(path)).asset.gid == file.gid)
    }

    @Test func `the root, segments' folders, and places that are kept for them`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let reference = try await test.folder(caller, "reference")
        let assets = try await test.folder(caller, "assets", in: reference.gid)
        let other = try await test.folder(caller, "other")
        let root = try await test.root()
        let service = test.service
        let name = try AssetName("new")
        for gid in [root.gid, reference.gid, assets.gid] {
            await expectError(.unprocessable) {
                try await service.update(caller, .gid(gid), Self.edit { $0.name = name })
            }
            await expectError(.unprocessable) { try await service.move(caller, .gid(gid), to: .gid(other.gid)) }
        }
        // Their texts can be changed, the root's cannot.
        _ = try await service.update(caller, .gid(assets.gid), Self.edit { $0.title = ["en": "x"] })
        await expectError(.unprocessable) {
            try await service.update(caller, .gid(root.gid), Self.edit { $0.title = ["en": "x"] })
        }
        let number = try AssetName("77")
        let folder = try await test.folder(caller, "folder", in: assets.gid)
        await expectError(.unprocessable) {
            try await service.update(caller, .gid(folder.gid), Self.edit { $0.name = number })
        }
    }

    @Test func `a move goes nowhere it must not`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let inner = try await test.folder(caller, "inner", in: folder.gid)
        let file = try await test.file(caller, "file.txt", in: folder.gid)
        let bin = try await test.folder(caller, "bin")
        _ = try await test.service.delete(caller, .gid(bin.gid))
        let owner = try #require(try await test.service.catalog.read { try $0.user(test.demo.project.owner) })
        let foreign = try await test.service.createProject(owner, name: nil, timezone: nil)
        let cursor = try await test.cursor()
        let service = test.service
        for (gid, target) in [
            (folder.gid, folder.gid), (folder.gid, inner.gid), (folder.gid, file.gid), (folder.gid, bin.gid),
            (folder.gid, GID()), (GID(), folder.gid),
        ] {
            await expectError(.unprocessable) { try await service.move(caller, .gid(gid), to: .gid(target)) }
        }
        let foreignRoot = try #require(try await service.catalog.read { try $0.asset(foreign.root) })
        await expectError(.unprocessable) { try await service.move(caller, .gid(file.gid), to: .gid(foreignRoot.gid)) }
        #expect(try await test.cursor() == cursor)
        // To where it is: nothing happens.
        let same = try await service.move(caller, .gid(file.gid), to: .gid(folder.gid))
        #expect(same.parent.asset.gid == folder.gid)
        #expect(try await test.cursor() == cursor)
        let root = try await test.root()
        let moved = try await service.move(caller, .gid(inner.gid), to: .gid(root.gid))
        #expect(moved.asset.pathname == "/inner")
        #expect(try await test.now(folder)?.folderCount == 0)
        #expect(
            try await test.changes(after: cursor).map(\.key) == [inner.gid, folder.gid, root.gid])
    }

    @Test func `the names of both Unicode forms are one name, upper and lower case are two`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        #expect(try await test.file(caller, "Cafe\u{301}.txt").name == "Caf\u{e9}.txt")
        #expect(try await test.file(caller, "Caf\u{e9}.txt").name == "Caf\u{e9} 2.txt")
        #expect(try await test.file(caller, "caf\u{e9}.txt").name == "caf\u{e9}.txt")
        let file = try await test.file(caller, "x.txt")
        let name = try AssetName("CAFE\u{301}.txt")
        #expect(
            try await test.service.update(caller, .gid(file.gid), Self.edit { $0.name = name }).asset.name
                == "CAF\u{c9}.txt")
    }

    @Test func `old versions come back as the newest`() async throws {
        let test = try await TestService.make(settings: Self.keeping(3))
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt", in: nil, "1")
        func replace(_ text: String) async throws {
            let ingested = try await test.service.ingest(OneBuffer(.init(string: text)), named: AssetName("x.txt"))
            _ = try await test.service.replaceFile(caller, ingested, of: .gid(file.gid))
        }
        func versions() async throws -> [Int64] {
            try await test.service.versions(caller, of: .gid(file.gid)).1.map(\.version)
        }
        try await replace("2")
        try await replace("3")
        try await replace("4")
        #expect(try await versions() == [4, 3, 2])
        let service = test.service
        await expectError(.unprocessable) { try await service.revert(caller, .gid(file.gid), to: 1) }
        await expectError(.unprocessable) { try await service.revert(caller, .gid(file.gid), to: 4) }
        let cursor = try await test.cursor()
        let reverted = try await service.revert(caller, .gid(file.gid), to: 2).asset
        #expect(reverted.version == 5)
        #expect(try await versions() == [5, 4, 3])
        #expect(try await test.changedKeys(.update, after: cursor) == [file.gid.description])
        let viewer = try await test.member(.viewer, named: "viewer")
        await expectError(.forbidden) { try await service.revert(viewer, .gid(file.gid), to: 3) }
        let folder = try await test.folder(caller, "folder")
        await expectError(.unprocessable) { try await service.versions(caller, of: .gid(folder.gid)) }
    }

    private static func keeping(_ count: Int) -> ServiceSettings {
        var settings = ServiceSettings()
        settings.keptVersions = count
        return settings
    }
}
