import AssetCore
import AssetTesting
import NIOCore
import NIOHTTP1
import Testing

@testable import AssetBlobs

/// What happens when the store fails, is slow, or refuses.
struct S3FaultTests {
    private static let created =
        "<InitiateMultipartUploadResult><UploadId>the&amp;id</UploadId></InitiateMultipartUploadResult>"
    private static let completed = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"

    /// Answers an upload in parts as a store does.
    private static func upload(_ call: FakeS3.Call) -> FakeS3.Reply {
        switch call.method {
        case .POST where call.has("?uploads"): .answer(200, [:], created)
        case .POST: .answer(200, [:], completed)
        case .PUT: .answer(200, ["ETag": "\"tag\""])
        default: .answer(204)
        }
    }

    private static func error(_ work: () async throws -> Void) async -> AssetError? {
        do {
            try await work()
            Issue.record("no error")
        } catch let error as AssetError {
            return error
        } catch {
            Issue.record("another error: \(error)")
        }
        return nil
    }

    // MARK: Trying again

    @Test(arguments: [
        FakeS3.Reply.answer(503), .error(503, "SlowDown"), .answer(500), .answer(429, ["Retry-After": "0"]), .close,
        .error(400, "RequestTimeout"), .error(400, "BadDigest"),
    ])
    func `what passes by itself is tried again`(_ reply: FakeS3.Reply) async throws {
        try await FakeS3.run(script: FakeS3.Script { $0.number < 2 ? reply : .answer(200) }) { fake, store in
            let blob = try await store.put(TestBody(TestBody.bytes(1000)), limit: .max)
            #expect(fake.lines == Array(repeating: "PUT /bucket/in/\(blob.location)", count: 3))
            #expect(fake.bodySize(2) == 1000)
        }
    }

    @Test func `an answer that does not come is waited for only so long`() async throws {
        try await FakeS3.run(
            silence: .seconds(1), script: FakeS3.Script { $0.number == 0 ? .hang : .answer(200) }
        ) {
            fake, store in
            _ = try await store.put(TestBody(TestBody.bytes(1000)), limit: .max)
            // More when the machine is busy.
            #expect(fake.lines.count >= 2)
        }
    }

    @Test func `a store that stays away is given up, and what may have arrived is removed`() async throws {
        try await FakeS3.run(script: FakeS3.Script { $0.method == .PUT ? .error(503, "SlowDown") : .answer(204) }) {
            fake, store in
            let error = await Self.error { _ = try await store.put(TestBody(TestBody.bytes(1000)), limit: .max) }
            #expect(error?.code == .unavailable)
            #expect(error?.detail?.contains("503 SlowDown Said so (tried 4 times)") == true, "\(error?.detail ?? "")")
            #expect(fake.calls.map(\.method) == [.PUT, .PUT, .PUT, .PUT, .DELETE])
        }
    }

    // MARK: Refusals

    @Test(arguments: [
        (FakeS3.Reply.error(403, "InvalidAccessKeyId"), "does not know this AWS_ACCESS_KEY_ID"),
        (.error(403, "SignatureDoesNotMatch"), "AWS_SECRET_ACCESS_KEY does not belong"),
        (.error(403, "AccessDenied"), "these credentials may not do that"),
        (.error(400, "ExpiredToken"), "AWS_SESSION_TOKEN has expired"),
        (.error(403, "RequestTimeTooSkewed"), "the clocks of this machine and of the store differ"),
        (.error(404, "NoSuchBucket"), "there is no such bucket"),
        (.error(301, "PermanentRedirect", headers: ["x-amz-bucket-region": "eu-west-1"]), "set region=eu-west-1"),
        (.error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-2</Region>"), "set region=eu-west-2"),
        (.answer(403, [:], "<html>No XML<br></html>"), "these credentials may not do that"),
    ])
    func `a refusal says what to do, and is not tried again`(_ reply: FakeS3.Reply, _ advice: String) async throws {
        try await FakeS3.run(script: FakeS3.Script { _ in reply }) { fake, store in
            let error = await Self.error { try await store.check() }
            #expect(error?.code == .unavailable)
            #expect(error?.detail?.contains(advice) == true, "\(error?.detail ?? "")")
            #expect(error?.description.contains("secret") == false)
            #expect(fake.lines.count == 1)

            let readError = await Self.error { _ = try await store.head(S3Location.new(), length: 1) }
            #expect(readError?.code == .unavailable)
        }
    }

    // MARK: Downloads

    private static let content = TestBody.bytes(10_000)

    /// Cuts each answer after `count` bytes.
    private static func cutting(after count: Int) -> FakeS3.Script {
        FakeS3.Script { call in
            let numbers = call.headers["Range"].first?.dropFirst(6).split(separator: "-").compactMap { Int($0) } ?? []
            guard numbers.count == 2, numbers[0] < content.count else { return .error(416, "InvalidRange") }
            let range = numbers[0]..<min(numbers[1] + 1, content.count)
            let headers: HTTPHeaders = [
                "Content-Range": "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.count)"
            ]
            let bytes = Array(content[range].prefix(count))
            return bytes.count == range.count
                ? .bytes(206, headers, bytes) : .cut(headers, length: range.count, bytes: bytes)
        }
    }

    @Test func `a download whose connection breaks goes on from the next byte`() async throws {
        try await FakeS3.run(tries: 2, script: Self.cutting(after: 3000)) { fake, store in
            var read: [UInt8] = []
            try await store.read(S3Location.new(), range: 500..<9500) { read += $0.readableBytesView }
            #expect(read == Array(Self.content[500..<9500]))
            #expect(
                fake.calls.map { $0.headers["Range"].first } == [
                    "bytes=500-9499", "bytes=3500-9499", "bytes=6500-9499",
                ])
        }
    }

