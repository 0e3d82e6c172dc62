import CJPEG
import CVips

/// A failure of libvips; its text is for the log.
struct VipsError: Error, CustomStringConvertible {
    let description: String

    /// What the library says of the last failure of this thread's calls.
    static func last() -> VipsError {
        guard let text = unsafe vips_error_buffer_copy() else { return VipsError(description: "unknown") }
        defer { unsafe g_free(text) }
        return VipsError(description: unsafe String(cString: text).split(separator: "\n").joined(separator: "; "))
    }
}

/// An image of libvips with one owner: a recipe for pixels that are computed when somebody wants them.
///
/// This file and `VipsLibrary` are the only ones that touch the library.
@safe struct VipsImage: ~Copyable {
    private let pointer: UnsafeMutablePointer<CVips.VipsImage>

    private static let profileField = "icc-profile-data"

    private init(_ pointer: UnsafeMutablePointer<CVips.VipsImage>?) throws(VipsError) {
        guard let pointer = unsafe pointer else { throw VipsError.last() }
        unsafe self.pointer = pointer
    }

    deinit { unsafe g_object_unref(pointer) }

    // MARK: Sources

    /// - Parameters:
    ///   - bytes: must outlive the image and all that is made of it.
    ///   - options: those of the loader, such as `[shrink=4]`.
    ///   - isSequential: whether its lines are wanted from top to bottom, and once: then little is held in memory.
    init(
        _ bytes: UnsafeRawBufferPointer, _ loader: VipsLibrary.Loader, options: String, isSequential: Bool
    ) throws(VipsError) {
        try unsafe self.init(
            shim_open(loader.operation, bytes.baseAddress, bytes.count, options, isSequential ? 1 : 0))
    }

    /// Black, without pixels of its own.
    init(width: Int, height: Int) throws(VipsError) { try unsafe self.init(shim_black(CInt(width), CInt(height))) }

    /// From pixels of 8 bits for each band, which are copied.
    init(pixels: [UInt8], width: Int, height: Int, bands: Int) throws(VipsError) {
        precondition(pixels.count == width * height * bands)
        let image = unsafe pixels.withUnsafeBytes { bytes in
            unsafe vips_image_new_from_memory_copy(
                bytes.baseAddress, bytes.count, CInt(width), CInt(height), CInt(bands), VIPS_FORMAT_UCHAR)
        }
        try unsafe self.init(image)
        unsafe pointer.pointee.Type = bands < 3 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB
    }

    /// From pixels of a file whose header the library has read, with what that says of how they are meant.
    init(
        pixels: [UInt8], width: Int, height: Int, bands: Int, header: borrowing VipsImage
    ) throws(VipsError) {
        try self.init(pixels: pixels, width: width, height: height, bands: bands)
        unsafe pointer.pointee.Xres = header.resolution.x
        unsafe pointer.pointee.Yres = header.resolution.y
        unsafe vips_image_set_int(pointer, "orientation", CInt(header.orientation))
        if let profile = header.bytes(Self.profileField) {
            unsafe vips_image_set_blob_copy(pointer, Self.profileField, profile, profile.count)
        }
    }

    // MARK: What it is

    var width: Int { unsafe Int(vips_image_get_width(pointer)) }
    var height: Int { unsafe Int(vips_image_get_height(pointer)) }
    var bands: Int { unsafe Int(vips_image_get_bands(pointer)) }
    var hasAlpha: Bool { unsafe vips_image_hasalpha(pointer) != 0 }
    var isBytes: Bool { unsafe vips_image_get_format(pointer) == VIPS_FORMAT_UCHAR }
    var isSRGB: Bool { unsafe vips_image_get_interpretation(pointer) == VIPS_INTERPRETATION_sRGB }
    var isCMYK: Bool { unsafe vips_image_get_interpretation(pointer) == VIPS_INTERPRETATION_CMYK }
    var isGrey: Bool {
        let kind = unsafe vips_image_get_interpretation(pointer)
        return kind == VIPS_INTERPRETATION_B_W || kind == VIPS_INTERPRETATION_GREY16
    }
    var hasProfile: Bool { has(Self.profileField) }
    /// EXIF orientation: 1 is upright, 5 to 8 lie on their side.
    var orientation: Int { unsafe Int(vips_image_get_orientation(pointer)) }
    var pages: Int { unsafe Int(vips_image_get_n_pages(pointer)) }
    /// The height of one frame of an animation, whose frames lie one below the other.
    var pageHeight: Int { unsafe Int(vips_image_get_page_height(pointer)) }
    /// In pixels for each millimetre; 1 when it is not known.
    var resolution: (x: Double, y: Double) { unsafe (vips_image_get_xres(pointer), vips_image_get_yres(pointer)) }

    func has(_ field: String) -> Bool { unsafe vips_image_get_typeof(pointer, field) != 0 }

