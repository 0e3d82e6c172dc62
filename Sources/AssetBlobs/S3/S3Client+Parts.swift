import AssetCore
import NIOHTTP1

/// What is put together from parts, be they sent or copied. All throw `S3Failure`.
extension S3Client {
    /// A part that the store has.
    struct Part {
        let number: Int
        let size: Int64
        let tag: String
        /// What the store checked it by; nothing when it was copied.
        var checksum = S3Checksum.Value.nothing

        fileprivate var xml: String {
            var xml = "<PartNumber>\(number)</PartNumber><ETag>\(S3XML.escaped(tag))</ETag>"
            if case .header(S3Checksum.crc32Header, let value) = checksum {
                xml += "<ChecksumCRC32>\(value)</ChecksumCRC32>"
            }
            return "<Part>\(xml)</Part>"
        }
    }

    /// - Parameter headers: what the object is to have.
    /// - Returns: the name of the upload.
    func beginParts(_ key: String, headers: [(name: String, value: String)] = []) async throws -> String {
        var request = S3Request(.POST, key, query: [("uploads", "")])
        request.headers = headers
        let answer = try await send(request)
        guard let id = try answer.xml("InitiateMultipartUploadResult", of: describe(request))["UploadId"] else {
            throw S3Failure(describe(request), "the answer has no UploadId")
        }
        return id
    }

    /// Makes the object of its parts, which stand in their order.
    func completeParts(_ id: String, of key: String, _ parts: [Part]) async throws {
        let xml =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + parts.map(\.xml).joined() + "</CompleteMultipartUpload>"
        let request = S3Request(.POST, key, query: [("uploadId", id)], xml: xml)
        let size = parts.reduce(0) { $0 + $1.size }
        do {
            _ = try await sendLongWork(request, "CompleteMultipartUploadResult")
        } catch let failure as S3Failure where failure.isMissing || failure.isTransient {
            // The answer to an earlier try may have been lost: then the upload is gone, and the object is there.
            guard try await self.size(of: key) == size else { throw failure }
        }
    }

    /// For requests that the store may begin to answer before it knows whether they succeed: anything but this root, whatever the
    /// status was, says nothing about the object.
    func sendLongWork(_ request: S3Request, _ root: String) async throws -> S3XML {
        try await retry {
            let answer = try await sendOnce(request)
            if let failure = failure(in: answer, to: request) { throw failure }
            return try answer.xml(root, of: describe(request))
        }
    }
}