    @Test func `a download that brings nothing more is given up`() async throws {
        try await FakeS3.run(script: Self.cutting(after: 0)) { fake, store in
            let error = await Self.error {
                try await store.read(S3Location.new(), range: 0..<10) { _ in Issue.record("sent something") }
            }
            #expect(error?.code == .unavailable)
            #expect(fake.lines.count == 4)
        }
    }

    @Test func `a blob that is shorter than the range is told before anything is sent`() async throws {
        try await FakeS3.run(script: Self.cutting(after: 100_000)) { fake, store in
            let error = await Self.error {
                try await store.read(S3Location.new(), range: 9000..<10_001) { _ in Issue.record("sent something") }
            }
            #expect(error?.code == .internalError)
            #expect(fake.lines.count == 1)
        }
    }

    @Test func `an answer that ignores the range is refused`() async throws {
        try await FakeS3.run(script: FakeS3.Script { _ in .bytes(200, [:], Self.content) }) { _, store in
            let error = await Self.error {
                try await store.read(S3Location.new(), range: 5..<10) { _ in Issue.record("sent something") }
            }
            #expect(error?.detail?.contains("200 instead of the range from 5") == true)
        }
    }

    // MARK: Uploads in parts

    @Test func `an upload in parts ends with its list`() async throws {
        try await FakeS3.run(script: FakeS3.Script(reply: Self.upload)) { fake, store in
            let blob = try await store.put(TestBody(TestBody.bytes(2048)), limit: .max)
            #expect(blob.size == 2048)
            let path = "/bucket/in/\(blob.location)"
            #expect(
                fake.lines.sorted() == [
                    "POST \(path)?uploadId=the%26id", "POST \(path)?uploads=",
                    "PUT \(path)?partNumber=1&uploadId=the%26id", "PUT \(path)?partNumber=2&uploadId=the%26id",
                ])
        }
    }

    @Test func `a part that is refused ends the upload`() async throws {
        let script = FakeS3.Script {
            $0.has("partNumber=2") ? .error(400, "EntityTooLarge") : Self.upload($0)
        }
        try await FakeS3.run(script: script) { fake, store in
            let error = await Self.error { _ = try await store.put(TestBody(TestBody.bytes(9000)), limit: .max) }
            #expect(error?.detail?.contains("EntityTooLarge") == true)
            #expect(fake.calls.contains { $0.method == .DELETE && $0.has("uploadId=the%26id") })
            #expect(!fake.calls.contains { $0.method == .POST && $0.has("uploadId") })
        }
    }

    @Test func `a part that hangs when the upload is cancelled does not keep it from being aborted`() async throws {
        let script = FakeS3.Script { $0.has("partNumber") ? .hang : Self.upload($0) }
        try await FakeS3.run(script: script) { fake, store in
            let upload = Task { try await store.put(TestBody(TestBody.bytes(50_000)), limit: .max) }
            await fake.awaitCall { $0.has("partNumber=4&") }
            upload.cancel()
            await #expect(throws: CancellationError.self) { _ = try await upload.value }
            #expect(fake.calls.filter { $0.has("partNumber") }.count == 4, "parts on their way at once")
            #expect(fake.calls.contains { $0.method == .DELETE && $0.has("uploadId=the%26id") })
        }
    }

    @Test func `a body that fails in the middle leaves no upload behind`() async throws {
        try await FakeS3.run(script: FakeS3.Script(reply: Self.upload)) { fake, store in
            await #expect(throws: TestFailure.self) {
                _ = try await store.put(TestBody(TestBody.bytes(5000), ending: .fails), limit: .max)
            }
            #expect(fake.calls.contains { $0.method == .DELETE && $0.has("uploadId") })
        }
    }

    @Test func `a completion that fails with 200 is no success`() async throws {
        let failing = FakeS3.Script {
            $0.method == .POST && $0.has("uploadId") ? .error(200, "AccessDenied") : Self.upload($0)
        }
        try await FakeS3.run(script: failing) { fake, store in
            let error = await Self.error { _ = try await store.put(TestBody(TestBody.bytes(2000)), limit: .max) }
            #expect(error?.detail?.contains("200 AccessDenied") == true)
            #expect(
                fake.calls.suffix(2).map(\.method) == [.DELETE, .DELETE], "the upload, and what may have become of it")
        }
        let empty = FakeS3.Script {
            if $0.method == .HEAD { return .answer(404) }
            return $0.method == .POST && $0.has("uploadId") ? .answer(200) : Self.upload($0)
        }
        try await FakeS3.run(script: empty) { _, store in
            let error = await Self.error { _ = try await store.put(TestBody(TestBody.bytes(2000)), limit: .max) }
            #expect(error?.code == .unavailable)
        }
        // The white space is what a store sends while it is at work.
        let once = FakeS3.Script {
            guard $0.method == .POST, $0.has("uploadId") else { return Self.upload($0) }
            return $0.number == 3 ? .error(200, "InternalError") : .answer(200, [:], " \n  " + Self.completed)
        }
        try await FakeS3.run(script: once) { fake, store in
            _ = try await store.put(TestBody(TestBody.bytes(2000)), limit: .max)
            #expect(fake.calls.map(\.method) == [.POST, .PUT, .PUT, .POST, .POST])
        }
    }

    @Test(arguments: [(2000, true), (1999, false)])
    func `a completion whose answer was lost counts when the object is there`(size: Int, succeeds: Bool) async throws {
        let script = FakeS3.Script {
            switch $0.method {
            case .POST where $0.number == 3: .close
            case .POST where $0.has("uploadId"): .error(404, "NoSuchUpload")
            case .HEAD: .answer(200, ["Content-Length": "\(size)"])
            default: Self.upload($0)
            }
        }
        try await FakeS3.run(script: script) { fake, store in
            if succeeds {
                let blob = try await store.put(TestBody(TestBody.bytes(2000)), limit: .max)
                #expect(blob.size == 2000)
                #expect(fake.calls.last?.method == .HEAD)
            } else {
                let error = await Self.error { _ = try await store.put(TestBody(TestBody.bytes(2000)), limit: .max) }
                #expect(error != nil)
                #expect(fake.calls.last?.method == .DELETE)
            }
        }
    }

    // MARK: Removing

    @Test func `a key that cannot be removed is told, and the others are gone`() async throws {
        let locations = (0..<1001).map { _ in S3Location.new() }
        let reply =
            "<DeleteResult><Error><Key>in/\(locations[7])</Key><Code>AccessDenied</Code></Error>"
            + "<Error><Key>in/\(locations[8])</Key><Code>NoSuchKey</Code></Error></DeleteResult>"
        try await FakeS3.run(script: FakeS3.Script { .answer(200, [:], $0.number == 0 ? reply : "<DeleteResult/>") }) {
            fake, store in
            let error = await Self.error { try await store.remove(locations) }
            #expect(error?.code == .unavailable)
            #expect(error?.detail?.contains("DELETE s3://bucket/in/\(locations[7]): 200 AccessDenied") == true)
            #expect(fake.lines == ["POST /bucket?delete=", "POST /bucket?delete="])
            #expect(fake.calls.allSatisfy { $0.headers.contains(name: "Content-MD5") })
        }
    }

    @Test func `a store without batches is asked for each`() async throws {
        let locations = (0..<3).map { _ in S3Location.new() }
        let script = FakeS3.Script {
            $0.method == .POST ? .error(501, "NotImplemented") : .answer($0.number == 2 ? 404 : 204)
        }
        try await FakeS3.run(script: script) { fake, store in
            try await store.remove(locations)
            #expect(
                fake.lines.sorted() == (locations.map { "DELETE /bucket/in/\($0)" } + ["POST /bucket?delete="]).sorted()
            )
        }
    }
}
