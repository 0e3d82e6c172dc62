import AssetCore
import NIOCore
import NIOHTTP1

/// Brings one body into the store: in one request when it fits, and in parts otherwise.
struct S3Upload: Sendable {
    /// How a body is cut.
    ///
    /// The parts of a file have one size, which some stores insist on (Cloudflare R2). It is such that 1000 of them hold the largest
    /// file allowed, because that is all that OpenStack Swift takes as it comes; but at most 32 MiB. Elsewhere 10,000 parts are the
    /// limit: the last thousand grow, so that 600 GiB fit.
    struct Cut: Sendable {
        var smallestPart = 8 << 20
        var largestPart = 32 << 20
        var equalParts = 9000
        var growingParts = 100
        var largestOfAll = 512 << 20
        var maximumInFlight = 4
        /// What is on its way at once, besides the part that is being collected, unless one part alone is larger.
        var maximumBytesInFlight = 64 << 20

        /// - Parameters:
        ///   - number: from 1.
        ///   - limit: the most bytes that the file may have.
        func size(ofPart number: Int, limit: Int64) -> Int {
            let wanted = (Int(limit) / 1000 / (1 << 20) + 1) << 20
            let equal = min(max(wanted, smallestPart), largestPart)
            let doublings = max(0, number - equalParts + growingParts - 1) / growingParts
            return doublings == 0 ? equal : min(equal << min(doublings, 16), largestOfAll)
        }
    }

    let client: S3Client
    let key: String
    var cut = Cut()

    /// Whoever waits for a store that stays away has waited long enough when it comes to cleaning up.
    private var cleaner: S3Client {
        var cleaner = client
        cleaner.retry.tries = min(client.retry.tries, 2)
        return cleaner
    }

    /// Answers hash and size. When this throws, nothing stays in the store, as far as the store can still be reached.
    func callAsFunction<Body: AsyncSequence & Sendable>(
        _ body: Body, limit: Int64, keeping: (ByteBuffer) -> Void
    ) async throws -> (hash: [UInt8], size: Int64) where Body.Element == ByteBuffer {
        var parts = PartCollector(body.makeAsyncIterator(), limit: limit, checksum: client.settings.checksum)
        let size = cut.size(ofPart: 1, limit: limit)
        let first = try await parts.next(size)
        if first.count < size {
            try await putWhole(first)
            if first.bytes.count <= 1 { keeping(first.bytes.first ?? ByteBuffer()) }
        } else {
            try await putParts(first, &parts, limit)
        }
        return (parts.finalHash(), parts.received)
    }

    private func putWhole(_ part: UploadPart) async throws {
        var request = S3Request(.PUT, key)
        request.body = part.bytes
        request.checksum = part.checksum
        do {
            _ = try await client.send(request)
        } catch {
            // A try whose answer was lost may have been carried out.
            await shielded { [cleaner] in try await cleaner.remove(key) }
            throw error
        }
    }

    // MARK: Several parts

    private func putParts<Source>(
        _ first: UploadPart, _ collector: inout PartCollector<Source>, _ limit: Int64
    ) async throws {
        let id = try await client.beginParts(key, headers: client.settings.checksum.objectHeaders)
        var mayExist = false
        do {
            let sent = try await sendParts(id, first, &collector, limit)
            try Task.checkCancellation()
            mayExist = true
            try await client.completeParts(id, of: key, sent)
        } catch {
            await shielded { [cleaner, mayExist] in
                try? await cleaner.abort(key, id)
                if mayExist { try await cleaner.remove(key) }
            }
            throw error
        }
    }

    private func sendParts<Source>(
        _ id: String, _ first: UploadPart, _ collector: inout PartCollector<Source>, _ limit: Int64
    ) async throws -> [S3Client.Part] {
        // A task cannot capture what is inout.
        var parts = collector
        defer { collector = parts }
        return try await withThrowingTaskGroup(of: S3Client.Part.self) { group in
            var sent: [S3Client.Part] = []
            var number = 1
            var part = first
            var bytesInFlight = 0
            while part.count > 0 {
                let size = part.count
                while number - 1 - sent.count >= cut.maximumInFlight
                    || (bytesInFlight > 0 && bytesInFlight + size > cut.maximumBytesInFlight),
                    let done = try await group.next()
                {
                    sent.append(done)
                    bytesInFlight -= Int(done.size)
                }
                bytesInFlight += size
                group.addTask { [number, part] in try await send(part, as: number, of: id) }
                if size < cut.size(ofPart: number, limit: limit) { break }
                number += 1
                part = try await parts.next(cut.size(ofPart: number, limit: limit))
            }
            for try await done in group { sent.append(done) }
            return sent.sorted { $0.number < $1.number }
        }
    }

    private func send(_ part: UploadPart, as number: Int, of id: String) async throws -> S3Client.Part {
        var request = S3Request(.PUT, key, query: [("partNumber", String(number)), ("uploadId", id)])
        request.body = part.bytes
        request.checksum = part.checksum
        let answer = try await client.send(request)
        guard let tag = answer.headers.first(name: "ETag") else {
            throw S3Failure(client.describe(request), "the answer has no ETag")
        }
        return S3Client.Part(number: number, size: Int64(part.count), tag: tag, checksum: part.checksum)
    }

    /// Cleans up, also when the task has been cancelled, and as far as that succeeds: the sweeper finds what stays.
    private func shielded(_ work: @escaping @Sendable () async throws -> Void) async {
        // A task of its own is not cancelled with this one, which waits for it.
        await Task { try? await work() }.value
    }
}
