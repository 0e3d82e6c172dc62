import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

/// The files of one segment, through the segment dialect's door.
struct SegmentSet: Sendable {
    static let segment: Int64 = 27_665_601
    static let document: Int64 = 19641

    let test: TestService
    let caller: Caller

    static func make() async throws -> SegmentSet {
        let test = try await TestService.make()
        let owner = try await test.owner()
        return SegmentSet(test: test, caller: try await test.service.caller(owner.user, scope: .project(7214)))
    }

    func token(_ name: String, _ text: String = "text", user: User? = nil) async throws -> String {
        let body = OneBuffer(ByteBuffer(string: text))
        let file = try await test.service.ingestFile(body, named: name, limit: .max)
        return try await test.service.storeFiles(user ?? caller.user, [(file, name)])[0]
    }

    @discardableResult
    func attach(
        _ name: String, _ text: String = "text", locale: String? = nil, path: String? = nil,
        segment: Int64 = SegmentSet.segment
    ) async throws -> SegmentFile {
        try await test.service.attach(
            caller, segment: segment, token: try await token(name, text), locale: locale, relativePath: path)
    }

    func reference(_ name: String, locale: String? = nil, path: String? = nil) -> AssetService.SegmentFileReference {
        .init(fileName: name, relativePath: path, locale: locale)
    }

    /// The bytes that a download gives.
    func text(_ name: String, locale: String? = nil, path: String? = nil) async throws -> String {
        let (_, blob) = try await test.service.file(
            caller, segment: Self.segment, reference(name, locale: locale, path: path))
        return String(buffer: try await test.blobs.head(blob.location, length: 1000))
    }

    func delete(_ name: String, locale: String? = nil, path: String? = nil) async throws {
        try await test.service.deleteFile(caller, segment: Self.segment, reference(name, locale: locale, path: path))
    }

    /// `locale:path:name` of each file in the list, in its order.
    func list(segment: Int64 = SegmentSet.segment) async throws -> [String] {
        try await test.service.files(caller, ofSegment: segment).map {
            "\($0.locale ?? "-"):\($0.relativePath):\($0.asset.name)"
        }
    }

    /// What the project dialect finds at a pathname below the segment's folder.
    func asset(_ path: String) async throws -> LocatedAsset? {
        let top = "/reference/assets/19641/601/27665601"
        let path = try AssetPath(parsing: path.isEmpty ? top : top + "/" + path, parameter: "p")
        do {
            return try await test.service.asset(caller, .pathname(path))
        } catch let error as AssetError where error.code == .unprocessable {
            return nil
        }
    }
}

struct SegmentAssetsTests {
    @Test func `an uploaded file lies at its place in the tree, for both dialects`() async throws {
        let set = try await SegmentSet.make()
        let file = try await set.attach("a.jpg", "bytes", locale: "EN", path: "/public\\images/")
        #expect(file.document == 19641)
        #expect(file.segment == 27_665_601)
        #expect(file.locale == "en")
        #expect(file.relativePath == "public\\images")
        #expect(file.asset.name == "a.jpg")
        let located = try #require(try await set.asset("en/public/images/a.jpg"))
        #expect(located.asset.gid == file.asset.gid)
        #expect(located.pathname == "/reference/assets/19641/601/27665601/en/public/images/a.jpg")
        #expect(try await set.text("a.jpg", locale: "en", path: "public/images") == "bytes")
        #expect(try await set.text("public\\images/a.jpg", locale: "en") == "bytes")
        await expectError(.fileNotFound) { try await set.text("a.jpg") }
        await expectError(.fileNotFound) { try await set.text("A.JPG", locale: "en", path: "public/images") }
        await expectError(.fileNotFound) { try await set.text("images", locale: "en", path: "public") }
    }

    @Test func `the path decides the locale`() async throws {
        let set = try await SegmentSet.make()
        let first = try await set.attach("a.jpg", "one", locale: "en")
        let second = try await set.attach("a.jpg", "two", path: "en")
        #expect(second.asset.gid == first.asset.gid)
        #expect(second.locale == "en")
        #expect(second.relativePath == "")
        #expect(try await set.list() == ["en::a.jpg"])
        #expect(try await set.text("a.jpg", locale: "en") == "two")
    }

