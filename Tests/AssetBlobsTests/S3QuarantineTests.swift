import AssetCore
import NIOHTTP1
import Testing

@testable import AssetBlobs

/// What happens to bytes that are to be put aside when the store fails, or somebody else does the same.
struct S3QuarantineTests {
    private static let copied = "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>"
    private static let copiedPart = "<CopyPartResult><ETag>\"tag\"</ETag></CopyPartResult>"
    private static let created =
        "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>"
    private static let completed = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"

    /// Answers as a store does that has an object of `size` bytes.
    private static func store(_ call: FakeS3.Call, size: Int) -> FakeS3.Reply {
        switch call.method {
        case .HEAD: .answer(200, ["Content-Length": "\(size)"])
        case .PUT where call.has("partNumber"): .answer(200, [:], copiedPart)
        case .PUT: .answer(200, [:], copied)
        case .POST where call.has("?uploads"): .answer(200, [:], created)
        case .POST: .answer(200, [:], completed)
        case .GET: .answer(200, [:], "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        default: .answer(204)
        }
    }

    @Test func `what is put aside is copied by the store, looked at, and only then removed`() async throws {
        try await FakeS3.run(script: FakeS3.Script { Self.store($0, size: 10) }) { fake, store in
            let location = S3Location.new()
            try await store.quarantine(location)
            let aside = "/bucket/in/quarantine/\(location.dropFirst(3))"
            #expect(
                fake.lines == [
                    "HEAD /bucket/in/\(location)", "PUT \(aside)", "HEAD \(aside)", "DELETE /bucket/in/\(location)",
                ])
            #expect(fake.calls[1].headers["x-amz-copy-source"] == ["/bucket/in/\(location)"])
        }
    }

    @Test func `larger objects are copied in parts, which hold all bytes`() async throws {
        try await FakeS3.run(script: FakeS3.Script { Self.store($0, size: 21) }) { fake, store in
            var store = store
            store.copyPart = 10
            try await store.quarantine(S3Location.new())
            let parts = fake.calls.filter { $0.has("partNumber") }
            #expect(
                parts.map { $0.headers["x-amz-copy-source-range"] } == [
                    ["bytes=0-9"], ["bytes=10-19"], ["bytes=20-20"],
                ])
            #expect(fake.calls.map(\.method) == [.HEAD, .POST, .PUT, .PUT, .PUT, .POST, .HEAD, .DELETE])
        }
    }

    @Test func `no copy has more than a thousand parts`() async throws {
        try await FakeS3.run(script: FakeS3.Script { Self.store($0, size: 0) }) { _, store in
            let copy = S3Copy(client: store.client)
            #expect(copy.step(for: 64 << 20) == 64 << 20 && copy.step(for: 1000 * 64 << 20) == 64 << 20)
            #expect(copy.step(for: (1000 * 64 << 20) + 1) == (64 << 20) + 1)
        }
    }

    /// Refused, told with 200, an answer that says nothing, and a copy of another size.
    @Test(arguments: [
        FakeS3.Reply.error(403, "AccessDenied"), .error(200, "AccessDenied"), .answer(200), .answer(200, [:], copied),
    ])
    func `the bytes stay where they are when they cannot be copied`(_ reply: FakeS3.Reply) async throws {
        let script = FakeS3.Script {
            if $0.method == .HEAD, $0.has("quarantine") { return .answer(200, ["Content-Length": "9"]) }
            return $0.method == .PUT ? reply : Self.store($0, size: 10)
        }
        try await FakeS3.run(script: script) { fake, store in
            await #expect(throws: AssetError.self) { try await store.quarantine(S3Location.new()) }
            #expect(!fake.calls.contains { $0.method == .DELETE })
        }
    }

    @Test func `a copy in parts that fails is aborted, and the bytes stay`() async throws {
        let script = FakeS3.Script {
            $0.has("partNumber=2") ? .error(403, "AccessDenied") : Self.store($0, size: 25)
        }
        try await FakeS3.run(script: script) { fake, store in
            var store = store
            store.copyPart = 10
            await #expect(throws: AssetError.self) { try await store.quarantine(S3Location.new()) }
            let deletes = fake.calls.filter { $0.method == .DELETE }
            #expect(deletes.count == 1 && deletes.allSatisfy { $0.has("quarantine/") && $0.has("uploadId=id") })
        }
    }

    /// The copy is then the only one: nothing may remove it.
    @Test(arguments: [Int64(64) << 20, 10])
    func `bytes that somebody else has put aside meanwhile are left there`(part: Int64) async throws {
        let script = FakeS3.Script {
            switch $0.method {
            case .HEAD where $0.number > 0: .answer(404)
            case .PUT: .error(404, "NoSuchKey")
            default: Self.store($0, size: 25)
            }
        }
        try await FakeS3.run(script: script) { fake, store in
            var store = store
            store.copyPart = part
            try await store.quarantine(S3Location.new())
            #expect(!fake.calls.contains { $0.method == .DELETE && !$0.has("uploadId") })
        }
    }

    @Test func `what does not exist is asked for twice, so that a missing bucket is none of it`() async throws {
        let empty = FakeS3.Script { $0.method == .HEAD ? .answer(404) : Self.store($0, size: 0) }
        try await FakeS3.run(script: empty) { fake, store in
            let size = try await store.size(of: S3Location.new())
            #expect(size == nil)
            #expect(fake.calls.map(\.method) == [.HEAD, .GET])
        }
        let gone = FakeS3.Script { $0.method == .HEAD ? .answer(404) : .error(404, "NoSuchBucket") }
        try await FakeS3.run(script: gone) { _, store in
            await #expect(throws: AssetError.self) { _ = try await store.size(of: S3Location.new()) }
        }
    }
}
