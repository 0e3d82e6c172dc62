import AssetCore
import CVips
import NIOCore

/// A file that is opened as often as needed: for its header, and then at the size that comes closest to what is wanted.
@safe struct RenderSource {
    /// Must outlive whatever is opened.
    private let bytes: UnsafeRawBufferPointer
    let kind: Kind

    enum Kind: Equatable {
        case library(VipsLibrary.Loader)
        /// A format that the library leaves to ImageMagick, which is locked.
        case bitmap
    }

    /// What a PDF page is measured in: its nominal size in pixels.
    static let pageDensity = 300.0
    /// What an SVG is drawn at, in the library's sense of it: 72 makes its pixels pixels.
    private let drawingDensity: Double

    /// - Parameter type: what the first bytes show, for what the library does not recognise by itself.
    /// - Throws: `RenderFailure` when nothing decodes it that is allowed.
    init(_ bytes: UnsafeRawBufferPointer, type: String?) throws(RenderFailure) {
        if let loader = unsafe VipsLibrary.loader(of: bytes) ?? VipsLibrary.Loader(type: type) {
            kind = .library(loader)
            unsafe self.bytes = unsafe loader == .pdf ? Self.page(bytes) : bytes
            drawingDensity = unsafe loader == .svg ? Self.drawingDensity(bytes) : 72
        } else if unsafe bytes.starts(with: "BM".utf8) {
            kind = .bitmap
            unsafe self.bytes = unsafe bytes
            drawingDensity = 72
        } else if let type, Self.recognised.contains(type) {
            throw .broken(VipsError(description: "begins like a \(type), and is none"))
        } else {
            throw .unsupported
        }
    }

    /// For millimetres and inches the library has 72 pixels in an inch, where CSS has 96 (Values 4, 6.2).
    private static func drawingDensity(_ bytes: UnsafeRawBufferPointer) -> Double {
        let head = unsafe ByteBuffer(bytes: bytes.prefix(HeaderInspector().headLength))
        guard let width = SVGHeader.read(HeadBytes(head, fileSize: Int64(bytes.count)))?.width,
            let drawn = try? unsafe VipsImage(bytes, .svg, options: "", isSequential: true).width
        else { return 72 }
        return abs(Double(width) / Double(drawn) - 96 / 72) < 0.02 ? 96 : 72
    }

    /// Types whose first bytes the library knows as well as `HeaderInspector`.
    private static let recognised: Set = ["gif", "jpeg", "jpg", "png", "tif", "tiff", "webp"]

    /// Without what some writers put before the signature.
    private static func page(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let signature = Array("%PDF-".utf8)
        let last = min(1024, bytes.count - signature.count)
        let start = (0...max(last, 0)).first { unsafe bytes.dropFirst($0).starts(with: signature) }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[(start ?? 0)...])
    }

    var isVector: Bool { if case .library(let loader) = kind { loader.isVector } else { false } }

    /// Whether it can hold frames that are played one after the other.
    var canMove: Bool { kind == .library(.gif) || kind == .library(.webp) }

    /// Whether the number of pages shows in its header. Of PNG, the library does not know the animated kind.
    var countsPages: Bool { canMove || kind == .library(.pdf) || kind == .library(.tiff) }

    /// Its first page or frame, at its nominal size; no pixels are decoded yet.
    func header() throws -> VipsImage {
        switch kind {
        case .bitmap:
            let decoder = try unsafe BMPDecoder(RawSpan(_unsafeBytes: bytes))
            return try VipsImage(width: decoder.width, height: decoder.height)
        case .library(.pdf): return try open("[dpi=\(Self.pageDensity)]")
        case .library(.svg): return try open("[dpi=\(drawingDensity)]")
        case .library: return try open("")
        }
    }

    /// All its frames, one below the other.
    func frames() throws -> VipsImage { try open("[n=-1]") }

    /// Its first page or frame, decoded at a smaller size where its format can do so for less work.
    /// - Parameters:
    ///   - scale: how much smaller the output will be, 0 to 1. Pixels are left over for the last step, which does it well.
    ///   - isCropped: whether only a part of it will be wanted.
    func open(
        scale: Double, header: borrowing VipsImage, isCropped: Bool = false, _ limits: RenderLimits
    ) throws -> VipsImage {
        // Turning needs all lines at once.
        let isSequential = header.orientation <= 1
        switch kind {
        case .library(.jpeg): return try jpeg(scale, header, isCropped, isSequential)
        case .library(.webp):
            return try open(scale < 0.5 ? "[scale=\(scale * 2)]" : "", isSequential)
        case .library(.svg):
            return try drawn("[dpi=\(drawingDensity),scale=\(max(scale, 0.001))]", isSequential, limits)
        case .library(.pdf): return try drawn("[dpi=\(max(Self.pageDensity * scale, 0.1))]", isSequential, limits)
        case .library: return try open("", isSequential)
        case .bitmap: return try bitmap(limits)
        }
    }

    private func jpeg(
        _ scale: Double, _ header: borrowing VipsImage, _ isCropped: Bool, _ isSequential: Bool
    ) throws -> VipsImage {
        let sufficient = JPEGReduction(width: header.width, height: header.height, scale: scale)
        // A part of it could begin within a pixel.
        let exact =
            isCropped ? nil : JPEGReduction.exact(width: header.width, height: header.height, scale: scale)
        if let image = try reduced(exact ?? sufficient, header) { return image }
        return try open("[shrink=\(sufficient.shrink)]", isSequential)
    }

    /// - Returns: nil when it must be left to libvips, which then tells what is wrong with it, if anything is.
    private func reduced(_ reduction: JPEGReduction, _ header: borrowing VipsImage) throws -> VipsImage? {
        // At half the size libvips is as fast.
        guard reduction.shrink >= 4, let jpeg = unsafe ReducedJPEG(RawSpan(_unsafeBytes: bytes)),
            jpeg.width == header.width, jpeg.height == header.height, jpeg.bands == header.bands,
            let pixels = unsafe jpeg.pixels(RawSpan(_unsafeBytes: bytes), shrink: reduction.shrink)
        else { return nil }
        let image = try VipsImage(
            pixels: pixels, width: (jpeg.width + reduction.shrink - 1) / reduction.shrink,
            height: (jpeg.height + reduction.shrink - 1) / reduction.shrink, bands: jpeg.bands, header: header)
        // Without the last ones, when the source fills them in part.
        return try image.area(left: 0, top: 0, width: reduction.width, height: reduction.height)
    }

    /// How large it will be drawn shows when it has been opened; nothing is drawn before its lines are asked for.
    private func drawn(_ options: String, _ isSequential: Bool, _ limits: RenderLimits) throws -> VipsImage {
        let image = try open(options, isSequential)
        try limits.check(image.width, image.height)
        return image
    }

    private func open(_ options: String, _ isSequential: Bool = true) throws -> VipsImage {
        guard case .library(let loader) = kind else { throw RenderFailure.unsupported }
        do {
            return try unsafe VipsImage(bytes, loader, options: options, isSequential: isSequential)
        } catch {
            throw RenderFailure.broken(error)
        }
    }

    private func bitmap(_ limits: RenderLimits) throws -> VipsImage {
        let decoder = try unsafe BMPDecoder(RawSpan(_unsafeBytes: bytes))
        try limits.check(decoder.width, decoder.height)
        return try unsafe decoder.image(RawSpan(_unsafeBytes: bytes))
    }
}
