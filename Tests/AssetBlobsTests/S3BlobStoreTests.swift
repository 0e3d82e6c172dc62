import AssetCore
import AssetTesting
import NIOCore
import Testing

@testable import AssetBlobs

/// Against a real server of the protocol: see `S3TestBucket`.
struct S3BlobStoreTests {
    @Test(arguments: BlobStoreSuite.Check.allCases)
    func conforms(to check: BlobStoreSuite.Check) async throws {
        try await BlobStoreSuite { try S3TestBucket.store() }.run(check)
    }

    /// So that most uploads are ones in parts.
    @Test(arguments: BlobStoreSuite.Check.allCases.filter { $0 != .manyBlobs })
    func `conforms in small parts, to`(check: BlobStoreSuite.Check) async throws {
        try await BlobStoreSuite { try S3TestBucket.store(partSize: 64 << 10) }.run(check)
    }

    @Test(arguments: ["&checksum=sha256", "&checksum=crc32"])
    func `sizes are known without reading`(_ more: String) async throws {
        try await BlobStoreSuite.knowsSizes(try S3TestBucket.store(more))
        // Sizes of what came in parts.
        try await BlobStoreSuite.knowsSizes(try S3TestBucket.store(more, partSize: 64 << 10))
    }

    @Test func `the size of an object in a bucket that is gone is not known`() async throws {
        let settings = try S3TestBucket.settings()
        let url = "s3://no-such-bucket/?endpoint=http://\(settings.endpoint.host)&region=\(settings.region)"
        let store = S3BlobStore(try S3Settings(url: url))
        await #expect(throws: AssetError.self) { _ = try await store.size(of: S3Location.new()) }
        await #expect(throws: AssetError.self) { try await store.quarantine(S3Location.new()) }
    }

    @Test func `what is put aside is no blob any more`() async throws {
        try await BlobStoreSuite.putsAside(try S3TestBucket.store())
    }

    /// In one request, in parts of one size, and with a rest.
    @Test(arguments: [0, 1, 64 << 10, 128 << 10, (128 << 10) + 1])
    func `what is put aside lies in the quarantine, whole`(size: Int) async throws {
        var store = try S3TestBucket.store()
        store.copyPart = 64 << 10
        let bytes = TestBody.bytes(size)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        try await store.quarantine(blob.location)
        let client = store.client
        let (objects, _) = try await client.list(client.settings.prefix, after: nil)
        let key = client.settings.prefix + "quarantine/" + blob.location.dropFirst(3)
        #expect(objects.map(\.key) == [key])
        var read: [UInt8] = []
        if size > 0 {
            let download = S3Download(client: client, key: key, range: 0..<Int64(size))
            _ = try await download { read.append(contentsOf: $0.readableBytesView) }
        }
        #expect(read == bytes)
        #expect(try await client.unfinishedUploads(client.settings.prefix).isEmpty)
        await #expect(throws: AssetError.self) { _ = try await store.head(blob.location, length: 1) }
    }

    @Test func `a copy to the quarantine that was never finished is given up like an upload`() async throws {
        let store = try S3TestBucket.store()
        let aside = store.client.settings.prefix + S3Location.quarantined(S3Location.new())
        _ = try await store.client.beginParts(aside)
        #expect(try await store.removeUnfinished(before: Timestamp(microseconds: 0)) == 0)
        #expect(try await store.removeUnfinished(before: WallClock.system.now().adding(seconds: 60)) == 1)
        #expect(try await store.client.unfinishedUploads(store.client.settings.prefix).isEmpty)
    }
}
