import AssetCore
import HTTPTypes
import Hummingbird

/// A drawn sheet of paper with a file's extension, for files without a picture.
struct FileIcon {
    let label: String

    var svg: String {
        let text = label.uppercased().prefix(6).flatMap { Self.escaped[$0] ?? String($0) }
        let size = label.count <= 4 ? 44 : 32
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256" role="img">\
            <path d="M56 16h104l48 48v168a8 8 0 0 1-8 8H56a8 8 0 0 1-8-8V24a8 8 0 0 1 8-8z" fill="#f4f5f7" \
            stroke="#8a94a6" stroke-width="6"/><path d="M160 16v48h48" fill="none" stroke="#8a94a6" stroke-width="6"/>\
            <text x="128" y="172" font-family="sans-serif" font-size="\(size)" font-weight="700" fill="#46505f" \
            text-anchor="middle">\(String(text))</text></svg>
            """
    }

    private static let escaped: [Character: String] = ["<": "&lt;", ">": "&gt;", "&": "&amp;", "\"": "&quot;"]
}

extension Delivery {
    /// A preview, or the drawn sheet that stands for it.
    func response(
        to request: Request, _ context: AppContext, _ preview: Preview, caching: Caching
    ) async throws -> Response {
        switch preview {
        case .picture(let rendition):
            return try await response(
                to: request, context,
                File(
                    blob: rendition.blob, name: rendition.file, type: rendition.format.rawValue,
                    modifiedOn: rendition.createdOn, caching: caching))
        case .none(let name):
            let response = Response(
                status: .ok,
                headers: [
                    .contentType: "image/svg+xml", .cacheControl: "private, max-age=60",
                    .xContentTypeOptions: "nosniff", .contentSecurityPolicy: "sandbox; default-src 'none'",
                ],
                body: ResponseBody(byteBuffer: .init(string: FileIcon(label: name.fileExtension ?? "").svg)))
            return request.method == .head ? response.createHeadResponse() : response
        }
    }
}
