import AssetCore
import NIOCore
import Testing

/// A header made by hand, and what must be read from it.
struct HeaderSample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let name: String
    let bytes: [UInt8]
    let type: String?
    let facts: Facts

    struct Facts: Sendable {
        var pages: Int?
        var width: Int?
        var height: Int?
        var resolution: [Int]?
        var transparent: Bool?
        var animated: Bool?
        var colors: String?
        var colorspace: String?
    }

    init(_ description: String, _ name: String, _ bytes: [UInt8], _ type: String?, _ facts: Facts = Facts()) {
        testDescription = description
        self.name = name
        self.bytes = bytes
        self.type = type
        self.facts = facts
    }

    func expectedInfo(filesize: Int) -> JSON {
        let named = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        let mismatch: JSON =
            type == nil || named == type || !name.contains(".")
            ? .emptyObject : ["file:mismatch": .string("\(type ?? "") named .\(named)")]
        return [
            "format": JSON(type), "filesize": JSON(filesize), "pages": facts.pages.map { JSON($0) } ?? nil,
            "width": facts.width.map { JSON($0) } ?? nil, "height": facts.height.map { JSON($0) } ?? nil,
            "resolution": facts.resolution.map { JSON.array($0.map { JSON($0) }) } ?? nil,
            "transparent": facts.transparent.map(JSON.bool) ?? nil, "animated": facts.animated.map(JSON.bool) ?? nil,
            "colors": JSON(facts.colors), "colorspace": JSON(facts.colorspace), "metadata": mismatch,
        ]
    }
}

// MARK: - Writing headers

func big16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
func big32(_ value: Int) -> [UInt8] { big16(value >> 16) + big16(value) }
func little16(_ value: Int) -> [UInt8] { big16(value).reversed() }
func little32(_ value: Int) -> [UInt8] { big32(value).reversed() }
func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }
func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

func jpegSegment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xff, marker] + big16(content.count + 2) + content
}
func jpegFrame(_ marker: UInt8, _ width: Int, _ height: Int, components: UInt8) -> [UInt8] {
    jpegSegment(marker, [8] + big16(height) + big16(width) + [components] + zeros(3 * Int(components)))
}
func jfif(units: UInt8, _ x: Int, _ y: Int) -> [UInt8] {
    jpegSegment(0xe0, ascii("JFIF\0") + [1, 2, units] + big16(x) + big16(y) + [0, 0])
}
func jpeg(_ segments: [UInt8]...) -> [UInt8] { [0xff, 0xd8] + segments.flatMap { $0 } + [0xff, 0xda, 0, 8, 1, 2, 3] }

func pngChunk(_ type: String, _ content: [UInt8]) -> [UInt8] { big32(content.count) + ascii(type) + content + zeros(4) }
func png(_ width: Int, _ height: Int, colorType: UInt8, _ chunks: [UInt8]...) -> [UInt8] {
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        + pngChunk("IHDR", big32(width) + big32(height) + [8, colorType, 0, 0, 0]) + chunks.flatMap { $0 }
}
let pngData = pngChunk("IDAT", [1, 2, 3]) + pngChunk("IEND", [])

func gif(_ blocks: [UInt8]...) -> [UInt8] {
    ascii("GIF89a") + little16(20) + little16(10) + [0x80, 0, 0] + zeros(6) + blocks.flatMap { $0 }
}
func gifControl(transparent: Bool) -> [UInt8] { [0x21, 0xf9, 4, transparent ? 1 : 0, 0, 0, 0, 0] }
let gifImage: [UInt8] = [0x2c] + zeros(8) + [0x81] + zeros(12) + [2, 2, 9, 9, 1, 9, 0]
let gifLoop: [UInt8] = [0x21, 0xff, 11] + ascii("NETSCAPE2.0") + [3, 1, 0, 0, 0]

func riff(_ kind: String, _ chunks: [UInt8]...) -> [UInt8] {
    let content = chunks.flatMap { $0 }
    return ascii("RIFF") + little32(content.count + 4) + ascii(kind) + content
}
func riffChunk(_ code: String, _ content: [UInt8]) -> [UInt8] {
    ascii(code) + little32(content.count) + content + zeros(content.count % 2)
}

func tiffEntry(_ tag: Int, type: Int = 3, _ value: Int) -> [UInt8] {
    little16(tag) + little16(type) + little32(1) + (type == 3 ? little16(value) + [0, 0] : little32(value))
}
/// Directories one behind the other, from offset 8 on.
func tiff(_ directories: [[UInt8]]..., tail: [UInt8] = []) -> [UInt8] {
    var bytes = ascii("II*\0") + little32(8)
    for (index, entries) in directories.enumerated() {
        bytes += little16(entries.count) + entries.flatMap { $0 }
        bytes += little32(index == directories.count - 1 ? 0 : bytes.count + 4)
    }
    return bytes + tail
}

func box(_ type: String, _ content: [UInt8]...) -> [UInt8] {
    let content = content.flatMap { $0 }
    return big32(content.count + 8) + ascii(type) + content
}
func fileType(_ major: String, _ compatible: String...) -> [UInt8] {
    box("ftyp", ascii(major) + big32(0) + compatible.flatMap(ascii))
}
func heifMeta(_ properties: [UInt8]...) -> [UInt8] {
    box("meta", zeros(4) + box("hdlr", zeros(24)) + box("iprp", box("ipco", properties.flatMap { $0 })))
}
func extent(_ width: Int, _ height: Int) -> [UInt8] { box("ispe", zeros(4) + big32(width) + big32(height)) }
func track(_ width: Int, _ height: Int, version: UInt8 = 0) -> [UInt8] {
    box("trak", box("tkhd", [version] + zeros(version == 1 ? 87 : 75) + big32(width << 16) + big32(height << 16)))
}

func bmp(_ width: Int, _ height: Int, depth: Int, perMetre: Int = 0, headerLength: Int = 40, alphaMask: Int = 0)
    -> [UInt8]
{
    ascii("BM") + zeros(12) + little32(headerLength) + little32(width) + little32(height) + little16(1)
        + little16(depth)
        + zeros(8) + little32(perMetre) + little32(perMetre) + zeros(8) + zeros(12) + little32(alphaMask) + zeros(80)
}
