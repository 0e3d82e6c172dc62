package import AssetCore
import NIOCore
import Testing

/// What every `BlobStore` must do. A back end's test runs all checks, each on a store of its own:
///
/// ```swift
/// @Test(arguments: BlobStoreSuite.Check.allCases)
/// func conforms(to check: BlobStoreSuite.Check) async throws {
///     try await BlobStoreSuite { try DiskBlobStore(directory: folder) }.run(check)
/// }
/// ```
package struct BlobStoreSuite: Sendable {
    package enum Check: String, CaseIterable, Sendable {
        case putThenRead, hash, empty, manyBuffers, ranges, absent, head
        case limit, failingBody, cancelledUpload, cancelledUploadThatEnds
        case sameBytesTwice, remove, removeSeveral, removeWhileReading, failingReader, cancelledReader
        case manyBlobs, removeUnfinished
    }

    let makeStore: @Sendable () async throws -> any BlobStore

    /// - Parameter makeStore: makes an empty store.
    package init(makeStore: @escaping @Sendable () async throws -> any BlobStore) { self.makeStore = makeStore }

    package func run(_ check: Check) async throws {
        let store = try await makeStore()
        switch check {
        case .putThenRead: try await putThenRead(store)
        case .hash: try await hash(store)
        case .empty: try await empty(store)
        case .manyBuffers: try await manyBuffers(store)
        case .ranges: try await ranges(store)
        case .absent: try await absent(store)
        case .head: try await head(store)
        case .limit: try await limit(store)
        case .failingBody: try await failingBody(store)
        case .cancelledUpload: try await cancelledUpload(store, ending: .throws)
        case .cancelledUploadThatEnds: try await cancelledUpload(store, ending: .ends)
        case .sameBytesTwice: try await sameBytesTwice(store)
        case .remove: try await remove(store)
        case .removeSeveral: try await removeSeveral(store)
        case .removeWhileReading: try await removeWhileReading(store)
        case .failingReader: try await failingReader(store)
        case .cancelledReader: try await cancelledReader(store)
        case .manyBlobs: try await manyBlobs(store)
        case .removeUnfinished: try await removeUnfinished(store)
        }
    }

    /// More than any back end handles at once.
    static let largeSize = 3 * 1024 * 1024 + 17
}

// MARK: - Storing and reading

extension BlobStoreSuite {
    private func putThenRead(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(1000)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        #expect(blob.size == 1000)
        #expect(blob.hash.count == 32)
        #expect(try await contents(of: blob, in: store) == bytes)
        #expect(try await locations(in: store) == [blob.location])
    }

    /// The examples of FIPS 180-4.
    private func hash(_ store: any BlobStore) async throws {
        let examples = [
            ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ]
        for (text, times, expected) in examples {
            let body = TestBody(Array(String(repeating: text, count: times).utf8), bufferSize: 70_000)
            let blob = try await store.put(body, limit: .max)
            #expect(blob.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == expected)
        }
    }

    private func empty(_ store: any BlobStore) async throws {
        for body in [TestBody([]), TestBody(buffers: [ByteBuffer(), ByteBuffer()])] {
            let blob = try await store.put(body, limit: 0)
            #expect(blob.size == 0)
            #expect(try await contents(of: blob, in: store) == [])
            #expect(try await store.head(blob.location, length: 10).readableBytes == 0)
        }
    }

    /// However the bytes are cut, the blob is the same.
    private func manyBuffers(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(Self.largeSize)
        var hashes: Set<[UInt8]> = []
        for bufferSize in [1_000, 65_536, 524_288, 1_500_000, Self.largeSize] {
            let blob = try await store.put(TestBody(bytes, bufferSize: bufferSize), limit: .max)
            #expect(blob.size == Int64(bytes.count))
            // Not inside the macro, which would print three million numbers.
            let isSame = try await contents(of: blob, in: store) == bytes
            #expect(isSame, "cut into pieces of \(bufferSize)")
            hashes.insert(blob.hash)
        }
        #expect(hashes.count == 1)
    }

