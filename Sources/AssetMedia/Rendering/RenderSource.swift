import AssetCore
import CVips

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

    /// - Throws: `RenderFailure` when nothing decodes it that is allowed.
    init(_ bytes: UnsafeRawBufferPointer) throws(RenderFailure) {
        unsafe self.bytes = unsafe bytes
        if let loader = unsafe VipsLibrary.loader(of: bytes) {
            kind = .library(loader)
        } else if unsafe bytes.starts(with: "BM".utf8) {
            kind = .bitmap
        } else {
            throw .unsupported
        }
    }

    var isVector: Bool { if case .library(let loader) = kind { loader.isVector } else { false } }

    /// Whether it can hold frames that are played one after the other.
    var canMove: Bool { kind == .library(.gif) || kind == .library(.webp) }

    /// Its first page or frame, at its nominal size; no pixels are decoded yet.
    func header(_ limits: RenderLimits) throws -> VipsImage {
        switch kind {
        case .bitmap: try bitmap(limits)
        case .library(.pdf): try open("[dpi=\(Self.pageDensity)]")
        case .library: try open("")
        }
    }

    /// All its frames, one below the other.
    func frames() throws -> VipsImage { try open("[n=-1]") }

    /// Its first page or frame, decoded at a smaller size where its format can do so for less work.
    /// - Parameter scale: how much smaller the output will be, 0 to 1. Pixels are left over for the last step, which does it well.
    func open(scale: Double, header: borrowing VipsImage, _ limits: RenderLimits) throws -> VipsImage {
        // Turning needs all lines at once.
        let isSequential = header.orientation <= 1
        switch kind {
        case .library(.jpeg):
            // The decoder's own scaling is a simple mean: a factor of 1.5 is left for the last step. Of a photograph of 36
            // megapixels at 500, that comes nearer to a full decoding than the factor of two of `vips_thumbnail` (51 dB against
            // 47; nothing left at all is 32), in three quarters of the time (2026-11).
            let shrink = [8, 4, 2].first { scale * 1.5 * Double($0) <= 1 } ?? 1
            return try open("[shrink=\(shrink)]", isSequential)
        case .library(.webp):
            return try open(scale < 0.5 ? "[scale=\(scale * 2)]" : "", isSequential)
        case .library(.svg): return try drawn("[scale=\(max(scale, 0.001))]", isSequential, limits)
        case .library(.pdf): return try drawn("[dpi=\(max(Self.pageDensity * scale, 0.1))]", isSequential, limits)
        case .library: return try open("", isSequential)
        case .bitmap: return try bitmap(limits)
        }
    }

    /// How large it will be drawn shows when it has been opened; nothing is drawn before its lines are asked for.
    private func drawn(_ options: String, _ isSequential: Bool, _ limits: RenderLimits) throws -> VipsImage {
        let image = try open(options, isSequential)
        try limits.check(image.width, image.height)
        return image
    }

    private func open(_ options: String, _ isSequential: Bool = true) throws -> VipsImage {
        do {
            return try unsafe VipsImage(bytes, options: options, isSequential: isSequential)
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
