import AssetCore
import HTTPTypes
import Hummingbird

/// The body of an upload.
enum UploadBody {
    /// - Throws: `badParameter("Content-Type")` unless it is `multipart/form-data` with a boundary.
    static func reader(_ request: Request) throws -> MultipartReader<RequestBody> {
        do {
            let boundary = try MultipartBoundary(contentType: request.headers[.contentType] ?? "")
            return MultipartReader(body: request.body, boundary: boundary)
        } catch {
            throw AssetError.badParameter("Content-Type", error.message)
        }
    }

    /// What stands behind the last separator.
    static func baseName(_ fileName: String) -> String {
        fileName.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
    }
}
