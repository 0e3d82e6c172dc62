package import AssetCore
package import NIOCore
import OrderedCollections

/// Recognises files by their first bytes, without decoding anything.
///
/// It needs no library, takes microseconds, and believes what a header says: a file that claims 65535 × 65535 pixels is reported
/// so. Sizes are those of the stored picture, before any rotation that the file asks for. Heads are hostile input: everything is
/// read through `HeadBytes`, which answers nil outside of the head, and every loop moves forward.
///
/// What lies behind the head stays unknown, and is null: the pixels of a JPEG with more than 64 KiB of profiles, the frames of a
/// large GIF, a TIFF whose directory is at the end.
package struct HeaderInspector: MediaEngine {
    package init() {}

    package var headLength: Int { 64 * 1024 }

    package func inspect(head: ByteBuffer, name: AssetName, size: Int64) async -> MediaInspection {
        let facts = Self.recognise(HeadBytes(head, fileSize: size))
        let named = name.fileExtension
        let type = Self.type(facts, extension: named)
        var info = Self.info(facts, type: type, size: size)
        if case .object(var members) = info, let named, named != type, facts != nil || Self.isKnown(named) {
            members["metadata"] = ["file:mismatch": .string("\(facts?.type ?? "something else") named .\(named)")]
            info = .object(members)
        }
        return MediaInspection(type: type, info: info)
    }

    /// The first that knows the file answers; SVG is last, because it has no magic number to tell it by.
    private static let recognisers: [@Sendable (HeadBytes) -> HeaderFacts?] = [
        JPEGHeader.read, PNGHeader.read, GIFHeader.read, WebPHeader.read, BMPHeader.read, TIFFHeader.read,
        ISOMediaHeader.read, FileSignature.read, SVGHeader.read,
    ]

    private static func recognise(_ head: HeadBytes) -> HeaderFacts? {
        for recogniser in recognisers {
            if let facts = recogniser(head) { return facts }
        }
        return nil
    }

    /// Content decides. The name has a say where one format has several extensions (`jpg`, `jpeg`), and where the content does not
    /// tell (text, JSON); but not where the content would have told, as that of a picture.
    private static func type(_ facts: HeaderFacts?, extension fileExtension: String?) -> String? {
        guard let facts else { return fileExtension.flatMap { isKnown($0) ? nil : $0 } }
        if let fileExtension, facts.otherExtensions.contains(fileExtension) { return fileExtension }
        return facts.type
    }

    /// Extensions of formats that show in their first bytes.
    private static func isKnown(_ fileExtension: String) -> Bool {
        [
            "jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff", "avif", "heic", "heif", "pdf", "mp4",
            "mov", "webm", "mkv", "flac", "wav", "avi",
        ].contains(fileExtension)
    }

    /// The members of section 11.3 of the project reference, in its order.
    private static func info(_ facts: HeaderFacts?, type: String?, size: Int64) -> JSON {
        let resolution = facts?.resolution.map { JSON.array([JSON($0.x), JSON($0.y)]) }
        return [
            "format": JSON(type),
            "filesize": .int(size),
            "pages": facts?.pages.map { JSON($0) } ?? nil,
            "width": facts?.width.map { JSON($0) } ?? nil,
            "height": facts?.height.map { JSON($0) } ?? nil,
            "resolution": resolution ?? nil,
            "transparent": facts?.transparent.map(JSON.bool) ?? nil,
            "animated": facts?.animated.map(JSON.bool) ?? nil,
            "colors": JSON(facts?.colors?.rawValue),
            "colorspace": JSON(facts?.colors?.colorspace),
            "metadata": .emptyObject,
        ]
    }
}
