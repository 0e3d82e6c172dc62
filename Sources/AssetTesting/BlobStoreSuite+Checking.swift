package import AssetCore
import Testing

/// What a store must do that can be checked: see `MeasuringBlobStore` and `QuarantiningBlobStore`.
extension BlobStoreSuite {
    package static func knowsSizes(_ store: any MeasuringBlobStore) async throws {
        for size in [0, 1, 1000, largeSize] {
            let blob = try await store.put(TestBody(TestBody.bytes(size)), limit: .max)
            #expect(try await store.size(of: blob.location) == Int64(size))
            try await store.remove(blob.location)
            #expect(try await store.size(of: blob.location) == nil)
        }
    }

    package static func putsAside(_ store: any MeasuringBlobStore & QuarantiningBlobStore) async throws {
        let kept = try await store.put(TestBody(Array("kept".utf8)), limit: .max)
        let aside = try await store.put(TestBody(Array("aside".utf8)), limit: .max)
        try await store.quarantine(aside.location)
        #expect(try await store.size(of: aside.location) == nil)
        #expect(try await store.size(of: kept.location) == 4)
        var locations: [String] = []
        try await store.forEachBatch { locations += $0.map(\.location) }
        #expect(locations == [kept.location])
        // Again, and what never was.
        try await store.quarantine(aside.location)
        try await store.remove(kept.location)
        try await store.quarantine(kept.location)
    }
}