    @Test func `the list is by locale, path and name, without what is in the trash`() async throws {
        let set = try await SegmentSet.make()
        for (name, locale, path) in [
            ("b.jpg", "nl", nil), ("z.jpg", nil, "public/views"), ("a.jpg", nil, nil), ("a.jpg", "en", nil),
            ("c.jpg", nil, "public"), ("b.jpg", nil, nil), ("a.jpg", "en", "deep"),
        ] as [(String, String?, String?)] { try await set.attach(name, locale: locale, path: path) }
        let all = [
            "-::a.jpg", "-::b.jpg", "-:public:c.jpg", "-:public\\views:z.jpg", "en::a.jpg", "en:deep:a.jpg",
            "nl::b.jpg",
        ]
        #expect(try await set.list() == all)
        let folder = try #require(try await set.asset("public"))
        _ = try await set.test.service.delete(set.caller, .gid(folder.asset.gid))
        #expect(try await set.list() == all.filter { !$0.contains("public") })
        #expect(try await set.list(segment: 27_665_602) == [])
        // Several segments: in the order of the request, each once, what is unknown adds nothing.
        try await set.attach("other.jpg", segment: 27_665_602)
        let files = try await set.test.service.files(
            set.caller, ofSegments: [27_665_602, 1, 27_665_601, 27_665_602, 27_665_650])
        #expect(files.map(\.segment) == [27_665_602] + Array(repeating: 27_665_601, count: 5))
    }

    @Test func `uploading to the same path replaces the bytes`() async throws {
        let set = try await SegmentSet.make()
        let first = try await set.attach("a.txt", "one", path: "x")
        let cursor = try await set.test.cursor()
        let second = try await set.attach("a.txt", "two", path: "x")
        #expect(second.asset.gid == first.asset.gid)
        #expect(second.asset.version == first.asset.version + 1)
        #expect(second.asset.createdOn == first.asset.createdOn)
        #expect(second.asset.updatedOn > first.asset.updatedOn)
        #expect(try await set.text("a.txt", path: "x") == "two")
        #expect(try await set.list() == ["-:x:a.txt"])
        let changes = try await set.test.changes(after: cursor)
        #expect(changes.map(\.key) == [first.asset.gid])
        #expect(changes.map(\.action) == [.update])
    }

    @Test func `a token works more than once, for its uploader only, until it expires`() async throws {
        let set = try await SegmentSet.make()
        let token = try await set.token("a.txt")
        for segment in [27_665_601, 27_665_602] as [Int64] {
            let file = try await set.test.service.attach(
                set.caller, segment: segment, token: token.uppercased(), locale: nil, relativePath: nil)
            #expect(file.segment == segment)
        }
        let other = try await set.test.member(.member, named: "other")
        for (caller, token) in [(other, token), (set.caller, "0"), (set.caller, String(repeating: "0", count: 32))] {
            let error = await expectError(.badParameter) {
                try await set.test.service.attach(
                    caller, segment: SegmentSet.segment, token: token, locale: nil, relativePath: nil)
            }
            #expect(error?.parameter == "filetoken")
        }
        set.test.clock.advance(seconds: set.test.service.settings.fileTokenLifetime)
        await expectError(.badParameter) {
            try await set.test.service.attach(
                set.caller, segment: SegmentSet.segment, token: token, locale: nil, relativePath: nil)
        }
        await expectError(.fileNotFound) { try await set.test.service.file(set.caller.user, token: token) }
    }

    @Test(
        arguments: [
            ("filename", "../a.txt", nil, nil), ("filename", "a/../b.txt", nil, nil), ("filename", "..", nil, nil),
            ("relativePath", "a.txt", "..", nil), ("relativePath", "a.txt", "x/../../y", nil),
            ("relativePath", "a.txt", "x//y", nil), ("relativePath", "a.txt", "C:\\x", nil),
            ("locale", "a.txt", nil, "fr"), ("locale", "a.txt", nil, ".."), ("locale", "a.txt", nil, "en/.."),
        ] as [(String, String, String?, String?)])
    func `a path that is wrong leaves nothing behind`(
        parameter: String, name: String, path: String?, locale: String?
    ) async throws {
        let set = try await SegmentSet.make()
        let cursor = try await set.test.cursor()
        let error = await expectError(.badParameter) { try await set.attach(name, locale: locale, path: path) }
        #expect(error?.parameter == parameter)
        #expect(try await set.test.cursor() == cursor)
        #expect(try await set.test.root().folderCount == 0)
    }

    @Test func `a file and a folder cannot have one name`() async throws {
        let set = try await SegmentSet.make()
        try await set.attach("x", "file")
        let below = await expectError(.badParameter) { try await set.attach("a.txt", path: "x") }
        #expect(below?.parameter == "relativePath")
        try await set.attach("a.txt", path: "folder")
        let over = await expectError(.badParameter) { try await set.attach("folder") }
        #expect(over?.parameter == "filename")
        #expect(try await set.list() == ["-::x", "-:folder:a.txt"])
    }

