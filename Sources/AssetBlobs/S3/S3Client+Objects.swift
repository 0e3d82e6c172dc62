import AssetCore
import Foundation
import NIOCore
import NIOHTTP1

/// Single requests. All throw `S3Failure`.
extension S3Client {
    /// nil when there is no such object.
    func size(of key: String) async throws -> Int64? {
        let request = S3Request(.HEAD, key)
        do {
            let answer = try await send(request)
            guard let size = answer.headers.first(name: "Content-Length").flatMap({ Int64($0) }) else {
                throw S3Failure(describe(request), "the answer has no Content-Length")
            }
            return size
        } catch let failure as S3Failure where failure.isMissing {
            return nil
        }
    }

    /// What does not exist is no error.
    func remove(_ key: String) async throws {
        do { _ = try await send(S3Request(.DELETE, key)) } catch let failure as S3Failure where failure.isMissing {}
    }

    /// Removes up to 1000 objects. Answers what the store says of those that it could not remove.
    func remove(_ keys: [String]) async throws -> [S3Failure] {
        let objects = keys.map { "<Object><Key>\(S3XML.escaped($0))</Key></Object>" }.joined()
        var request = S3Request(
            .POST, nil, query: [("delete", "")],
            xml: "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\(objects)</Delete>")
        // This call has to have one, whatever is chosen for uploads.
        request.headers += S3Checksum.md5.value(of: request.body?.first ?? ByteBuffer()).headers
        let answer = try await send(request)
        return try answer.xml("DeleteResult", of: describe(request)).all("Error")
            .filter { $0["Code"] != "NoSuchKey" }
            .map { error in
                S3Failure(
                    describe(S3Request(.DELETE, error["Key"])), status: 200, code: error["Code"],
                    message: error["Message"],
                    region: nil, retryAfter: nil)
            }
    }

    /// Gives up an upload in parts; one that is gone is no error.
    func abort(_ key: String, _ id: String) async throws {
        do {
            _ = try await send(S3Request(.DELETE, key, query: [("uploadId", id)]))
        } catch let failure as S3Failure where failure.isMissing {}
    }

    struct Listed {
        let key: String
        let modifiedOn: Timestamp
    }

    /// One page of the objects whose keys begin with `prefix`, and the token of the next page.
    func list(_ prefix: String, after token: String?, limit: Int = 1000) async throws -> ([Listed], next: String?) {
        var request = S3Request(
            .GET, nil, query: [("list-type", "2"), ("prefix", prefix), ("max-keys", String(limit))])
        if let token { request.query.append(("continuation-token", token)) }
        let xml = try await send(request).xml("ListBucketResult", of: describe(request))
        let objects = try xml.all("Contents").map { object in
            guard let key = object["Key"], let modifiedOn = object["LastModified"].flatMap(Timestamp.init(s3:)) else {
                throw S3Failure(describe(request), "an object without a key or a time")
            }
            return Listed(key: key, modifiedOn: modifiedOn)
        }
        guard xml["IsTruncated"] == "true" else { return (objects, nil) }
        guard let next = xml["NextContinuationToken"] else {
            throw S3Failure(describe(request), "the answer has no NextContinuationToken")
        }
        return (objects, next)
    }

    struct UnfinishedUpload {
        let key: String
        let id: String
        let begunOn: Timestamp
    }

    /// The uploads in parts that have neither been completed nor given up.
    func unfinishedUploads(_ prefix: String) async throws -> [UnfinishedUpload] {
        var uploads: [UnfinishedUpload] = []
        var markers: [(name: String, value: String)] = []
        while true {
            let request = S3Request(.GET, nil, query: [("uploads", ""), ("prefix", prefix)] + markers)
            let xml = try await send(request).xml("ListMultipartUploadsResult", of: describe(request))
            uploads += xml.all("Upload").compactMap { upload in
                guard let key = upload["Key"], let id = upload["UploadId"],
                    let begunOn = upload["Initiated"].flatMap(Timestamp.init(s3:))
                else { return nil }
                return UnfinishedUpload(key: key, id: id, begunOn: begunOn)
            }
            guard xml["IsTruncated"] == "true", let key = xml["NextKeyMarker"], !key.isEmpty else { return uploads }
            let next = [
                (name: "key-marker", value: key), (name: "upload-id-marker", value: xml["NextUploadIdMarker"] ?? ""),
            ]
            guard next.map(\.value) != markers.map(\.value) else { return uploads }
            markers = next
        }
    }
}

extension Timestamp {
    /// `2009-10-12T17:50:30.000Z`.
    init?(s3 text: String) {
        guard text.hasSuffix("Z") else { return nil }
        let numbers = text.dropLast().split { "-T:.".contains($0) }.map { Int32($0) }
        guard numbers.count >= 6, numbers.allSatisfy({ $0 != nil }) else { return nil }
        let values = numbers.compactMap(\.self)
        var parts = tm()
        parts.tm_year = values[0] - 1900
        parts.tm_mon = values[1] - 1
        parts.tm_mday = values[2]
        parts.tm_hour = values[3]
        parts.tm_min = values[4]
        parts.tm_sec = values[5]
        // Fractions are left out: the moment is one at which the object was not yet there, never a later one.
        self.init(microseconds: Int64(timegm(&parts)) * 1_000_000)
    }
}
