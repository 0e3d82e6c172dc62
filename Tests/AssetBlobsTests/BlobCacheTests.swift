import NIOCore
import Testing

@testable import AssetBlobs

struct BlobCacheTests {
    private let cache = BlobCache(capacity: 100)

    private func keep(_ name: String, _ size: Int) { cache.keep(ByteBuffer(repeating: 1, count: size), of: name) }

    @Test func `it holds no more than its capacity, and what was asked for stays longer`() {
        for name in ["a", "b", "c", "d"] { keep(name, 25) }
        #expect(cache.bytes(of: "a")?.readableBytes == 25)
        keep("e", 25)
        #expect(cache.bytes(of: "a") != nil)
        #expect(cache.bytes(of: "b") == nil)
        keep("large", 101)
        #expect(cache.bytes(of: "large") == nil)
    }

    @Test func `what is forgotten makes room`() {
        keep("a", 60)
        cache.forget("a")
        keep("b", 50)
        keep("c", 50)
        #expect(cache.bytes(of: "a") == nil)
        #expect(cache.bytes(of: "b") != nil)
        #expect(cache.bytes(of: "c") != nil)
    }
}
