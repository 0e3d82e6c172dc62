import AssetCore
import Hummingbird

/// The media type by extension, and what a browser may do with it (segment reference U23, U38).
enum ContentTypes {
    private static let unknown = "application/octet-stream"

    /// What Hummingbird's table does not have.
    private static let more = [
        "apng": "image/apng", "ai": "application/postscript", "avif": "image/avif", "csv": "text/csv",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "eps": "application/postscript", "flac": "audio/flac", "heic": "image/heic", "heif": "image/heif",
        "jfif": "image/jpeg", "jpe": "image/jpeg", "json": "application/json", "jxl": "image/jxl", "m4a": "audio/mp4",
        "m4v": "video/x-m4v",
        "md": "text/markdown", "mk3d": "video/x-matroska", "mka": "audio/x-matroska",
        "mkv": "video/x-matroska", "mov": "video/quicktime", "mp3": "audio/mpeg",
        "mp4": "video/mp4", "odp": "application/vnd.oasis.opendocument.presentation",
        "ods": "application/vnd.oasis.opendocument.spreadsheet", "odt": "application/vnd.oasis.opendocument.text",
        "oga": "audio/ogg", "ogg": "audio/ogg", "ogv": "video/ogg", "opus": "audio/ogg",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "psd": "image/vnd.adobe.photoshop", "rtf": "application/rtf", "srt": "application/x-subrip",
        "tif": "image/tiff", "tiff": "image/tiff", "vtt": "text/vtt", "wasm": "application/wasm", "wav": "audio/wav",
        "webm": "video/webm", "webp": "image/webp", "xliff": "application/xliff+xml", "xlf": "application/xliff+xml",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xml": "application/xml",
        "yaml": "application/yaml", "yml": "application/yaml", "zip": "application/zip",
    ]

    static func type(of name: AssetName) -> String {
        name.fileExtension.map { type(ofExtension: $0) } ?? unknown
    }

    /// - Parameter ending: in lower case.
    static func type(ofExtension ending: String) -> String {
        if let type = more[ending] { return type }
        guard let type = MediaType.getMediaType(forExtension: ending) else { return unknown }
        return "\(type.type)/\(type.subType)"
    }

    /// Whether a browser may show it in the server's origin: never what could run there.
    static func isInline(_ type: String) -> Bool {
        if type.hasPrefix("image/") { return !type.hasPrefix("image/svg") }
        return type.hasPrefix("video/") || type.hasPrefix("audio/") || type == "application/pdf" || type == "text/plain"
    }
}