    /// The names of what came with the pixels.
    var fields: [String] {
        guard let names = unsafe vips_image_get_fields(pointer) else { return [] }
        defer { unsafe g_strfreev(names) }
        var result: [String] = []
        var index = 0
        while let name = unsafe names[index] {
            result.append(unsafe String(cString: name))
            index += 1
        }
        return result
    }

    func text(_ field: String) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe vips_image_get_as_string(pointer, field, &text) == 0, let text = unsafe text else { return nil }
        defer { unsafe g_free(text) }
        return unsafe String(cString: text)
    }

    func bytes(_ field: String) -> [UInt8]? {
        var start: UnsafeRawPointer?
        var size = 0
        guard has(field), unsafe vips_image_get_blob(pointer, field, &start, &size) == 0, let start = unsafe start
        else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: size))
    }

    func integers(_ field: String) -> [CInt]? {
        var start: UnsafeMutablePointer<CInt>?
        var count: CInt = 0
        guard has(field), unsafe vips_image_get_array_int(pointer, field, &start, &count) == 0,
            let start = unsafe start
        else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    func integer(_ field: String) -> Int? {
        var value: CInt = 0
        guard has(field), unsafe vips_image_get_int(pointer, field, &value) == 0 else { return nil }
        return Int(value)
    }

    // MARK: Steps

    consuming func upright() throws(VipsError) -> VipsImage { try unsafe VipsImage(shim_autorotate(pointer)) }

    func area(left: Int, top: Int, width: Int, height: Int) throws(VipsError) -> VipsImage {
        try unsafe VipsImage(shim_crop(pointer, CInt(left), CInt(top), CInt(width), CInt(height)))
    }

    /// To exactly this size.
    func resized(width: Int, height: Int) throws(VipsError) -> VipsImage {
        let horizontal = Double(width) / Double(self.width)
        let vertical = Double(height) / Double(self.height)
        let resized = try unsafe VipsImage(shim_resize(pointer, horizontal, vertical))
        // The product of the factors may be rounded to the next pixel.
        guard resized.width != width || resized.height != height else { return resized }
        guard resized.width >= width, resized.height >= height else {
            return try resized.placed(x: 0, y: 0, width: width, height: height, on: [])
        }
        return try resized.area(left: 0, top: 0, width: width, height: height)
    }

    func premultiplied() throws(VipsError) -> VipsImage { try unsafe VipsImage(shim_premultiply(pointer)) }

    func unpremultiplied() throws(VipsError) -> VipsImage {
        let image = try unsafe VipsImage(shim_unpremultiply(pointer))
        // The cast alone would cut off what is behind the point.
        let rounded = try unsafe VipsImage(shim_rounded(image.pointer))
        return try unsafe VipsImage(shim_cast_to_bytes(rounded.pointer))
    }

    /// 8 bits a band, three bands and perhaps alpha; without a profile.
    func inSRGB() throws(VipsError) -> VipsImage {
        var image: VipsImage
        do {
            // Ink without a profile is taken for that of a usual press.
            let usesProfile = hasFittingProfile || isCMYK
            image = try unsafe VipsImage(
                usesProfile ? shim_to_srgb_by_profile(pointer, isCMYK ? "cmyk" : "srgb") : shim_to_srgb(pointer))
        } catch {
            // A profile that cannot be used is no reason to refuse the picture.
            image = try unsafe VipsImage(shim_to_srgb(pointer))
        }
        if !image.isBytes { image = try unsafe VipsImage(shim_cast_to_bytes(image.pointer)) }
        let wanted = image.hasAlpha ? 4 : 3
        if image.bands > wanted { image = try unsafe VipsImage(shim_extract_bands(image.pointer, 0, CInt(wanted))) }
        return try unsafe VipsImage(shim_without_profile(image.pointer))
    }

    /// Whether the embedded profile is one for as many colours as there are bands (ICC.1, 7.2.6). One for others would take colours
    /// for transparency.
    private var hasFittingProfile: Bool {
        guard let profile = bytes(Self.profileField), profile.count > 20 else { return false }
        let colors: Int? =
            switch String(decoding: profile[16..<20], as: UTF8.self) {
            case "GRAY": 1
            case "RGB ", "Lab ": 3
            case "CMYK": 4
            default: nil
            }
        return colors == bands || colors == bands - (hasAlpha ? 1 : 0)
    }

    /// Of a picture that is grey already, as one band and perhaps alpha.
    func asGrey() throws(VipsError) -> VipsImage { try unsafe VipsImage(shim_as_grey(pointer)) }

    func withAlpha() throws(VipsError) -> VipsImage {
        if hasAlpha { return try unsafe VipsImage(unsafe retained()) }
        return try unsafe VipsImage(shim_add_alpha(pointer))
    }

    /// Without transparency.
    func flattened(on color: [Double]) throws(VipsError) -> VipsImage {
        if !hasAlpha { return try unsafe VipsImage(unsafe retained()) }
        return try unsafe VipsImage(shim_flatten(pointer, color, CInt(color.count)))
    }

    /// On a canvas.
    /// - Parameter color: a value for each band; none is black.
    func placed(x: Int, y: Int, width: Int, height: Int, on color: [Double]) throws(VipsError) -> VipsImage {
        let color = color.isEmpty ? [0] : color
        return try unsafe VipsImage(
            shim_embed(pointer, CInt(x), CInt(y), CInt(width), CInt(height), color, CInt(color.count)))
    }

    /// With its pixels computed, so that they can be read in any order.
    func inMemory() throws(VipsError) -> VipsImage { try unsafe VipsImage(vips_image_copy_memory(pointer)) }

    private func retained() -> UnsafeMutablePointer<CVips.VipsImage>? {
        unsafe g_object_ref(pointer)
        return unsafe pointer
    }

    // MARK: Animations

    /// Builds an animation frame by frame.
    @safe struct Frames: ~Copyable {
        private var pointers: [UnsafeMutablePointer<CVips.VipsImage>?] = unsafe []

        mutating func append(_ frame: consuming VipsImage) { unsafe pointers.append(frame.retained()) }

        deinit { for index in unsafe pointers.indices { unsafe g_object_unref(pointers[index]) } }

        /// - Parameters:
        ///   - delays: milliseconds for each frame.
        ///   - loops: how often it is played; 0 is for ever.
        mutating func joined(frameHeight: Int, delays: [CInt]?, loops: Int?) throws(VipsError) -> VipsImage {
            let count = unsafe CInt(pointers.count)
            let image = try unsafe VipsImage(shim_array_join(&pointers, count))
            // Fields are set on a copy of its own: an image that others share must not change.
            let result = try image.inMemory()
            unsafe vips_image_set_int(result.pointer, "page-height", CInt(frameHeight))
            if let loops { unsafe vips_image_set_int(result.pointer, "loop", CInt(loops)) }
            if let delays {
                unsafe vips_image_set_array_int(result.pointer, "delay", delays, CInt(delays.count))
            }
            return result
        }
    }

    // MARK: Results

    /// Computes all pixels, and throws away what comes.
    func decode() throws(VipsError) {
        var mean = 0.0
        guard unsafe shim_average(pointer, &mean) == 0 else { throw VipsError.last() }
    }

    /// Writes a file.
    /// - Parameter suffix: the format with its options, such as `.jpg[Q=80]`.
    func write(_ suffix: String, to descriptor: CInt) throws(VipsError) {
        guard unsafe shim_save(pointer, suffix, descriptor) == 0 else { throw VipsError.last() }
    }

    /// Writes a baseline JPEG: the bytes that `write` writes, but computed and compressed by this thread alone. The library hands
    /// the lines from thread to thread, which costs more than all else for a small picture.
    ///
    /// The image must have three bands of 8 bits.
    func writeJPEG(quality: Int, to descriptor: CInt) throws(VipsError) {
        precondition(isBytes && bands == 3)
        guard let region = unsafe shim_region(pointer) else { throw VipsError.last() }
        defer { unsafe g_object_unref(region) }
        guard let writer = unsafe jpeg_writer_begin(descriptor, CInt(width), CInt(height), CInt(quality)) else {
            throw VipsError(description: "no memory to compress with")
        }
        defer { unsafe jpeg_writer_free(writer) }
        let height = height
        for top in stride(from: 0, to: height, by: Self.linesAtOnce) {
            let count = CInt(min(Self.linesAtOnce, height - top))
            var distance = 0
            guard let lines = unsafe shim_lines(region, CInt(top), count, &distance) else { throw VipsError.last() }
            guard unsafe jpeg_writer_add(writer, lines, distance, count) == 0 else { break }
        }
        guard unsafe jpeg_writer_end(writer) == 0 else {
            throw VipsError(description: unsafe String(cString: jpeg_writer_error(writer)))
        }
    }

    /// Enough that the way through the steps counts for little, and few enough that they stay in the cache.
    private static let linesAtOnce = 32

    /// A file in memory.
    func encoded(_ suffix: String) throws(VipsError) -> [UInt8] {
        var memory: UnsafeMutableRawPointer?
        var size = 0
        guard unsafe shim_encode(pointer, suffix, &memory, &size) == 0, let memory = unsafe memory else {
            throw VipsError.last()
        }
        defer { unsafe g_free(memory) }
        return unsafe Array(UnsafeRawBufferPointer(start: memory, count: size))
    }

    /// Its pixels, band by band and line by line.
    func pixels() throws(VipsError) -> [UInt8] {
        var size = 0
        guard let memory = unsafe vips_image_write_to_memory(pointer, &size) else { throw VipsError.last() }
        defer { unsafe g_free(memory) }
        return unsafe Array(UnsafeRawBufferPointer(start: memory, count: size))
    }
}