    private func ranges(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(Self.largeSize)
        let size = Int64(bytes.count)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        let ranges: [Range<Int64>] = [
            0..<1, 0..<524_288, 0..<524_289, 1..<1_048_577, 700_000..<2_900_000, size - 1..<size, size - 600_000..<size,
            0..<size,
            0..<0, 5..<5, size..<size,
        ]
        for range in ranges {
            let expected = bytes[Int(range.lowerBound)..<Int(range.upperBound)]
            let isSame = try await contents(of: blob, in: store, range) == Array(expected)
            #expect(isSame, "\(range)")
        }
        for range in [0..<size + 1, size..<size + 1, size + 1..<size + 1, size + 5..<size + 9, 0..<Int64.max] {
            await expectUnreadable(blob.location, range, in: store)
        }
    }

    private func absent(_ store: any BlobStore) async throws {
        let blob = try await store.put(TestBody(TestBody.bytes(10)), limit: .max)
        try await store.remove(blob.location)
        await expectUnreadable(blob.location, 0..<10, in: store)
        await expectUnreadable(blob.location, 0..<0, in: store)
        let error = await #expect(throws: AssetError.self) { _ = try await store.head(blob.location, length: 4) }
        #expect(error?.code == .internalError)
    }

    private func head(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(1000)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        for length in [0, 1, 999, 1000, 1001, 65_536] {
            let head = try await store.head(blob.location, length: length)
            #expect(Array(head.readableBytesView) == Array(bytes.prefix(length)))
        }
    }

    private func failingReader(_ store: any BlobStore) async throws {
        let blob = try await store.put(TestBody(TestBody.bytes(Self.largeSize)), limit: .max)
        var count = 0
        await #expect(throws: TestFailure.self) {
            try await store.read(blob.location, range: 0..<blob.size) { _ in
                count += 1
                throw TestFailure()
            }
        }
        #expect(count == 1)
        #expect(try await contents(of: blob, in: store).count == Self.largeSize)
    }

    private func cancelledReader(_ store: any BlobStore) async throws {
        let blob = try await store.put(TestBody(TestBody.bytes(Self.largeSize)), limit: .max)
        let reader = Task {
            var count = 0
            await #expect(throws: CancellationError.self) {
                try await store.read(blob.location, range: 0..<blob.size) { _ in
                    count += 1
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            return count
        }
        #expect(await reader.value == 1)
    }
}

// MARK: - Uploads that fail

extension BlobStoreSuite {
    private func limit(_ store: any BlobStore) async throws {
        for (size, bufferSize) in [(10, 10), (10, 3), (1_048_576, 65_536)] {
            let bytes = TestBody.bytes(size)
            let blob = try await store.put(TestBody(bytes, bufferSize: bufferSize), limit: Int64(size))
            try await store.remove(blob.location)

            let error = await #expect(throws: AssetError.self) {
                _ = try await store.put(TestBody(bytes, bufferSize: bufferSize), limit: Int64(size) - 1)
            }
            #expect(error?.code == .tooLarge)
            #expect(error?.message.contains("\(size - 1)") == true, "the message names the limit")
            try await expectNothing(in: store)
        }
    }

    private func failingBody(_ store: any BlobStore) async throws {
        for size in [0, 10, Self.largeSize] {
            await #expect(throws: TestFailure.self) {
                _ = try await store.put(TestBody(TestBody.bytes(size), ending: .fails), limit: .max)
            }
            try await expectNothing(in: store)
        }
    }

    /// - Parameter ending: what the body does when its task is cancelled; one that simply ends must not be taken for a whole file.
    private func cancelledUpload(_ store: any BlobStore, ending: StalledBody.Ending) async throws {
        for size in [10, Self.largeSize] {
            let body = StalledBody(TestBody.bytes(size), ending: ending)
            let upload = Task { try await store.put(body, limit: .max) }
            await body.hasStalled()
            upload.cancel()
            await #expect(throws: CancellationError.self) { _ = try await upload.value }
            try await expectNothing(in: store)
        }
    }
}

// MARK: - Removing and listing

extension BlobStoreSuite {
    private func sameBytesTwice(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(1000)
        let first = try await store.put(TestBody(bytes), limit: .max)
        let second = try await store.put(TestBody(bytes), limit: .max)
        #expect(first.hash == second.hash)
        #expect(first.location != second.location)
        try await store.remove(first.location)
        #expect(try await contents(of: second, in: store) == bytes)
        #expect(try await locations(in: store) == [second.location])
    }

