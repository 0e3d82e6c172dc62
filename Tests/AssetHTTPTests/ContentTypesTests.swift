import AssetCore
import Testing

@testable import AssetHTTP

/// Segment reference U23, U38.
struct ContentTypesTests {
    private static let types = [
        ("a.jpg", "image/jpeg"), ("a.JPEG", "image/jpeg"), ("a.png", "image/png"), ("a.gif", "image/gif"),
        ("a.svg", "image/svg+xml"),
        ("a.webp", "image/webp"), ("a.avif", "image/avif"), ("a.tif", "image/tiff"), ("a.mp4", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.mov", "video/quicktime"), ("a.mp3", "audio/mpeg"), ("a.wav", "audio/wav"), ("a.pdf", "application/pdf"),
        ("a.txt", "text/plain"), ("a.html", "text/html"), ("a.json", "application/json"), ("a.xml", "application/xml"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.zip", "application/zip"),
        ("a.tar.ZIP", "application/zip"), ("a", "application/octet-stream"), (".png", "application/octet-stream"),
        ("a.", "application/octet-stream"), ("a.unheardof", "application/octet-stream"),
        ("jpg", "application/octet-stream"),
    ]

    @Test(arguments: types)
    func `the ending gives the type, in any letter case`(name: String, type: String) throws {
        #expect(ContentTypes.type(of: try AssetName(name)) == type)
    }

    private static let inline = [
        ("image/jpeg", true), ("image/svg+xml", false), ("image/svg", false), ("video/mp4", true), ("audio/mpeg", true),
        ("application/pdf", true), ("text/plain", true), ("text/html", false), ("text/css", false), ("text/csv", false),
        ("application/javascript", false), ("application/xml", false), ("application/xhtml+xml", false),
        ("application/json", false),
        ("application/octet-stream", false),
    ]

    @Test(arguments: inline)
    func `a browser may show only what cannot run`(type: String, isInline: Bool) {
        #expect(ContentTypes.isInline(type) == isInline)
    }
}
