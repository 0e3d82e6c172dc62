import AssetCore

/// Windows bitmaps without compression: 1, 4, 8, 16, 24 and 32 bits a pixel (BITMAPINFOHEADER and its successors).
///
/// libvips leaves this format to ImageMagick, whose decoders stay locked. Every read is checked by `RawSpan`.
struct BMPDecoder {
    let width: Int
    let height: Int
    private let isTopDown: Bool
    private let bits: Int
    private let dataStart: Int
    private let paletteStart: Int
    private let paletteCount: Int
    /// Of a pixel of 16 or 32 bits: red, green, blue, alpha.
    private let masks: [UInt32]

    private static let broken = RenderFailure(message: "The bitmap is broken", isBroken: true)
    private static let unsupported = RenderFailure(message: "Bitmaps of this kind cannot be rendered")
    private static let maximumLength: Int32 = 1 << 24

    init(_ bytes: RawSpan) throws(RenderFailure) {
        guard bytes.byteCount >= 54 else { throw Self.broken }
        func number(_ offset: Int) -> UInt32 {
            UInt32(bytes.byte(offset)) | UInt32(bytes.byte(offset + 1)) << 8 | UInt32(bytes.byte(offset + 2)) << 16
                | UInt32(bytes.byte(offset + 3)) << 24
        }
        let headerSize = Int(number(14))
        let rows = Int32(bitPattern: number(22))
        let columns = Int32(bitPattern: number(18))
        let compression = number(30)
        bits = Int(bytes.byte(28))
        guard (12...124).contains(headerSize) else { throw Self.broken }
        guard headerSize >= 40, bytes.byteCount >= 14 + headerSize,
            [1, 4, 8, 16, 24, 32].contains(bits), compression == 0 || (compression == 3 && bits >= 16 && bits != 24)
        else { throw Self.unsupported }
        // With these bounds no product below overflows.
        guard columns > 0, columns <= Self.maximumLength, rows != 0, abs(Int64(rows)) <= Self.maximumLength else {
            throw Self.broken
        }
        width = Int(columns)
        height = Int(abs(rows))
        isTopDown = rows < 0
        dataStart = Int(number(10))
        paletteStart = 14 + headerSize
        paletteCount = bits <= 8 ? (number(46) == 0 ? 1 << bits : min(Int(number(46)), 1 << bits)) : 0
        if compression == 3 {
            guard bytes.byteCount >= 70 else { throw Self.broken }
            masks = [number(54), number(58), number(62), headerSize >= 56 ? number(66) : 0]
        } else {
            masks = bits == 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0]
        }
        let end = paletteStart + paletteCount * 4
        guard bits > 8 || end <= bytes.byteCount, dataStart >= 0,
            bytes.byteCount - dataStart >= height * ((width * bits + 31) / 32 * 4)
        else { throw Self.broken }
    }

    /// Its size must have been found acceptable: this takes four bytes for each pixel.
    func image(_ bytes: RawSpan) throws(VipsError) -> VipsImage {
        let hasAlpha = masks[3] != 0
        let bands = hasAlpha ? 4 : 3
        let stride = (width * bits + 31) / 32 * 4
        var pixels = [UInt8](repeating: 0, count: width * height * bands)
        for y in 0..<height {
            let line = dataStart + (isTopDown ? y : height - 1 - y) * stride
            var out = y * width * bands
            for x in 0..<width {
                switch bits {
                case 24:
                    for band in 0..<3 { pixels[out + band] = bytes.byte(line + x * 3 + 2 - band) }
                case 16, 32:
                    var value: UInt32 = 0
                    let size = bits / 8
                    for index in 0..<size {
                        value |= UInt32(bytes.byte(line + x * size + index)) << (8 * UInt32(index))
                    }
                    for band in 0..<bands { pixels[out + band] = Self.channel(value, masks[band]) }
                default:
                    let perByte = 8 / bits
                    let byte = Int(bytes.byte(line + x / perByte))
                    let index = byte >> ((perByte - 1 - x % perByte) * bits) & ((1 << bits) - 1)
                    let entry = paletteStart + min(index, paletteCount - 1) * 4
                    for band in 0..<3 { pixels[out + band] = bytes.byte(entry + 2 - band) }
                }
                out += bands
            }
        }
        return try VipsImage(pixels: pixels, width: width, height: height, bands: bands)
    }

    private static func channel(_ value: UInt32, _ mask: UInt32) -> UInt8 {
        guard mask != 0 else { return 0 }
        let shifted = (value & mask) >> UInt32(mask.trailingZeroBitCount)
        let largest = mask >> UInt32(mask.trailingZeroBitCount)
        return UInt8(UInt64(shifted) * 255 / UInt64(largest))
    }
}

extension RawSpan {
    /// Checked: outside of it the process ends.
    func byte(_ offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: checked(offset), as: UInt8.self) }

    private func checked(_ offset: Int) -> Int {
        precondition(offset >= 0 && offset < byteCount)
        return offset
    }
}
