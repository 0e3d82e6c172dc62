/// At least one for each way in which a header can be read. A description with "behind the head" is for the beginning of a longer
/// file.
extension HeaderSample {
    private static func still(
        _ width: Int?, _ height: Int?, dpi: [Int]? = nil, transparent: Bool? = false, _ colors: String?,
        _ colorspace: String?
    ) -> Facts {
        Facts(
            pages: 1, width: width, height: height, resolution: dpi, transparent: transparent, animated: false,
            colors: colors,
            colorspace: colorspace)
    }

    static let jpegs = [
        HeaderSample(
            "JFIF in dpi", "a.jpg", jpeg(jfif(units: 1, 300, 150), jpegFrame(0xc0, 640, 480, components: 3)), "jpg",
            still(640, 480, dpi: [300, 150], "truecolor", "srgb")),
        HeaderSample(
            "JFIF in dots per cm", "A.JPG", jpeg(jfif(units: 2, 118, 28), jpegFrame(0xc2, 1, 2, components: 1)), "jpg",
            still(1, 2, dpi: [300, 71], "greyscale", "gray")),
        HeaderSample(
            "shape of a pixel only", "photo.jpeg",
            jpeg(jfif(units: 0, 1, 1), jpegFrame(0xc1, 65_535, 65_535, components: 4)),
            "jpeg", still(65_535, 65_535, "colorseparation", "cmyk")),
        HeaderSample(
            "tables, fill bytes and Exif before the frame", "a",
            jpeg(
                jpegSegment(0xe1, ascii("Exif\0\0") + zeros(2000)), jpegSegment(0xc4, zeros(20)), [0xff, 0xff, 0xff],
                jpegFrame(0xc0, 7, 8, components: 3)),
            "jpg", still(7, 8, "truecolor", "srgb")),
        HeaderSample(
            "frame behind the head", "a.png", [0xff, 0xd8] + jpegSegment(0xe1, zeros(60)).dropLast(), "jpg",
            still(nil, nil, nil, nil)),
        HeaderSample("no frame at all", "a.jpg", jpeg(), "jpg", still(nil, nil, nil, nil)),
        HeaderSample(
            "segment of length 0", "a.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0], "jpg", still(nil, nil, nil, nil)),
    ]

    static let pngs = [
        HeaderSample(
            "RGB", "a.png", png(800, 600, colorType: 2, pngChunk("pHYs", big32(11_811) + big32(5906) + [1]), pngData),
            "png",
            still(800, 600, dpi: [300, 150], "truecolor", "srgb")),
        HeaderSample(
            "RGBA", "a.png", png(1, 1, colorType: 6, pngData), "png",
            still(1, 1, transparent: true, "truecolormatte", "srgb")),
        HeaderSample("grey", "a.png", png(1, 1, colorType: 0, pngData), "png", still(1, 1, "greyscale", "gray")),
        HeaderSample(
            "grey and alpha", "a.png", png(1, 1, colorType: 4, pngData), "png",
            still(1, 1, transparent: true, "greyscalematte", "gray")),
        HeaderSample(
            "palette with a transparent entry", "a.png", png(9, 9, colorType: 3, pngChunk("tRNS", [0]), pngData), "png",
            still(9, 9, transparent: true, "palettematte", "srgb")),
        HeaderSample(
            "density without unit", "a.png",
            png(9, 9, colorType: 3, pngChunk("pHYs", big32(1) + big32(1) + [0]), pngData), "png",
            still(9, 9, "palette", "srgb")),
        HeaderSample(
            "animated", "a.png", png(9, 9, colorType: 2, pngChunk("acTL", big32(12) + big32(0)), pngData), "png",
            Facts(
                pages: 12, width: 9, height: 9, transparent: false, animated: true, colors: "truecolor",
                colorspace: "srgb")),
        HeaderSample(
            "pixels behind the head", "a.png", png(9, 9, colorType: 2, big32(90_000) + ascii("iCCP")), "png",
            Facts(width: 9, height: 9)),
        HeaderSample("signature only", "a.gif", Array(png(9, 9, colorType: 2).prefix(8)), "png"),
    ]

    static let gifs = [
        HeaderSample(
            "still", "a.gif", gif(gifControl(transparent: false), gifImage, [0x3b]), "gif",
            still(20, 10, "palette", "srgb")),
        HeaderSample(
            "transparent", "a.gif", gif(gifControl(transparent: true), gifImage, [0x3b]), "gif",
            still(20, 10, transparent: true, "palettematte", "srgb")),
        HeaderSample(
            "three frames, later ones transparent", "a.gif",
            gif(
                gifLoop, gifControl(transparent: false), gifImage, gifControl(transparent: true), gifImage, gifImage,
                [0x3b]), "gif",
            Facts(
                pages: 3, width: 20, height: 10, transparent: false, animated: true, colors: "palette",
                colorspace: "srgb")),
        HeaderSample(
            "two frames and more behind the head", "a.gif", gif(gifImage, gifImage.dropLast()), "gif",
            Facts(width: 20, height: 10, transparent: false, animated: true, colors: "palette", colorspace: "srgb")),
        HeaderSample(
            "repeats, the rest behind the head", "a.gif", gif(gifLoop, gifImage.dropLast()), "gif",
            Facts(width: 20, height: 10, transparent: false, animated: true, colors: "palette", colorspace: "srgb")),
        HeaderSample(
            "repeats its one frame", "a.gif", gif(gifLoop, gifImage, [0x3b]), "gif", still(20, 10, "palette", "srgb")),
        HeaderSample(
            "one frame, the rest behind the head", "a.gif", gif(gifImage.dropLast()), "gif",
            Facts(width: 20, height: 10, transparent: false, colors: "palette", colorspace: "srgb")),
        HeaderSample("signature only", "a.gif", ascii("GIF87a"), "gif"),
    ]

    static let otherImages = [
        HeaderSample(
            "lossy WebP", "a.webp",
            riff("WEBP", riffChunk("VP8 ", [0, 0, 0, 0x9d, 1, 0x2a] + little16(0x4000 | 550) + little16(368))), "webp",
            still(550, 368, "truecolor", "srgb")),
        HeaderSample(
            "lossless WebP", "a.webp", riff("WEBP", riffChunk("VP8L", [0x2f] + little32(399 | 300 << 14 | 1 << 28))),
            "webp",
            still(400, 301, transparent: true, "truecolormatte", "srgb")),
        HeaderSample(
            "extended WebP", "a.webp", riff("WEBP", riffChunk("VP8X", [0, 0, 0, 0] + [0xff, 0xff, 0] + [1, 0, 1])),
            "webp",
            still(65_536, 65_538, "truecolor", "srgb")),
        HeaderSample(
            "animated WebP", "a.webp",
            riff(
                "WEBP", riffChunk("VP8X", [0x12, 0, 0, 0] + [9, 0, 0] + [4, 0, 0]), riffChunk("ANIM", zeros(6)),
                riffChunk("ANMF", zeros(17)), riffChunk("ANMF", zeros(4))),
            "webp",
            Facts(
                pages: 2, width: 10, height: 5, transparent: true, animated: true, colors: "truecolormatte",
                colorspace: "srgb")),
        HeaderSample(
            "BMP", "a.bmp", bmp(32, -16, depth: 24, perMetre: 3780), "bmp",
            still(32, 16, dpi: [96, 96], "truecolor", "srgb")),
        HeaderSample("BMP with palette", "a.bmp", bmp(32, 16, depth: 8), "bmp", still(32, 16, "palette", "srgb")),
        HeaderSample(
            "BMP with alpha", "a.bmp", bmp(3, 1, depth: 32, headerLength: 124, alphaMask: 0xff00_0000), "bmp",
            still(3, 1, transparent: true, "truecolormatte", "srgb")),
        HeaderSample(
            "smallest height of a BMP", "a.bmp", bmp(1, -0x8000_0000, depth: 24), "bmp",
            still(1, 2_147_483_648, "truecolor", "srgb")),
        HeaderSample(
            "old BMP", "a.bmp",
            ascii("BM") + zeros(12) + little32(12) + little16(5) + little16(6) + little16(1) + little16(4), "bmp",
            still(5, 6, "palette", "srgb")),
        HeaderSample(
            "a text that begins with BM", "a.txt", ascii("BMW builds cars, and this is a text about them."), "txt"),
        HeaderSample(
            "TIFF", "a.tif",
            tiff(
                [
                    tiffEntry(256, type: 4, 100), tiffEntry(257, 50), tiffEntry(262, 2), tiffEntry(282, type: 5, 98),
                    tiffEntry(283, type: 5, 98), tiffEntry(296, 2), tiffEntry(338, 2),
                ],
                tail: little32(600) + little32(2)),
            "tif", still(100, 50, dpi: [300, 300], transparent: true, "truecolormatte", "srgb")),
        HeaderSample(
            "TIFF of two pages", "scan.tiff",
            tiff([tiffEntry(256, 10), tiffEntry(257, 20), tiffEntry(262, 1)], [tiffEntry(256, 1)]), "tiff",
            Facts(
                pages: 2, width: 10, height: 20, transparent: false, animated: false, colors: "greyscale",
                colorspace: "gray")),
        HeaderSample(
            "TIFF, most significant byte first", "a.tif",
            ascii("MM\0*") + big32(8) + big16(3) + big16(256) + big16(3) + big32(1) + big16(11) + [0, 0] + big16(257)
                + big16(4)
                + big32(1) + big32(12) + big16(262) + big16(3) + big32(1) + big16(5) + [0, 0] + big32(0),
            "tif", still(11, 12, "colorseparation", "cmyk")),
        HeaderSample(
            "TIFF with its directory at the end", "a.tif", ascii("II*\0") + little32(90_000) + zeros(90), "tif",
            Facts(animated: false)),
        HeaderSample(
            "TIFF that goes in a circle", "a.tif", ascii("II*\0") + little32(8) + little16(0) + little32(8), "tif",
            Facts(transparent: false, animated: false)),
        HeaderSample(
            "thumbnail of a camera", "a.nef",
            tiff([tiffEntry(254, type: 4, 1), tiffEntry(256, 160), tiffEntry(257, 120)]), "nef",
            Facts(pages: 1, transparent: false, animated: false)),
        HeaderSample(
            "AVIF", "a.avif", fileType("avif", "mif1", "miaf") + heifMeta(extent(64, 32)), "avif",
            still(64, 32, nil, nil)),
        HeaderSample(
            "HEIC of tiles, with alpha", "a.heic",
            fileType("mif1", "heic")
                + heifMeta(
                    extent(512, 512), extent(4032, 3024), extent(320, 240),
                    box("auxC", zeros(4) + ascii("urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"))),
            "heic", still(4032, 3024, transparent: true, nil, nil)),
        HeaderSample(
            "HEIC without sizes", "a.heif", fileType("heic", "mif1"), "heif",
            still(nil, nil, transparent: nil, nil, nil)),
        HeaderSample(
            "moving AVIF", "a.avif", fileType("avis", "avif") + heifMeta(extent(4, 3)), "avif",
            Facts(width: 4, height: 3, transparent: false, animated: true)),
    ]

    private static func svg(_ width: Int?, _ height: Int?) -> Facts {
        still(width, height, transparent: true, "truecolormatte", "srgb")
    }

    static let svgs = [
        HeaderSample(
            "plain", "image.svg", ascii("<svg xmlns='http://www.w3.org/2000/svg' width=\"333\" height='333'/>"), "svg",
            svg(333, 333)),
        HeaderSample(
            "prolog, comments, document type with entities", "a.svg",
            ascii(
                """
                \u{feff}<?xml version="1.0"?>
                <!-- <svg width="1" height="1"> -->
                <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x>y" [ <!ENTITY a "<svg>"> ]>
                <svg viewBox="0 0 9 9"
                  width = "10.4px" height="20.6">
                """), "svg", svg(10, 21)),
        HeaderSample("box only", "a.svg", ascii("<svg viewBox='0, 0, 24 ,12'>"), "svg", svg(24, 12)),
        HeaderSample(
            "box and one side", "a.svg", ascii("<svg viewBox='0 0 24 12' width='100' height='100%'>"), "svg",
            svg(100, 50)),
        HeaderSample("millimetres", "a.svg", ascii("<svg width='100mm' height='50mm'>"), "svg", svg(378, 189)),
        HeaderSample("points, inches", "a.svg", ascii("<svg width='72pt' height='0.5in'>"), "svg", svg(96, 48)),
        HeaderSample("other units", "a.svg", ascii("<svg width='10em' height='20ex'>"), "svg", svg(nil, nil)),
        HeaderSample(
            "numbers out of bounds", "a.svg", ascii("<svg width='1e400' height='-3' viewBox='0 0 1e308 1e-308'>"),
            "svg", svg(nil, nil)),
        HeaderSample("a text by its name", "a.txt", ascii("<svg>"), "svg", svg(nil, nil)),
        HeaderSample(
            "HTML with a picture in it", "a.html", ascii("<!DOCTYPE html><html><svg width='1' height='1'>"), "html"),
        HeaderSample("another element", "a.xml", ascii("<svgfoo width='1' height='1'>"), "xml"),
        HeaderSample("element behind the head", "a.svg", ascii("<!-- " + String(repeating: "x", count: 100)), "svg"),
    ]

    static let others = [
        HeaderSample("PDF", "a.pdf", ascii("%PDF-1.7\n%âãÏÓ\n1 0 obj << /Type /Catalog >>"), "pdf"),
        HeaderSample(
            "linearized PDF", "a.ai", ascii("\r\n%PDF-1.4\n1 0 obj\n<< /Linearized 1 /L 9000 /N 12 /T 8 >>"), "ai",
            Facts(pages: 12)),
        HeaderSample(
            "PDF with an absurd count", "a.pdf", ascii("%PDF-1.4 << /Linearized 1 /N 99999999999999999999999 >>"),
            "pdf", Facts(pages: 999_999_999)),
        HeaderSample(
            "MP4", "a.mp4",
            fileType("isom", "mp42") + box("moov", box("mvhd", zeros(100)), track(0, 0), track(1920, 1080)), "mp4",
            Facts(width: 1920, height: 1080)),
        HeaderSample(
            "MP4, long track header", "a.mp4",
            fileType("mp42") + box("free") + box("moov", track(640, 360, version: 1)), "mp4",
            Facts(width: 640, height: 360)),
        HeaderSample("MP4 named after its sound", "a.m4a", fileType("mp42"), "m4a"),
        HeaderSample("M4A", "a", fileType("M4A "), "m4a"),
        HeaderSample("QuickTime", "a.MOV", fileType("qt  "), "mov"),
        HeaderSample(
            "box of 64 bits", "a", big32(1) + ascii("ftyp") + big32(0) + big32(32) + ascii("mp42") + zeros(100), "mp4"),
        HeaderSample(
            "WebM", "a.mkv", [0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42, 0x86, 0x81, 1, 0x42, 0x82, 0x84] + ascii("webm"),
            "webm"),
        HeaderSample("Matroska", "a", [0x1a, 0x45, 0xdf, 0xa3, 0xa3, 0x42, 0x82, 0x88] + ascii("matroska"), "mkv"),
        HeaderSample("MP3 with tags", "a", ascii("ID3") + [4, 0, 0, 0, 0, 0, 0], "mp3"),
        HeaderSample("MP3", "a.bin", [0xff, 0xfb, 0x90, 0x64] + zeros(413) + [0xff, 0xfb, 0x92, 0x64], "mp3"),
        HeaderSample("a single mark is no MP3", "a.bin", [0xff, 0xfb, 0x90, 0x64] + zeros(500), "bin"),
        HeaderSample("text in UTF-16", "a.csv", [0xff, 0xfe, 0x61, 0, 0x62, 0], "csv"),
        HeaderSample("WAV", "a", riff("WAVE", riffChunk("fmt ", zeros(16))), "wav"),
        HeaderSample("AVI", "a", riff("AVI "), "avi"),
        HeaderSample("Ogg", "a.opus", ascii("OggS") + zeros(30), "opus"),
        HeaderSample("Ogg without a name", "a", ascii("OggS") + zeros(30), "ogg"),
        HeaderSample("FLAC", "a.wav", ascii("fLaC") + zeros(30), "flac"),
        HeaderSample("ZIP", "a", ascii("PK\u{3}\u{4}") + zeros(30), "zip"),
        HeaderSample("empty ZIP", "a.txt", ascii("PK\u{5}\u{6}") + zeros(18), "zip"),
        HeaderSample("DOCX", "Report.DOCX", ascii("PK\u{3}\u{4}") + zeros(30), "docx"),
        HeaderSample("ODT", "a.odt", ascii("PK\u{3}\u{4}") + zeros(30), "odt"),
        HeaderSample("GZIP", "a.tar.gz", [0x1f, 0x8b, 8, 0], "gz"),
        HeaderSample("packed SVG", "a.svgz", [0x1f, 0x8b, 8, 0], "svgz"),
        HeaderSample("JSON", "a.json", ascii("{\"a\": 1}"), "json"),
        HeaderSample("empty, with a name", "a.TXT", [], "txt"),
        HeaderSample("empty, without extension", "readme", [], nil),
        HeaderSample("unknown", ".profile", [0, 1, 2, 3], nil),
    ]

    static let all = jpegs + pngs + gifs + otherImages + svgs + others
}
