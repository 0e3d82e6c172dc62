import AssetTesting
import OrderedCollections
import Testing

@testable import AssetCore

/// Project reference 2.6, 5.11 and 5.16.
struct MetadataTests {
    private static let gid = "218437b3-f3db-4f60-9d44-c96319aa3c57"

    @Test(
        arguments: [
            (.text, "a\nb", "a\nb"), (.text, 3, "3"), (.text, ["a", "b"], "a\nb"), (.text, nil, ""),
            (.text, true, "true"),
            (.textline, "a\nb\r\nc", "a b c"), (.textline, .double(1.5), "1.5"),
            (.textlist, ["a", "b\nc"], ["a", "b c"]), (.textlist, "a\nb", ["a", "b"]), (.textlist, "", []),
            (.textlist, nil, []), (.textlist, 3, ["3"]),
            (.number, 3, 3), (.number, .double(2.6), 3), (.number, "12", 12), (.number, " 1 2,4 ", 12),
            (.number, "x", nil),
            (.number, true, 1), (.number, "", nil), (.number, [], nil), (.number, .double(1e300), nil),
            (.number, "1e999", nil), (.number, "nan", nil),
            (.decimal, 3, 3), (.decimal, .double(2.5), .double(2.5)), (.decimal, "2,5", .double(2.5)),
            (.decimal, "x", nil),
            (.boolean, true, true), (.boolean, "Yes", true), (.boolean, "no", false), (.boolean, 1, true),
            (.boolean, 0, false), (.boolean, nil, false), (.boolean, [], false),
            (.image, .string(gid), .string(gid)), (.image, .string(gid.uppercased()), .string(gid)), (.image, "x", nil),
            (.image, 3, nil), (.fieldpicker, .string(gid), .string(gid)), (.fieldpicker, "", nil),
        ] as [(MetadataType, JSON, JSON)])
    func `values that do not fit are coerced, not refused`(type: MetadataType, value: JSON, expected: JSON) {
        #expect(type.coerce(value) == expected, "\(type) \(value.text)")
    }

    @Test func `names`() {
        for good in ["a.b", "A_1.b2.c", "_a._b", "a.1"] {
            #expect(throws: Never.self, "\(good)") { try MetadataName(good) }
        }
        for bad in [
            "", "a", ".a.b", "a.b.", "a..b", "1a.b", "a b.c", "a.b-c", "ä.b", "a.b\n", "²a.b", "a.٣",
            String(repeating: "a", count: 254) + ".b",
        ] {
            let error = #expect(throws: AssetError.self, "\(bad)") { try MetadataName(bad) }
            #expect(error?.parameter == "name")
        }
    }

    @Test func `what a patch leaves out stays, and defaults are for new entries only`() {
        func apply(
            _ old: JSON?, _ type: MetadataType? = nil, localized: Bool? = nil, _ value: JSON? = nil
        ) -> JSON {
            MetadataPatch(type: type, isLocalized: localized, value: value).applied(to: old, languages: ["en", "nl"])
        }
        let plain = apply(nil)
        #expect(plain == ["type": "textline", "is_localized": false, "value": ""])
        let number = apply(plain, .number, "12")
        #expect(number == ["type": "number", "is_localized": false, "value": 12])
        #expect(apply(number, nil, 13) == ["type": "number", "is_localized": false, "value": 13])
        #expect(apply(number, .textline) == ["type": "textline", "is_localized": false, "value": "12"])
        let localized = apply(number, localized: true)
        #expect(localized == ["type": "number", "is_localized": true, "value": ["en": 12, "nl": 12]])
        let dutch = apply(localized, nil, ["nl": 5, "xx": 7])
        #expect(dutch == ["type": "number", "is_localized": true, "value": ["en": 12, "nl": 5]])
        #expect(apply(dutch, localized: false) == ["type": "number", "is_localized": false, "value": 12])
        #expect(
            apply(nil, .textlist, localized: true, ["nl": "a\nb"])
                == ["type": "textlist", "is_localized": true, "value": ["en": [], "nl": ["a", "b"]]])
    }

    @Test func `the value of an image that is gone becomes null`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let (gone, kept) = (try await test.file(caller, "gone.png"), try await test.file(caller, "kept.png"))
        let folder = try await test.folder(caller, "folder")
        var edit = AssetEdit()
        edit.metadata = [
            try MetadataName("a.gone"): MetadataPatch(type: .image, isLocalized: nil, value: JSON(gone.gid)),
            try MetadataName("a.both"): MetadataPatch(
                type: .image, isLocalized: true, value: ["en": JSON(gone.gid), "nl": JSON(kept.gid)]),
            try MetadataName("a.text"): MetadataPatch(type: .textline, isLocalized: nil, value: JSON(gone.gid)),
        ]
        let before = try await test.service.update(caller, .gid(folder.gid), edit).asset
        _ = try await test.service.delete(caller, .gid(gone.gid))
        try await test.sweeper().sweep()
        #expect(try await test.now(folder)?.updatedOn == before.updatedOn, "the trash keeps it")
        _ = try await test.service.permanentDelete(caller, .gid(gone.gid))
        let cursor = try await test.cursor()
        try await test.sweeper().sweep()
        let entries = try #require(try await test.now(folder)).metadataEntries()
        #expect(entries["a.gone"]?[key: "value"] == JSON.null)
        #expect(entries["a.both"]?[key: "value"] == ["en": nil, "nl": JSON(kept.gid)])
        #expect(entries["a.text"]?[key: "value"] == JSON(gone.gid))
        #expect(try await test.changedKeys(.update, after: cursor) == [folder.gid.description])
        try await test.sweeper().sweep()
        #expect(try await test.changes(after: cursor).count == 1)
    }

    @Test func `entries are merged, cleared, and limited`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        let service = test.service
        func set(_ name: String, _ value: JSON) async throws -> LocatedAsset {
            try await service.setMetadata(
                caller, .gid(file.gid), try MetadataName(name), MetadataPatch(type: nil, isLocalized: nil, value: value)
            )
        }
        _ = try await set("a.one", "1")
        let cursor = try await test.cursor()
        let both = try await set("a.two", "2").asset
        #expect(both.updatedOn > file.updatedOn)
        #expect(both.version == file.version)
        #expect(try both.metadataEntries().keys == ["a.one", "a.two"])
        #expect(try await test.changedKeys(.update, after: cursor) == [file.gid.description])
        let cleared = try await service.clearMetadata(caller, .gid(file.gid), try MetadataName("a.one")).asset
        #expect(try cleared.metadataEntries().keys == ["a.two"])
        // Nothing to clear: nothing happens.
        let quiet = try await test.cursor()
        let same = try await service.clearMetadata(caller, .gid(file.gid), try MetadataName("a.none")).asset
        #expect(same.updatedOn == cleared.updatedOn)
        #expect(try await test.cursor() == quiet)
        let large = JSON.string(String(repeating: "x", count: Asset.maximumMetadataBytes))
        await expectError(.unprocessable) { try await set("a.large", large) }
        #expect(try await test.cursor() == quiet)
        let root = try await test.root()
        await expectError(.unprocessable) {
            try await service.clearMetadata(caller, .gid(root.gid), try MetadataName("a.two"))
        }
    }
}
