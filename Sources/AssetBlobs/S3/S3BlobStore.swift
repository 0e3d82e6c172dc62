package import AssetCore
import AsyncHTTPClient
package import NIOCore

/// Blobs as objects in a bucket of S3-compatible storage.
///
/// **What it writes.** An object for each blob, below the prefix: `ab/` and 32 random hex digits that begin with `ab`. The name does
/// not depend on the bytes, because their hash is known only when the last of them has been sent; that it is random spreads the load
/// in the store. Objects are never written again. What is put aside is copied to `quarantine/` and its name, within the store, before
/// the first one goes. Other objects in the bucket, also below the prefix, are left alone. Two installations must not share bucket
/// and prefix: each would remove what the other's database names.
///
/// **What it needs.** A bucket that exists, and the right to `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject`, `s3:ListBucket`,
/// `s3:AbortMultipartUpload` and `s3:ListBucketMultipartUploads` on it. An upload holds at most the part that is being collected and
/// four on their way (`S3Upload.Cut`): 55 MiB together, when files may have 10 GiB. A download holds some hundred kilobytes.
///
/// **What it promises.** A blob is in the bucket, whole and checked (`S3Checksum`), before `put` returns. An upload that fails or is
/// cancelled is aborted, so that its parts are not paid for. What passes by itself (5xx, 429, a lost connection) is tried again
/// (`S3Retry`); a download goes on from the next byte.
///
/// **What it cannot promise.** That an upload which dies together with the process leaves nothing: `removeUnfinished` gives up such
/// uploads. Old versions in a bucket with versioning, which need a lifecycle rule there. `storedOn` comes from the store's clock and
/// has whole seconds, for large files those when the upload began: see `clockTolerance`.
package struct S3BlobStore: BlobStore {
    /// Requests are refused when the clocks are further apart (`RequestTimeTooSkewed`).
    package let clockTolerance = 900.0
    let client: S3Client
    var cut = S3Upload.Cut()
    /// Objects with more bytes are put aside in parts.
    var copyPart = S3Copy.smallestPart
    let cache = BlobCache()

    package init(_ settings: S3Settings) {
        self.init(S3Client(settings: settings, http: S3Client.sharedHTTPClient))
    }

    init(_ client: S3Client) { self.client = client }

    /// Finds out whether the bucket can be used.
    /// - Throws: `unavailable` that says what is wrong, for the administrator.
    package func check() async throws {
        do {
            _ = try await client.list(client.settings.prefix, after: nil, limit: 1)
        } catch let failure as S3Failure {
            throw AssetError(
                .unavailable, "The bucket cannot be used: \(client.settings.description)", detail: failure.description)
        }
    }

    package func put<Body: AsyncSequence & Sendable>(_ body: Body, limit: Int64) async throws -> StoredBlob
    where Body.Element == ByteBuffer {
        try await translated {
            let location = S3Location.new()
            let upload = S3Upload(client: client, key: client.settings.prefix + location, cut: cut)
            let (hash, size) = try await upload(body, limit: limit) { bytes in
                // Uploads are looked at next, and small ones are often shown next.
                if bytes.readableBytes <= BlobCache.maximumBlob { cache.keep(bytes, of: location) }
            }
            return StoredBlob(hash: hash, size: size, location: location)
        }
    }

    package func read(
        _ location: String, range: Range<Int64>, _ send: (ByteBuffer) async throws -> Void
    ) async throws {
        let key = try key(location)
        guard range.lowerBound >= 0 else {
            throw AssetError(.internalError, AssetError.internalMessage, detail: "a negative range: \(range)")
        }
        if let bytes = cache.bytes(of: location), range.upperBound <= bytes.readableBytes {
            try Task.checkCancellation()
            let start = bytes.readerIndex + Int(range.lowerBound)
            if let slice = bytes.getSlice(at: start, length: range.count), !range.isEmpty { try await send(slice) }
            return
        }
        try await translated {
            if range.isEmpty {
                guard let size = try await client.size(of: key), range.upperBound <= size else {
                    throw missing(location)
                }
                return
            }
            let download = S3Download(client: client, key: key, range: range)
            guard range.lowerBound == 0, range.count <= BlobCache.maximumBlob else {
                _ = try await download(send)
                return
            }
            var whole = ByteBuffer()
            let size = try await download { whole.writeImmutableBuffer($0) }
            if size == Int64(whole.readableBytes) { cache.keep(whole, of: location) }
            try await send(whole)
        }
    }

    package func head(_ location: String, length: Int) async throws -> ByteBuffer {
        let key = try key(location)
        if let bytes = cache.bytes(of: location) {
            return bytes.getSlice(at: bytes.readerIndex, length: min(max(length, 0), bytes.readableBytes))
                ?? ByteBuffer()
        }
        return try await translated {
            var head = ByteBuffer()
            guard length > 0 else {
                guard try await client.size(of: key) != nil else { throw missing(location) }
                return head
            }
            let download = S3Download(client: client, key: key, range: 0..<Int64(length), isClamped: true)
            _ = try await download { head.writeImmutableBuffer($0) }
            return head
        }
    }

    package func remove(_ location: String) async throws {
        let key = try key(location)
        cache.forget(location)
        try await translated { try await client.remove(key) }
    }

    package func remove(_ locations: [String]) async throws {
        let keys = try locations.map { try key($0) }
        for location in locations { cache.forget(location) }
        try await translated {
            var failures: [S3Failure] = []
            for start in stride(from: 0, to: keys.count, by: 1000) {
                failures += try await removeBatch(Array(keys[start..<min(start + 1000, keys.count)]))
            }
            if let failure = failures.first { throw failure }
        }
    }

    private func removeBatch(_ keys: [String]) async throws -> [S3Failure] {
        do {
            return try await client.remove(keys)
        } catch let failure as S3Failure where failure.status == 501 || failure.code == "NotImplemented" {
            // Not every store has this call.
            for key in keys { try await client.remove(key) }
            return []
        }
    }

    package func forEachBatch(_ body: ([(location: String, storedOn: Timestamp)]) async throws -> Void) async throws {
        var token: String?
        repeat {
            let (objects, next) = try await translated { try await client.list(client.settings.prefix, after: token) }
            let batch = objects.compactMap { object in
                self.location(ofKey: object.key).map { (location: $0, storedOn: object.modifiedOn) }
            }
            if !batch.isEmpty { try await body(batch) }
            token = next
            try Task.checkCancellation()
        } while token != nil
    }

    package func removeUnfinished(before moment: Timestamp) async throws -> Int {
        try await translated {
            let uploads = try await client.unfinishedUploads(client.settings.prefix).filter {
                $0.begunOn < moment && isOurs($0.key)
            }
            for upload in uploads { try await client.abort(upload.key, upload.id) }
            return uploads.count
        }
    }

    // MARK: Names

    func key(_ location: String) throws(AssetError) -> String {
        guard S3Location.isLocation(location) else {
            throw AssetError(
                .internalError, AssetError.internalMessage,
                detail: "not a location of this store: \(location.debugDescription)")
        }
        return client.settings.prefix + location
    }

    /// nil for what is none of ours.
    private func location(ofKey key: String) -> String? {
        guard key.hasPrefix(client.settings.prefix) else { return nil }
        let location = String(key.dropFirst(client.settings.prefix.count))
        return S3Location.isLocation(location) ? location : nil
    }

    /// Also when it has been put aside.
    private func isOurs(_ key: String) -> Bool {
        if location(ofKey: key) != nil { return true }
        return key.hasPrefix(client.settings.prefix)
            && S3Location.isQuarantined(String(key.dropFirst(client.settings.prefix.count)))
    }

    private func missing(_ location: String) -> AssetError {
        AssetError(.internalError, AssetError.internalMessage, detail: "no such bytes: \(location)")
    }

    func translated<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch let failure as S3Failure { throw failure.assetError }
    }
}
