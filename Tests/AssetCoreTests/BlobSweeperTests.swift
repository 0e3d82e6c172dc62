import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

struct BlobSweeperTests {
    @Test func `bytes go in two steps, each after the grace period`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let grace = test.service.settings.gracePeriod
        let file = try await test.file(caller, "file.txt")
        let blob = try #require(file.content?.blob)
        let location = try #require(test.blobs.locations.first)
        _ = try await test.service.delete(caller, .gid(file.gid))
        _ = try await test.service.permanentDelete(caller, .gid(file.gid))
        func hasRow() async throws -> Bool { try await test.service.catalog.read { try $0.blob(blob) } != nil }

        try await test.sweeper().sweep()
        #expect(try await hasRow())
        test.clock.advance(seconds: grace)
        try await test.sweeper().sweep()
        #expect(try await hasRow())
        test.clock.advance(seconds: 1)
        try await test.sweeper().sweep()
        #expect(try await !hasRow())
        #expect(test.blobs.locations == [location])
        test.clock.advance(seconds: grace)
        try await test.sweeper().sweep()
        #expect(test.blobs.locations == [location])
        test.clock.advance(seconds: 1)
        try await test.sweeper().sweep()
        #expect(test.blobs.locations == [])
        #expect(try await test.service.catalog.read { try $0.unknownLocations(among: [location]) } == [location])
    }

    @Test func `bytes that are used again meanwhile stay`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let grace = test.service.settings.gracePeriod
        let file = try await test.file(caller, "file.txt", in: nil, "bytes")
        _ = try await test.service.delete(caller, .gid(file.gid))
        _ = try await test.service.permanentDelete(caller, .gid(file.gid))
        let again = try await test.file(caller, "again.txt", in: nil, "bytes")
        for _ in 0..<3 {
            test.clock.advance(seconds: grace + 1)
            try await test.sweeper().sweep()
        }
        let content = try #require(again.content)
        let blob = try #require(try await test.service.catalog.read { try $0.blob(content.blob) })
        #expect(test.blobs.locations == [blob.location])
    }

    @Test func `a second copy of known bytes goes at once`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        _ = try await test.file(caller, "one.txt", in: nil, "bytes")
        let first = test.blobs.locations
        _ = try await test.file(caller, "two.txt", in: nil, "bytes")
        #expect(test.blobs.locations.count == 2)
        try await test.sweeper().sweep()
        #expect(test.blobs.locations == first)
    }

    @Test func `bytes that no row names go when they are a day old`() async throws {
        let test = try await TestService.make()
        let name = try AssetName("orphan.txt")
        _ = try await test.service.ingest(OneBuffer(ByteBuffer(string: "orphan")), named: name)
        let kept = try await test.file(try await test.caller(), "kept.txt")
        test.clock.advance(seconds: 24 * 3600)
        try await test.sweeper().sweep()
        #expect(test.blobs.locations.count == 2)
        test.clock.advance(seconds: 1)
        try await test.sweeper().sweep(findsOrphans: false)
        #expect(test.blobs.locations.count == 2)
        try await test.sweeper().sweep()
        let content = try #require(kept.content)
        let blob = try #require(try await test.service.catalog.read { try $0.blob(content.blob) })
        #expect(test.blobs.locations == [blob.location])
    }

    @Test func `a process that is alone removes what was there before it`() async throws {
        let test = try await TestService.make()
        let name = try AssetName("orphan.txt")
        _ = try await test.service.ingest(OneBuffer(ByteBuffer(string: "old")), named: name)
        test.clock.advance(seconds: 1)
        let started = test.clock.clock.now()
        let young = try await test.service.ingest(OneBuffer(ByteBuffer(string: "young")), named: name)
        try await test.sweeper(aloneSince: started).sweep()
        #expect(test.blobs.locations == [young.stored.location])
    }

    @Test func `a store whose clock is behind does not lose what has just come`() async throws {
        let test = try await TestService.make()
        test.blobs.clockTolerance = 900
        let name = try AssetName("orphan.txt")
        _ = try await test.service.ingest(OneBuffer(ByteBuffer(string: "old")), named: name)
        test.clock.advance(seconds: 1)
        let young = try await test.service.ingest(OneBuffer(ByteBuffer(string: "young")), named: name)
        test.clock.advance(seconds: 900)
        let started = test.clock.clock.now()
        try await test.sweeper(aloneSince: started).sweep()
        #expect(test.blobs.locations == [young.stored.location])
    }

    @Test func `an expired token gives its bytes free`() async throws {
        let set = try await SegmentSet.make()
        let test = set.test
        _ = try await set.token("a.txt", "loose")
        let attached = try await set.token("b.txt", "attached")
        _ = try await test.service.attach(
            set.caller, segment: SegmentSet.segment, token: attached, locale: nil, relativePath: nil)
        test.clock.advance(seconds: test.service.settings.fileTokenLifetime - 1)
        try await test.sweeper().sweep()
        #expect(test.blobs.locations.count == 2)
        test.clock.advance(seconds: 1)
        for _ in 0..<3 {
            try await test.sweeper().sweep()
            test.clock.advance(seconds: test.service.settings.gracePeriod + 1)
        }
        #expect(test.blobs.locations.count == 1)
        #expect(try await set.text("b.txt") == "attached")
    }

    @Test func `finished jobs go after a week, with their selections`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let file = try await test.file(caller, "file.txt")
        _ = try await test.service.bulkDelete(caller, .gids(file))
        try await test.runJobs()
        let job = JobID(rawValue: 1)
        test.clock.advance(seconds: test.service.settings.finishedJobLifetime)
        try await test.sweeper().sweep()
        let selection = try #require(try await test.service.catalog.read { try $0.job(job) }?.selection)
        #expect(try await test.service.catalog.read { try $0.selectionCount(selection) } == 1)
        test.clock.advance(seconds: 1)
        try await test.sweeper().sweep()
        #expect(try await test.service.catalog.read { try $0.job(job) }?.id == nil)
        #expect(try await test.service.catalog.read { try $0.selectionCount(selection) } == 0)
    }
}