    // MARK: Trash

    @Test func `a trashed file is absent; uploading to its path revives it with the new bytes`() async throws {
        let set = try await SegmentSet.make()
        let file = try await set.attach("a.txt", "old", path: "x/y")
        try await set.attach("b.txt", "other", path: "x/y")
        let x = try #require(try await set.asset("x"))
        let y = try #require(try await set.asset("x/y"))
        _ = try await set.test.service.delete(set.caller, .gid(x.asset.gid))
        #expect(try await set.list() == [])
        await expectError(.fileNotFound) { try await set.text("a.txt", path: "x/y") }
        // Deleting what lies in the trash is no error, and does not touch it.
        try await set.delete("a.txt", path: "x/y")
        #expect(try await set.asset("x/y/a.txt")?.asset.status == .deleted)

        let cursor = try await set.test.cursor()
        let revived = try await set.attach("a.txt", "new", path: "x/y")
        #expect(revived.asset.gid == file.asset.gid)
        #expect(revived.asset.status == .published)
        #expect(try await set.list() == ["-:x\\y:a.txt"])
        #expect(try await set.text("a.txt", path: "x/y") == "new")
        // The folders above came back, their other content did not.
        #expect(try await set.asset("x")?.asset.status == .published)
        #expect(try await set.asset("x/y")?.asset.status == .published)
        #expect(try await set.asset("x/y/b.txt")?.asset.status == .deleted)
        let gids = [x.asset.gid, y.asset.gid, file.asset.gid].map(\.description).sorted()
        #expect(try await set.test.changedKeys(.update, after: cursor) == gids)
        #expect(try await set.test.changes(after: cursor).count == 3)
    }

    @Test func `uploading revives the folders above the segment as well`() async throws {
        let set = try await SegmentSet.make()
        try await set.attach("a.txt")
        let other = try await set.attach("b.txt", segment: 27_665_602)
        let top = try await set.test.service.asset(
            set.caller, .pathname(try AssetPath(parsing: "/reference", parameter: "p")))
        _ = try await set.test.service.delete(set.caller, .gid(top.asset.gid))
        #expect(try await set.list() == [])
        try await set.attach("c.txt")
        #expect(try await set.list() == ["-::c.txt"])
        #expect(try await set.list(segment: 27_665_602) == [])
        #expect(try await set.test.statuses([other.asset]) == [.deleted])
    }

    // MARK: Deleting

    @Test func `deleting one file removes it for good, with folders that become empty`() async throws {
        let set = try await SegmentSet.make()
        let file = try await set.attach("a.txt", locale: "en", path: "x/y")
        try await set.attach("b.txt", locale: "en")
        let x = try #require(try await set.asset("en/x"))
        let y = try #require(try await set.asset("en/x/y"))
        let en = try #require(try await set.asset("en"))
        let cursor = try await set.test.cursor()
        try await set.delete("a.txt", locale: "en", path: "x/y")
        #expect(try await set.test.statuses([file.asset, x.asset, y.asset, en.asset]) == [nil, nil, nil, .published])
        #expect(try await set.list() == ["en::b.txt"])
        let gone = [file.asset.gid, x.asset.gid, y.asset.gid].map(\.description).sorted()
        #expect(try await set.test.changedKeys(.delete, after: cursor) == gone)
        #expect(try await set.test.changedKeys(.update, after: cursor) == [en.asset.gid.description])
        #expect(try await set.test.now(en.asset)?.folderCount == 0)
        // The last one: the segment's folder stays.
        try await set.delete("b.txt", locale: "en")
        #expect(try await set.asset("en") == nil)
        #expect(try await set.asset("")?.asset.status == .published)
        // Idempotent.
        try await set.delete("b.txt", locale: "en")
        try await set.delete("never.txt", path: "was/here")
    }

    @Test func `deleting one file leaves those of the same name in other places`() async throws {
        let set = try await SegmentSet.make()
        for locale in [nil, "en", "nl"] { try await set.attach("a.txt", locale: locale) }
        try await set.attach("a.txt", path: "x")
        try await set.delete("a.txt")
        #expect(try await set.list() == ["-:x:a.txt", "en::a.txt", "nl::a.txt"])
        try await set.delete("x/a.txt", locale: "en")
        #expect(try await set.list() == ["-:x:a.txt", "en::a.txt", "nl::a.txt"])
        try await set.delete("x\\a.txt")
        #expect(try await set.list() == ["en::a.txt", "nl::a.txt"])
    }

