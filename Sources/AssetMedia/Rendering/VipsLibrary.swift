import CVips
import Foundation

/// The library as a whole: which decoders it may use, and how much it keeps.
enum VipsLibrary {
    /// What decodes a file. These are all: see docs/media.md. Everything else that the library was built with stays locked,
    /// ImageMagick and its hundreds of formats among it.
    enum Loader: String, CaseIterable {
        case jpeg = "VipsForeignLoadJpeg"
        case png = "VipsForeignLoadPng"
        case gif = "VipsForeignLoadNsgif"
        case webp = "VipsForeignLoadWebp"
        case tiff = "VipsForeignLoadTiff"
        case heif = "VipsForeignLoadHeif"
        case svg = "VipsForeignLoadSvg"
        case pdf = "VipsForeignLoadPdf"

        /// Its name as an operation that reads from memory.
        var operation: String {
            switch self {
            case .jpeg: "jpegload_source"
            case .png: "pngload_source"
            case .gif: "gifload_source"
            case .webp: "webpload_source"
            case .tiff: "tiffload_source"
            case .heif: "heifload_source"
            case .svg: "svgload_source"
            case .pdf: "pdfload_source"
            }
        }

        /// By the type that the first bytes show. The library looks at fewer of them: at 1000 of an SVG, for one, which may begin
        /// with a long comment.
        init?(type: String?) {
            switch type {
            case "svg": self = .svg
            case "pdf", "ai": self = .pdf
            case "avif", "heic", "heif": self = .heif
            default: return nil
            }
        }

        /// Has no pixels of its own, and is drawn at the size that is wanted.
        var isVector: Bool { self == .svg || self == .pdf }
    }

    /// Made ready at its first use, once for the process.
    static let start: Void = {
        // Pixels that do not fit are refused by the limits; nothing is ever put on the disk.
        unsafe setenv("VIPS_DISC_THRESHOLD", "64g", 1)
        guard unsafe vips_init("stockroom") == 0 else { fatalError("libvips: \(VipsError.last())") }
        // Files are different each time: remembering the last operations would only hold their memory.
        vips_cache_set_max(0)
        vips_block_untrusted_set(1)
        for name in ["VipsForeignLoad", "VipsForeignSave"] { unsafe vips_operation_block_set(name, 1) }
        for loader in Loader.allCases { unsafe vips_operation_block_set(loader.rawValue, 0) }
        for saver in ["Jpeg", "Png", "Cgif", "Webp", "Heif"] {
            unsafe vips_operation_block_set("VipsForeignSave" + saver, 0)
        }
    }()

    /// What decodes these bytes, by their content; nil when nothing does that is allowed.
    static func loader(of bytes: UnsafeRawBufferPointer) -> Loader? {
        guard let source = unsafe vips_source_new_from_memory(bytes.baseAddress, bytes.count) else { return nil }
        defer { unsafe g_object_unref(source) }
        guard let name = unsafe vips_foreign_find_load_source(source) else {
            vips_error_clear()
            return nil
        }
        let text = unsafe String(cString: name)
        return Loader.allCases.first { text == $0.rawValue + "Source" }
    }
}
