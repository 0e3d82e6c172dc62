import AssetCore
import NIOHTTP1

/// Copies an object within the bucket; the bytes do not leave the store.
///
/// Larger objects are copied in parts: one request takes no more than 5 GiB, and none may take longer than a store may be silent.
struct S3Copy: Sendable {
    /// Of whole objects, and of parts unless 1000 of them would not be enough, which is all that OpenStack Swift takes as it comes.
    static let smallestPart: Int64 = 64 << 20
    private static let equalParts: Int64 = 1000

    let client: S3Client
    var partSize = smallestPart

    /// When this throws, the copy may be there all the same, but never a half one. It is not removed: it may be the last one, when
    /// somebody else moves the same object.
    /// - Parameter size: of the object at `source`.
    func callAsFunction(_ source: String, size: Int64, to destination: String) async throws {
        if size <= partSize {
            _ = try await client.sendLongWork(request(source, to: destination), "CopyObjectResult")
        } else {
            try await copyParts(source, size, to: destination)
        }
        let copied = try await client.size(of: destination)
        guard copied == size else {
            throw S3Failure(
                client.describe(S3Request(.PUT, destination)),
                "the copy has \(copied.map(String.init) ?? "no") bytes instead of \(size)")
        }
    }

    /// How many bytes each part of so large an object has, but for the last one.
    func step(for size: Int64) -> Int64 { max(partSize, (size + Self.equalParts - 1) / Self.equalParts) }

    private func copyParts(_ source: String, _ size: Int64, to destination: String) async throws {
        let id = try await client.beginParts(destination)
        do {
            let step = step(for: size)
            var parts: [S3Client.Part] = []
            for start in stride(from: 0, to: size, by: Int(step)) {
                let end = min(start + step, size)
                var request = request(source, to: destination)
                request.query = [("partNumber", String(parts.count + 1)), ("uploadId", id)]
                request.headers.append(("x-amz-copy-source-range", "bytes=\(start)-\(end - 1)"))
                guard let tag = try await client.sendLongWork(request, "CopyPartResult")["ETag"] else {
                    throw S3Failure(client.describe(request), "the answer has no ETag")
                }
                parts.append(S3Client.Part(number: parts.count + 1, size: end - start, tag: tag))
            }
            try await client.completeParts(id, of: destination, parts)
        } catch {
            // A task of its own is not cancelled with this one, which waits for it.
            await Task { [client] in try? await client.abort(destination, id) }.value
            throw error
        }
    }

    private func request(_ source: String, to destination: String) -> S3Request {
        var request = S3Request(.PUT, destination)
        let path = "/\(client.settings.bucket)/\(source)"
        request.headers = [("x-amz-copy-source", S3Signer.percentEncoded(path, keepsSlashes: true))]
        return request
    }
}
