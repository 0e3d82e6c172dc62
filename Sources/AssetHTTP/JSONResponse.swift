import AssetCore
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    init(status: HTTPResponse.Status = .ok, json: JSON, headers: HTTPFields = [:]) {
        var buffer = ByteBuffer()
        json.write(into: &buffer)
        var headers = headers
        headers[.contentType] = "application/json; charset=utf-8"
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: buffer))
    }
}

extension Request {
    /// The body as a JSON object; an empty body of a GET or DELETE is `{}`.
    /// - Throws: `tooLarge` over `limit` bytes; `badParameter("body")` when it is no JSON object.
    func jsonObject(limit: Int) async throws -> JSON {
        let buffer: ByteBuffer
        do {
            buffer = try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw AssetError(.tooLarge, "The body is larger than \(limit) bytes")
        }
        if buffer.readableBytes == 0, method != .post { return .emptyObject }
        let json = try JSON(parsing: buffer.readableBytesView)
        guard json.objectValue != nil else { throw AssetError.badParameter("body", "The body is not a JSON object") }
        return json
    }

    /// The path without doubled slashes at its start.
    var normalizedPath: String { "/" + uri.path.drop { $0 == "/" } }
}
