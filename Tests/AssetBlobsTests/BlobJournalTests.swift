import AssetBlobs
import AssetCore
import AssetTesting
import Foundation
import NIOCore
import Testing

/// Small blobs that become durable together. A machine that stops is played by a copy of the data folder in which files have lost what the
/// disk may not have had.
final class BlobJournalTests: Sendable {
    private let base = FileManager.default.temporaryDirectory.appending(path: "BlobJournalTests-\(UUID())").path
    private var folder: String { base + "/data" }

    deinit { try? FileManager.default.removeItem(atPath: base) }

    private static let size = 256 << 10

    private func makeStore(journalSize: Int = size) throws -> DiskBlobStore {
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        return try DiskBlobStore(directory: folder, journalSize: journalSize)
    }

    /// What is on the disk at this moment.
    private func copy() throws -> String {
        let target = base + "/\(UUID())"
        try FileManager.default.copyItem(atPath: folder, toPath: target)
        return target
    }

    private func put(_ count: Int, sizes: Range<Int> = 0..<5000, in store: DiskBlobStore) async throws -> [StoredBlob:
        [UInt8]]
    {
        try await withThrowingTaskGroup(of: (StoredBlob, [UInt8]).self) { group in
            for number in 0..<count {
                group.addTask {
                    let bytes = TestBody.bytes(sizes.lowerBound + number * 37 % sizes.count) + Array("\(number)".utf8)
                    return (try await store.put(TestBody(bytes, bufferSize: 1000), limit: .max), bytes)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func expect(_ blobs: [StoredBlob: [UInt8]], in store: DiskBlobStore) async throws {
        for (blob, bytes) in blobs {
            let read = try await store.bytes(of: blob.location, range: 0..<Int64(bytes.count))
            #expect(Array(read.readableBytesView) == bytes)
            #expect(try await store.size(of: blob.location) == Int64(bytes.count))
            #expect(blob.hash == Secrets.hash(ByteBuffer(bytes: bytes)) && blob.size == Int64(bytes.count))
        }
    }

    @Test(arguments: BlobStoreSuite.Check.allCases)
    func conforms(to check: BlobStoreSuite.Check) async throws {
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        try await BlobStoreSuite { [folder] in try DiskBlobStore(directory: folder, journalSize: Self.size) }.run(check)
    }

    /// Lost, empty, of zeros, cut off.
    private static let damages: [@Sendable (String, Int) throws -> Void] = [
        { path, _ in try FileManager.default.removeItem(atPath: path) },
        { path, _ in try Data().write(to: URL(filePath: path)) },
        { path, size in try Data(count: size).write(to: URL(filePath: path)) },
        { path, size in
            let bytes = try Data(contentsOf: URL(filePath: path))
            try bytes.prefix(size / 2).write(to: URL(filePath: path))
        },
    ]

    @Test(arguments: damages.indices)
    func `what a machine lost when it stopped is there again`(damage: Int) async throws {
        let store = try makeStore()
        let blobs = try await put(40, in: store)
        let after = try copy()
        for (blob, bytes) in blobs { try Self.damages[damage](after + "/blobs/" + blob.location, bytes.count) }
        try await expect(blobs, in: try DiskBlobStore(directory: after))
        try await expect(blobs, in: store)
    }

    @Test func `a record that is not complete is nothing, and those before it count`() async throws {
        let store = try makeStore()
        let first = try await store.put(TestBody(Array("first".utf8)), limit: .max)
        let last = try await store.put(TestBody(Array("last".utf8)), limit: .max)
        let after = try copy()
        for blob in [first, last] { try FileManager.default.removeItem(atPath: after + "/blobs/" + blob.location) }
        let journal = URL(filePath: after + "/journal/0")
        var bytes = try Data(contentsOf: journal)
        let place = try #require(bytes.range(of: Data("last".utf8)))
        bytes[place.lowerBound] ^= 1
        try bytes.write(to: journal)
        let reopened = try DiskBlobStore(directory: after)
        #expect(String(buffer: try await reopened.head(first.location, length: 10)) == "first")
        #expect(try await reopened.size(of: last.location) == nil)
    }

    @Test func `what was brought back once is not brought back again`() async throws {
        let store = try makeStore()
        let blob = try await store.put(TestBody(Array("abc".utf8)), limit: .max)
        let after = try copy()
        let reopened = try DiskBlobStore(directory: after, journalSize: Self.size)
        #expect(try await reopened.size(of: blob.location) == 3)
        try await reopened.remove(blob.location)
        try FileManager.default.copyItem(atPath: after, toPath: base + "/again")
        #expect(try await DiskBlobStore(directory: base + "/again").size(of: blob.location) == nil)
    }

    @Test func `a journal that is full many times over keeps its size, and the newest blobs`() async throws {
        let store = try makeStore(journalSize: 8 << 10)
        for _ in 0..<10 {
            let blobs = try await put(30, in: store)
            try await expect(blobs, in: store)
        }
        // Alone, it is in the journal or on the disk already, and never in neither.
        let newest = try await store.put(TestBody(Array("newest".utf8)), limit: .max)
        let after = try copy()
        for number in 0..<2 {
            let size = try FileManager.default.attributesOfItem(atPath: after + "/journal/\(number)")[.size] as? Int
            #expect(try #require(size) <= 8 << 10)
        }
        #expect(String(buffer: try await DiskBlobStore(directory: after).head(newest.location, length: 10)) == "newest")
    }

    @Test
    func `what is left is brought to its place by whoever opens the folder, and only when nobody uses the journal`()
        async throws
    {
        let first = try makeStore()
        let blobs = try await put(5, in: first)
        let error = #expect(throws: AssetError.self) { try makeStore() }
        #expect(error?.code == .unavailable)
        for blob in blobs.keys { try Data().write(to: URL(filePath: folder + "/blobs/" + blob.location)) }
        let second = try DiskBlobStore(directory: folder)
        for blob in blobs.keys { #expect(try await second.size(of: blob.location) == 0) }
        try await expect(blobs, in: try DiskBlobStore(directory: try copy()))
    }

    @Test func `a data folder that is a link has a journal too`() async throws {
        try FileManager.default.createDirectory(atPath: base + "/far/blobs", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: base + "/far")
        let blobs = try await put(5, in: try makeStore())
        for blob in blobs.keys { try FileManager.default.removeItem(atPath: folder + "/blobs/" + blob.location) }
        try await expect(blobs, in: try DiskBlobStore(directory: folder))
    }

    /// A journal that lies in the way of a start says which it is.
    @Test func `a journal that cannot be read is named`() async throws {
        _ = try DiskBlobStore(directory: folder)
        try FileManager.default.createDirectory(atPath: folder + "/journal/0", withIntermediateDirectories: true)
        let error = #expect(throws: AssetError.self) { try DiskBlobStore(directory: folder, journalSize: Self.size) }
        #expect(error?.detail?.contains("/journal/0") == true)
    }

    /// Bytes that lie in place of a file cannot be written over.
    @Test func `a blob that cannot be written fails alone`() async throws {
        let store = try makeStore()
        let folder = folder
        // The folder of the blobs that begin with ba is none.
        try FileManager.default.removeItem(atPath: folder + "/blobs/ba")
        let lost = Task { try await store.put(TestBody(Array("abc".utf8)), limit: .max) }
        let blobs = try await put(5, in: store)
        await #expect(throws: AssetError.self) { try await lost.value }
        try await expect(blobs, in: store)
    }
}