    @Test func `a folder that holds something in the trash is not empty`() async throws {
        let set = try await SegmentSet.make()
        try await set.attach("a.txt", path: "x")
        let trashed = try await set.attach("b.txt", path: "x")
        _ = try await set.test.service.delete(set.caller, .gid(trashed.asset.gid))
        try await set.delete("a.txt", path: "x")
        #expect(try await set.test.statuses([trashed.asset]) == [.deleted])
        #expect(try await set.asset("x")?.asset.status == .published)
    }

    @Test func `deleting all files removes the segment's folder, again and again`() async throws {
        let set = try await SegmentSet.make()
        let files = [
            try await set.attach("a.txt"), try await set.attach("a.txt", locale: "en"),
            try await set.attach("b.txt", locale: "nl", path: "x/y"),
        ]
        let other = try await set.attach("c.txt", segment: 27_665_602)
        let top = try #require(try await set.asset(""))
        let cursor = try await set.test.cursor()
        try await set.test.service.deleteFiles(set.caller, ofSegment: SegmentSet.segment)
        #expect(try await set.test.statuses(files.map(\.asset) + [top.asset]) == [nil, nil, nil, nil])
        #expect(try await set.asset("") == nil)
        #expect(try await set.list() == [])
        // Seven rows and the folder above them.
        #expect(try await set.test.changedKeys(.delete, after: cursor).count == 8)
        #expect(try await set.test.changedKeys(.update, after: cursor).count == 1)
        try await set.test.service.deleteFiles(set.caller, ofSegment: SegmentSet.segment)
        #expect(try await set.test.statuses([other.asset]) == [.published])
        try await set.attach("new.txt")
        #expect(try await set.list() == ["-::new.txt"])
    }

    @Test func `deleting more files than one transaction takes returns when all are gone`() async throws {
        let set = try await SegmentSet.make()
        try await set.attach("a.txt")
        let top = try #require(try await set.asset("")).asset
        _ = try await set.test.files(4500, in: top)
        try await withThrowingTaskGroup { group in
            group.addTask { try await set.test.runner().run() }
            try await set.test.service.deleteFiles(set.caller, ofSegment: SegmentSet.segment)
            group.cancelAll()
        }
        #expect(try await set.asset("") == nil)
        #expect(try await set.list() == [])
        let lines = try await set.test.service.changes(for: set.caller.user, globalCursor: 0, project: nil).items
        let jobs = lines.filter { if case .global(let line) = $0 { line.dataType == .jobs } else { false } }
        #expect(jobs.isEmpty)
    }

    @Test func `a file uploaded while all are being deleted does not bring deleted ones back`() async throws {
        let set = try await SegmentSet.make()
        try await set.attach("a.txt")
        let top = try #require(try await set.asset("")).asset
        _ = try await set.test.files(2500, in: top)
        try await withThrowingTaskGroup { group in
            group.addTask { try await set.test.service.deleteFiles(set.caller, ofSegment: SegmentSet.segment) }
            // The first transaction is over, the job has not begun.
            while try await set.test.now(top)?.status == .published { await Task.yield() }
            try await set.attach("new.txt")
            try await set.test.runJobs()
            try await group.waitForAll()
        }
        #expect(try await set.list() == ["-::new.txt"])
    }

    @Test func `each call needs its right and a segment within reach`() async throws {
        let set = try await SegmentSet.make()
        try await set.attach("a.txt")
        let token = try await set.token("b.txt")
        let service = set.test.service
        for role in [Member.Role.viewer, .contributor] {
            let caller = try await set.test.member(role, named: "\(role)")
            await expectError(.forbidden) { try await service.deleteFiles(caller, ofSegment: SegmentSet.segment) }
            await expectError(.forbidden) {
                try await service.deleteFile(caller, segment: SegmentSet.segment, set.reference("a.txt"))
            }
        }
        let viewer = try await set.test.member(.viewer, named: "second viewer")
        await expectError(.forbidden) {
            try await service.attach(viewer, segment: SegmentSet.segment, token: token, locale: nil, relativePath: nil)
        }
        for segment in [0, 27_665_600, 27_665_701, -1] as [Int64] {
            let errors = [
                await expectError(.badParameter) { try await service.files(set.caller, ofSegment: segment) },
                await expectError(.badParameter) { try await service.deleteFiles(set.caller, ofSegment: segment) },
                await expectError(.badParameter) {
                    try await service.deleteFile(set.caller, segment: segment, set.reference("a.txt"))
                },
                await expectError(.badParameter) {
                    try await service.attach(
                        set.caller, segment: segment, token: token, locale: nil, relativePath: nil)
                },
            ]
            #expect(errors.allSatisfy { $0?.parameter == "segmentid" })
        }
        #expect(try await set.list() == ["-::a.txt"])
    }
}
