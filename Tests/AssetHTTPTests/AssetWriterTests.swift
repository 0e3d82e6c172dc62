import AssetCore
import OrderedCollections
import Testing

@testable import AssetHTTP

struct AssetWriterTests {
    private static let gid = "00112233-4455-4677-8899-aabbccddeeff"

    private static func project(_ languages: [String]) -> Project {
        Project(
            id: ProjectID(rawValue: 1), gid: GID(), number: 1, account: AccountID(rawValue: 1), owner: GID(),
            name: "Project", icon: nil, isActive: true, timezone: "UTC", languages: languages,
            root: AssetID(rawValue: 1), createdOn: Timestamp(microseconds: 0))
    }

    private static func file() throws -> Asset {
        Asset(
            id: AssetID(rawValue: 3), gid: try #require(GID(gid)), project: ProjectID(rawValue: 1),
            parent: AssetID(rawValue: 2), name: "a \"é\".txt",
            content: Asset.Content(blob: BlobID(rawValue: 1), size: 4, type: nil, info: .raw(#"{"pages":1}"#)),
            status: .deleted, version: 12, fileCount: 0, folderCount: 0, title: ["nl": "boor\n", "de": "no language"],
            description: [:], metadata: ["m": ["type": "text"]], transforms: .null,
            createdOn: Timestamp(microseconds: 1_763_718_063_029_170), updatedOn: Timestamp(microseconds: 1_000_000))
    }

    @Test func `a file`() throws {
        let located = LocatedAsset(asset: try Self.file(), path: "/folder")
        // A repeated language, and what stands there twice, is written once.
        let json = AssetWriter.object(of: [located, located], in: Self.project(["en", "nl", "en"]))
        #expect(
            json.text == #"""
                {"00112233-4455-4677-8899-aabbccddeeff":{"gid":"00112233-4455-4677-8899-aabbccddeeff",\#
                "pathname":"/folder/a \"é\".txt","path":"/folder","name":"a \"é\".txt","is_file":true,"type":null,\#
                "childcount":0,"status":"deleted","version":12,"info":{"pages":1},"transforms":null,\#
                "title":{"en":"","nl":"boor\n"},"description":{"en":"","nl":""},"metadata":{"m":{"type":"text"}},\#
                "created_on":1763718063.02917,"updated_on":1.0}}
                """#)
    }

    @Test func `a folder, and the root`() throws {
        var folder = try Self.file()
        folder.content = nil
        folder.fileCount = 3
        folder.folderCount = 2
        var root = folder
        root.gid = try #require(GID("ffeeddcc-bbaa-4988-b766-554433221100"))
        root.parent = nil
        root.name = ""
        root.status = .published
        let json = AssetWriter.object(
            of: [LocatedAsset(asset: folder, path: "/"), LocatedAsset(asset: root, path: "/")],
            in: Self.project(["en"]))
        let tail = #"""
            "transforms":null,"title":{"en":""},"description":{"en":""},"metadata":{"m":{"type":"text"}},\#
            "created_on":1763718063.02917,"updated_on":1.0}
            """#
        #expect(
            json.text == #"""
                {"00112233-4455-4677-8899-aabbccddeeff":{"gid":"00112233-4455-4677-8899-aabbccddeeff",\#
                "pathname":"/a \"é\".txt","path":"/","name":"a \"é\".txt","is_file":false,"type":null,"childcount":5,\#
                "status":"deleted","version":12,"info":{"filecount":3,"foldercount":2},\#(tail),\#
                "ffeeddcc-bbaa-4988-b766-554433221100":{"gid":"ffeeddcc-bbaa-4988-b766-554433221100",\#
                "pathname":"/","path":"/","name":"","is_file":false,"type":null,"childcount":5,\#
                "status":"published","version":12,"info":{"filecount":3,"foldercount":2},\#(tail)}
                """#)
    }

    @Test func `no asset`() {
        #expect(AssetWriter.object(of: [], in: Self.project(["en"])).text == "{}")
    }
}
