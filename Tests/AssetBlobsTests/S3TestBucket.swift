import AssetCore
import AssetTesting
import AsyncHTTPClient
import Foundation
import NIOCore
import Testing

@testable import AssetBlobs

/// The S3 server that tests use: `scripts/with-s3` starts it and names it in the environment.
enum S3TestBucket {
    struct Missing: Error, CustomStringConvertible {
        let description =
            "STOCKROOM_TEST_S3 names no S3 server: run the tests by `make test` or `scripts/with-s3 swift test`"
    }

    /// Settings with a prefix that nobody else uses.
    static func settings(_ more: String = "") throws -> S3Settings {
        guard let text = ProcessInfo.processInfo.environment["STOCKROOM_TEST_S3"], let mark = text.firstIndex(of: "?")
        else { throw Missing() }
        let bucket = text[..<mark]
        let folder = GID().description
        return try S3Settings(url: bucket + (bucket.hasSuffix("/") ? "" : "/") + folder + text[mark...] + more)
    }

    /// An empty store.
    static func store(_ more: String = "", partSize: Int? = nil) throws -> S3BlobStore {
        var store = S3BlobStore(try settings(more))
        if let partSize {
            store.cut.smallestPart = partSize
            store.cut.largestPart = partSize
            store.cut.equalParts = 5
            store.cut.growingParts = 5
        }
        return store
    }
}
