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
}
