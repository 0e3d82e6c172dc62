import AssetCore
import AssetTesting
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import AssetBlobs

/// Each test has a data folder of its own, which goes when the test ends.
final class DiskBlobStoreTests: Sendable {
    let folder = FileManager.default.temporaryDirectory.appending(path: "DiskBlobStoreTests-\(UUID())").path

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func makeStore() throws -> DiskBlobStore { try DiskBlobStore(directory: folder) }

    @Test(arguments: BlobStoreSuite.Check.allCases)
    func conforms(to check: BlobStoreSuite.Check) async throws {
        try await BlobStoreSuite { [folder] in try DiskBlobStore(directory: folder) }.run(check)
    }

    @Test func `sizes are known without reading`() async throws { try await BlobStoreSuite.knowsSizes(makeStore()) }

    @Test func `what is put aside lies in the quarantine, whole`() async throws {
        let store = try makeStore()
        try await BlobStoreSuite.putsAside(store)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/quarantine")
        #expect(files.count == 1)
        #expect(FileManager.default.contents(atPath: folder + "/quarantine/" + files[0]) == Data("aside".utf8))
    }

    /// With chunks so small that every boundary is met, and only one thread to wait for.
    @Test(arguments: [1, 2, 3, 7, 64])
    func chunkBoundaries(chunkSize: Int) async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let store = try DiskBlobStore(directory: folder, threadPool: pool, chunkSize: chunkSize)
        for size in [0, 1, 2, 6, 7, 8, 14, 64, 65] {
            let bytes = TestBody.bytes(size)
            for bufferSize in [1, 3, 7, 100] {
                let blob = try await store.put(TestBody(bytes, bufferSize: bufferSize), limit: Int64(size))
                for start in Set([0, 1, 7, size - 1, size]) where (0...size).contains(start) {
                    var read: [UInt8] = []
                    try await store.read(blob.location, range: Int64(start)..<blob.size) { piece in
                        #expect((1...chunkSize).contains(piece.readableBytes))
                        read.append(contentsOf: piece.readableBytesView)
                    }
                    #expect(read == Array(bytes[start...]))
                }
            }
        }
        try await pool.shutdownGracefully()
    }

    @Test func locationsAndModes() async throws {
        let blob = try await makeStore().put(TestBody(Array("abc".utf8)), limit: .max)
        let pattern = /ba\/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad-[0-9a-f]{16}/
        #expect(blob.location.wholeMatch(of: pattern) != nil, "\(blob.location)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["blobs", "tmp"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/blobs").count == 256)
        for path in ["", "/blobs", "/blobs/00", "/blobs/ff", "/tmp"] { #expect(try mode(folder + path) == 0o700) }
        #expect(try mode(folder + "/blobs/" + blob.location) == 0o600)
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func keepsWhatIsThere() async throws {
        let blob = try await makeStore().put(TestBody(Array("abc".utf8)), limit: .max)
        let head = try await DiskBlobStore(directory: folder + "//").head(blob.location, length: 10)
        #expect(String(buffer: head) == "abc")
    }

    /// A location that is no location never becomes a path, whatever the database says.
    @Test func refusesOtherLocations() async throws {
        let store = try makeStore()
        let secret = folder + "/secret"
        try Data("abc".utf8).write(to: URL(filePath: secret))
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let good = "ba/\(hash)-0123456789abcdef"
        // Files lie at all of these places that can be reached, so that only the check of the form is in the way.
        for name in ["bb/\(hash)-0123456789abcdef", "ba/\(hash)", "ba/x"] {
            try FileManager.default.copyItem(atPath: secret, toPath: folder + "/blobs/" + name)
        }
        let locations = [
            "", ".", "..", "/", "../secret", "ba/../../secret", "ba/x", secret, "ba/\(hash)",
            "bb/\(hash)-0123456789abcdef",
            "ba\\\(hash)-0123456789abcdef", good + "/", good + "\0", good + "0", "/" + good, "./" + good,
            "../blobs/" + good,
            good.uppercased(), String(good.dropLast()), good.replacing("0123", with: "０"),
            "ba/" + String(repeating: "../", count: 27), "..\u{2F}" + String(good.dropFirst(3)),
        ]
        for location in locations {
            for attempt in [
                { _ = try await store.head(location, length: 10) },
                { try await store.read(location, range: 0..<1) { _ in Issue.record("read \(location)") } },
                { try await store.remove(location) },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: AssetError.self, "\(location.debugDescription)") {
                    try await attempt()
                }
                #expect(error?.code == .internalError)
                #expect(error?.detail?.hasPrefix("not a location") == true)
            }
        }
        #expect(FileManager.default.fileExists(atPath: secret))
    }

    /// A link in place of a blob does not lead out of the store either.
    @Test func doesNotFollowLinks() async throws {
        let store = try makeStore()
        let blob = try await store.put(TestBody(Array("abc".utf8)), limit: .max)
        try await store.remove(blob.location)
        try FileManager.default.createSymbolicLink(
            atPath: folder + "/blobs/" + blob.location, withDestinationPath: "/etc/passwd")
        await #expect(throws: AssetError.self) { _ = try await store.head(blob.location, length: 10) }
        try await store.forEachBatch { Issue.record("listed \($0)") }
    }

    /// What a crash leaves in `tmp`.
    @Test func removesLeftovers() async throws {
        let store = try makeStore()
        let moment = Timestamp(microseconds: 1_700_000_000_000_000)
        for (name, age) in [("old", -1.0), ("older", -86_400.0), ("exact", 0.0), ("new", 1.0)] {
            let path = folder + "/tmp/" + name
            try Data("x".utf8).write(to: URL(filePath: path))
            let date = Date(timeIntervalSince1970: moment.adding(seconds: age).seconds)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        #expect(try await store.removeUnfinished(before: moment) == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/tmp").sorted() == ["exact", "new"])
        #expect(try await store.removeUnfinished(before: moment) == 0)
    }

    @Test func storedOnIsTheTimeOfTheFile() async throws {
        let store = try makeStore()
        let blob = try await store.put(TestBody([1]), limit: .max)
        let date = Date(timeIntervalSince1970: 1_700_000_000.25)
        try FileManager.default.setAttributes(
            [.modificationDate: date], ofItemAtPath: folder + "/blobs/" + blob.location)
        try Data().write(to: URL(filePath: folder + "/blobs/00/notes.txt"))
        var batches: [[(location: String, storedOn: Timestamp)]] = []
        try await store.forEachBatch { batches.append($0) }
        #expect(batches.map { $0.map(\.location) } == [[blob.location]])
        #expect(batches.first?.first?.storedOn == Timestamp(microseconds: 1_700_000_000_250_000))
    }

    /// Cut off behind our back: nothing may be sent as if it were whole.
    @Test func refusesACutBlob() async throws {
        let store = try makeStore()
        let blob = try await store.put(TestBody(TestBody.bytes(2_000_000)), limit: .max)
        let path = folder + "/blobs/" + blob.location
        #expect(truncate(path, 1_000_000) == 0)
        let early = await #expect(throws: AssetError.self) {
            try await store.read(blob.location, range: 0..<blob.size) { _ in Issue.record("sent") }
        }
        #expect(early?.code == .internalError)
        let late = await #expect(throws: AssetError.self) {
            try await store.read(blob.location, range: 0..<1_000_000) { _ in #expect(truncate(path, 10) == 0) }
        }
        #expect(late?.code == .internalError)
    }

    @Test func nothingStaysOpen() async throws {
        func descriptors() throws -> [String] {
            let own = "/proc/self/fd"
            return try FileManager.default.contentsOfDirectory(atPath: own).compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: own + "/" + $0)
            }.filter { $0.hasPrefix(folder) }
        }
        let store = try makeStore()
        let blob = try await store.put(TestBody(TestBody.bytes(2_000_000)), limit: .max)
        try await store.read(blob.location, range: 0..<blob.size) { _ in }
        try await store.read(blob.location, range: 0..<10) { _ in }
        await #expect(throws: TestFailure.self) {
            try await store.read(blob.location, range: 0..<blob.size) { _ in
                #expect(try !descriptors().isEmpty, "the test sees what is open")
                throw TestFailure()
            }
        }
        await #expect(throws: TestFailure.self) { try await store.forEachBatch { _ in throw TestFailure() } }
        await #expect(throws: TestFailure.self) {
            _ = try await store.put(TestBody(TestBody.bytes(2_000_000), ending: .fails), limit: .max)
        }
        await #expect(throws: AssetError.self) { try await store.read(blob.location, range: 0..<9_000_000) { _ in } }
        #expect(try descriptors() == [])
    }

    @Test func saysWhichFolderCannotBeUsed() throws {
        _ = try makeStore()
        // A file where a folder should be is in the way of root too, who may write everywhere.
        let cases = [("tmp", "/tmp"), ("blobs", "/blobs"), ("blobs/7f", "/blobs/7f")]
        for (name, path) in cases {
            try FileManager.default.removeItem(atPath: folder + path)
            try Data().write(to: URL(filePath: folder + path))
            let error = #expect(throws: AssetError.self) { _ = try makeStore() }
            #expect(error?.code == .unavailable)
            #expect(error?.message == "The data folder cannot be used: \(folder)\(path): Not a directory", "\(name)")
            try FileManager.default.removeItem(atPath: folder + path)
            _ = try makeStore()
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func saysThatAFolderCannotBeWritten() throws {
        _ = try makeStore()
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder + "/tmp")
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder + "/tmp") }
        let error = #expect(throws: AssetError.self) { _ = try makeStore() }
        #expect(error?.message == "The data folder cannot be used: \(folder)/tmp: Permission denied")
    }

    /// A folder that goes missing while the server runs: the upload fails, and says where.
    @Test func uploadWithoutFolder() async throws {
        let store = try makeStore()
        try FileManager.default.removeItem(atPath: folder + "/tmp")
        let error = await #expect(throws: AssetError.self) { _ = try await store.put(TestBody([1]), limit: .max) }
        #expect(error?.code == .internalError)
        #expect(error?.detail?.contains("open \(folder)/tmp/") == true)
        #expect(error?.message.contains(folder) == false, "paths are for the log only")
    }

    /// The last step fails, after all bytes have been written.
    @Test func uploadThatCannotBeMoved() async throws {
        let store = try makeStore()
        try FileManager.default.removeItem(atPath: folder + "/blobs/ba")
        let error = await #expect(throws: AssetError.self) {
            _ = try await store.put(TestBody(Array("abc".utf8)), limit: .max)
        }
        #expect(error?.detail?.hasPrefix("rename ") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/tmp") == [])
    }

    #if os(Linux)
    /// Only where the kernel can do without them at all: `tmpfs` has no other place for its files.
    @Test func `of a large file, the kernel keeps the beginning only`() async throws {
        let kept = 1 << 20
        let store = try DiskBlobStore(directory: folder, keptInMemory: Int64(kept))
        let bytes = TestBody.bytes(20 << 20)
        let blob = try await store.put(TestBody(bytes), limit: .max)
        #expect(blob.hash == Secrets.hash(ByteBuffer(bytes: bytes)))
        let path = folder + "/blobs/" + blob.location
        if SystemCalls.canSynchronizeFileSystem(of: folder) {
            let resident = try residentPages(of: path, size: bytes.count)
            let pages = kept / Int(getpagesize())
            #expect(resident[..<pages].allSatisfy { $0 })
            // The kernel may keep more around where the part begins.
            #expect(resident[(2 * pages)...].allSatisfy { !$0 })
        }
        #expect(FileManager.default.contents(atPath: path) == Data(bytes))
    }

    private func residentPages(of path: String, size: Int) throws -> [Bool] {
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        let map = try #require(mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0))
        defer { munmap(map, size) }
        var states = [UInt8](repeating: 0, count: (size + Int(getpagesize()) - 1) / Int(getpagesize()))
        try #require(mincore(map, size, &states) == 0)
        return states.map { $0 & 1 == 1 }
    }
    #endif

    @Test func stoppedPool() async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let store = try DiskBlobStore(directory: folder, threadPool: pool)
        try await pool.shutdownGracefully()
        let error = await #expect(throws: AssetError.self) { _ = try await store.put(TestBody([1]), limit: .max) }
        #expect(error?.code == .unavailable)
    }
}
