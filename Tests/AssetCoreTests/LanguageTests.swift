import AssetTesting
import OrderedCollections
import Testing

@testable import AssetCore

/// Project reference 1.7 and 4.4.
struct LanguageTests {
    private static func titled(_ test: TestService, _ caller: Caller, _ file: Asset) async throws -> Asset {
        var edit = AssetEdit()
        edit.title = ["en": "title", "nl": "titel"]
        edit.description = ["en": "text"]
        edit.metadata = [
            try MetadataName("a.local"): MetadataPatch(type: nil, isLocalized: true, value: ["en": "x", "nl": "y"]),
            try MetadataName("a.plain"): MetadataPatch(type: nil, isLocalized: nil, value: "z"),
        ]
        return try await test.service.update(caller, .gid(file.gid), edit).asset
    }

    /// The caller with the project as it is now.
    private static func fresh(_ test: TestService, _ caller: Caller) async throws -> Caller {
        try await test.service.caller(caller.user.gid, in: caller.project.gid)
    }

    @Test func `a new language begins with the closest one`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await Self.titled(test, caller, try await test.file(caller, "file.txt"))
        let bare = try await test.file(caller, "bare.txt")
        let root = try await test.root()
        let cursor = try await test.cursor()
        let (project, job) = try await test.service.addLanguage(caller, "nl-be")
        #expect(project.languages == ["en", "nl", "nl-be"])
        #expect(job == nil)
        // All of them show the new key.
        let all = [root, file, bare].map(\.gid.description).sorted()
        #expect(try await test.changedKeys(.update, after: cursor) == all)
        #expect(try await test.now(bare)?.updatedOn == bare.updatedOn)
        let now = try #require(try await test.now(file))
        #expect(now.title == ["en": "title", "nl": "titel", "nl-be": "titel"])
        #expect(now.description == ["en": "text"], "an empty text stays empty")
        let entries = try now.metadataEntries()
        #expect(entries["a.local"]?[key: "value"] == ["en": "x", "nl": "y", "nl-be": "y"])
        #expect(entries["a.plain"]?[key: "value"] == "z")
        #expect(
            try await test.service.addLanguage(try await Self.fresh(test, caller), "de").project.languages.last == "de")
        #expect(try await test.now(file)?.title["de"] == "title")

        let removed = try await test.service.removeLanguage(try await Self.fresh(test, caller), "en").project
        #expect(removed.languages == ["nl", "nl-be", "de"])
        let left = try #require(try await test.now(file))
        #expect(left.title == ["nl": "titel", "nl-be": "titel", "de": "title"])
        #expect(try left.metadataEntries()["a.local"]?[key: "value"]?[key: "en"] == nil)
        // What was removed does not come back.
        _ = try await test.service.addLanguage(try await Self.fresh(test, caller), "en")
        #expect(try await test.now(file)?.title["en"] == "titel")
    }

    @Test func `wrong languages`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let service = test.service
        for code in ["xx", "", "EN-US-X", "english"] {
            await expectError(.badParameter) { try await service.addLanguage(caller, code) }
        }
        await expectError(.unprocessable) { try await service.addLanguage(caller, "en") }
        await expectError(.unprocessable) { try await service.removeLanguage(caller, "de") }
        _ = try await service.removeLanguage(caller, "nl")
        await expectError(.unprocessable) { try await service.removeLanguage(caller, "en") }
        let viewer = try await test.member(.viewer, named: "viewer")
        await expectError(.forbidden) { try await service.addLanguage(viewer, "de") }
    }

    @Test func `many texts are a job's work, and a language that goes meanwhile leaves nothing`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let folder = try await test.folder(caller, "folder")
        let files = try await test.files(2100, in: folder)
        let now = test.service.clock.now()
        try await test.service.catalog.write { tx in
            for file in files {
                var file = file
                file.title = ["en": "title"]
                _ = try tx.update(file, now: now)
            }
        }
        let (project, job) = try await test.service.addLanguage(caller, "de")
        let token = try #require(job)
        #expect(project.languages == ["en", "nl", "de"])
        #expect(try await test.now(files[0])?.title == ["en": "title"])
        try await test.runJobs()
        #expect(try await test.end(of: token, seenBy: caller.user).total == 2102)
        func titles() async throws -> Set<LocalizedText> {
            try await test.service.catalog.read { tx in
                Set(try tx.children(of: folder.id, top: 0, size: 3000).map(\.title))
            }
        }
        #expect(try await titles() == [["en": "title", "de": "title"]])
        // Added and removed before the first job runs.
        _ = try await test.service.addLanguage(try await Self.fresh(test, caller), "fr")
        _ = try await test.service.removeLanguage(try await Self.fresh(test, caller), "fr")
        try await test.runJobs()
        #expect(try await titles() == [["en": "title", "de": "title"]])
    }
}