    private func remove(_ store: any BlobStore) async throws {
        let blob = try await store.put(TestBody(TestBody.bytes(10)), limit: .max)
        try await store.remove(blob.location)
        try await store.remove(blob.location)
        try await expectNothing(in: store)
    }

    private func removeSeveral(_ store: any BlobStore) async throws {
        var locations: [String] = []
        for number in 0..<4 {
            locations.append(try await store.put(TestBody(TestBody.bytes(number)), limit: .max).location)
        }
        try await store.remove([])
        try await store.remove(locations[0])
        try await store.remove(Array(locations[0..<3]))
        #expect(try await self.locations(in: store) == [locations[3]])
        for location in locations[0..<3] { await expectUnreadable(location, 0..<0, in: store) }
    }

    private func removeWhileReading(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(Self.largeSize)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        var read: [UInt8] = []
        try await store.read(blob.location, range: 0..<blob.size) { piece in
            if read.isEmpty { try await store.remove(blob.location) }
            read.append(contentsOf: piece.readableBytesView)
        }
        let isSame = read == bytes
        #expect(isSame)
        try await expectNothing(in: store)
    }

    private func manyBlobs(_ store: any BlobStore) async throws {
        let count = 1050
        let before = WallClock.system.now()
        let stored = try await withThrowingTaskGroup(of: [String].self) { group in
            for worker in 0..<15 {
                group.addTask {
                    var locations: [String] = []
                    for number in 0..<count / 15 {
                        let body = TestBody(Array("\(worker) \(number)".utf8))
                        locations.append(try await store.put(body, limit: .max).location)
                    }
                    return locations
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // Room for a store whose clock is not ours.
        let moments = before.adding(seconds: -300)...WallClock.system.now().adding(seconds: 300)
        var found: [String] = []
        var sizes: [Int] = []
        try await store.forEachBatch { batch in
            sizes.append(batch.count)
            found += batch.map(\.location)
            #expect(batch.allSatisfy { moments.contains($0.storedOn) })
        }
        #expect(sizes.allSatisfy { (1...1000).contains($0) }, "\(sizes)")
        #expect(Set(stored).count == count)
        #expect(found.sorted() == stored.sorted())

        await #expect(throws: TestFailure.self) { try await store.forEachBatch { _ in throw TestFailure() } }

        // As the sweeper does: removing what a batch names while the walk is under way.
        try await store.forEachBatch { batch in
            for (location, _) in batch { try await store.remove(location) }
        }
        try await expectNothing(in: store)
    }

    private func removeUnfinished(_ store: any BlobStore) async throws {
        let bytes = TestBody.bytes(10)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        #expect(try await store.removeUnfinished(before: WallClock.system.now().adding(seconds: 3600)) == 0)
        #expect(try await contents(of: blob, in: store) == bytes)
    }
}

// MARK: - What the checks have in common

extension BlobStoreSuite {
    private func contents(
        of blob: StoredBlob, in store: any BlobStore, _ range: Range<Int64>? = nil
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await store.read(blob.location, range: range ?? 0..<blob.size) { piece in
            #expect((1...1_048_576).contains(piece.readableBytes))
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }

    private func locations(in store: any BlobStore) async throws -> [String] {
        var locations: [String] = []
        try await store.forEachBatch { locations += $0.map(\.location) }
        return locations
    }

    private func expectNothing(
        in store: any BlobStore, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let locations = try await locations(in: store)
        #expect(locations.isEmpty, sourceLocation: sourceLocation)
        let unfinished = try await store.removeUnfinished(before: WallClock.system.now().adding(seconds: 3600))
        #expect(unfinished == 0, sourceLocation: sourceLocation)
    }

    /// Refused, and before anything has been sent.
    private func expectUnreadable(
        _ location: String, _ range: Range<Int64>, in store: any BlobStore,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: AssetError.self, "\(range)", sourceLocation: sourceLocation) {
            try await store.read(location, range: range) { _ in
                Issue.record("sent \(range) of a blob that is not there", sourceLocation: sourceLocation)
            }
        }
        #expect(error?.code == .internalError, sourceLocation: sourceLocation)
    }
}
