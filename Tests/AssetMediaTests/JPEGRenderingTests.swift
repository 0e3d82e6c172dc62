import AssetCore
import Foundation
import Testing

@testable import AssetMedia

/// The way from a JPEG to an output, where it is decoded smaller than it is.
struct JPEGRenderingTests {
    private let limits = RenderLimits(pixels: 20_000_000, frames: 10, output: 1 << 24)

    /// The pixels of the output, three bands, and its size.
    private func rendered(
        _ bytes: [UInt8], _ resize: Recipe.Resize, crop: Recipe.Fractions? = nil
    ) throws -> (pixels: [UInt8], width: Int, height: Int) {
        VipsLibrary.start
        var recipe = Recipe(format: .png)
        recipe.resize = resize
        recipe.crop = crop
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).png")
        #expect(FileManager.default.createFile(atPath: output.path, contents: nil))
        defer { try? FileManager.default.removeItem(at: output) }
        let file = try FileHandle(forWritingTo: output)
        defer { try? file.close() }
        let size = try bytes.withUnsafeBytes {
            try RenderSteps(recipe: recipe, limits: limits)
                .run(RenderSource($0, type: "jpg"), to: file.fileDescriptor)
        }
        let pixels = try Data(contentsOf: output).withUnsafeBytes {
            let image = try VipsImage($0, .png, options: "", isSequential: true)
            #expect(image.width == size.width && image.height == size.height)
            return try image.inSRGB().pixels()
        }
        return (pixels, size.width, size.height)
    }

    /// What is opened for an output at this scale.
    private func opened<Value>(
        _ bytes: [UInt8], scale: Double, _ body: (borrowing VipsImage) throws -> Value
    ) throws -> Value {
        VipsLibrary.start
        return try bytes.withUnsafeBytes {
            let source = try RenderSource($0, type: "jpg")
            return try body(source.open(scale: scale, header: source.header(), limits))
        }
    }

    @Test(arguments: [(160, 96, 20, 12), (163, 97, 20, 12), (156, 100, 20, 13)])
    func `an eighth is the mean of each box`(_ width: Int, _ height: Int, _ expectedWidth: Int, _ expectedHeight: Int)
        throws
    {
        let bytes = try ReducedJPEGTests.jpeg(width, height, noise: 90, "Q=100,subsample_mode=off")
        let output = try rendered(bytes, .width(20, height: nil))
        #expect(output.width == expectedWidth && output.height == expectedHeight)
        let full = try ReducedJPEGTests.reference(bytes, shrink: 1).pixels
        let means = ReducedJPEGTests.boxMeans(full, width: width, height: height, bands: 3, shrink: 8)
        let meansWidth = width / 8 * 3
        for (place, mean) in means.enumerated() {
            let pixel = output.pixels[place / meansWidth * expectedWidth * 3 + place % meansWidth]
            #expect(abs(Double(pixel) - mean) < 3)
        }
    }

    @Test func `a cropped picture keeps pixels for the last step`() throws {
        let bytes = try ReducedJPEGTests.jpeg(160, 96)
        let output = try rendered(bytes, .width(10, height: nil), crop: Recipe.Fractions(0.5, 0.5))
        #expect(output.width == 10 && output.height == 6)
    }

    @Test func `a short side keeps a pixel`() throws {
        let output = try rendered(try ReducedJPEGTests.jpeg(5, 800), .height(20, width: nil))
        #expect(output.width == 1 && output.height == 20)
    }

    @Test(arguments: [1.0 / 8, 0.06])
    func `what is broken or of another kind is left to libvips`(_ scale: Double) throws {
        func isLeft(_ bytes: [UInt8]) throws -> Bool { try opened(bytes, scale: scale) { $0.has("vips-loader") } }
        let bytes = try ReducedJPEGTests.jpeg(160, 96)
        #expect(try !isLeft(bytes))
        #expect(try isLeft(Array(bytes.prefix(bytes.count / 2))))
        #expect(try isLeft(ReducedJPEGTests.jpeg(160, 96, "Q=85,interlace")))
    }

    @Test func `whoever decodes it, the output is the same`() throws {
        let progressive = try rendered(ReducedJPEGTests.jpeg(161, 99, "Q=85,interlace"), .width(11, height: nil))
        let baseline = try rendered(ReducedJPEGTests.jpeg(161, 99, "Q=85"), .width(11, height: nil))
        #expect(progressive.width == baseline.width && progressive.height == baseline.height)
        #expect(mean(progressive.pixels, baseline.pixels) < 1)
    }

    @Test(arguments: 1...8)
    func `what lies on its side comes out upright`(_ orientation: Int) throws {
        // Orientation 1: the brightest quarter is at the upper left, the darkest one at the lower right.
        let pixels = (0..<160 * 96).map { place -> UInt8 in
            let (x, y) = (place % 160, place / 160)
            return y < 48 ? (x < 80 ? 240 : 190) : (x < 80 ? 120 : 70)
        }
        VipsLibrary.start
        let plain = try VipsImage(pixels: pixels, width: 160, height: 96, bands: 1).encoded(".jpg[Q=95,strip]")
        let isLying = orientation >= 5
        let output = try rendered(
            inserting(exif(orientation), into: plain), isLying ? .height(40, width: nil) : .width(40, height: nil))
        #expect(output.width == (isLying ? 24 : 40) && output.height == (isLying ? 40 : 24))
        let (right, bottom) = (output.width - 6, output.height - 6)
        let corners = [(5, 5), (right, 5), (5, bottom), (right, bottom)].map { place -> Int in
            let offset = (place.1 * output.width + place.0) * 3
            return Int(output.pixels[offset])
        }
        // Where the corners of the source go (Exif 2.32, 4.6.4).
        let rows: [[Int]] = [
            [240, 190, 120, 70], [190, 240, 70, 120], [70, 120, 190, 240], [120, 70, 240, 190],
            [240, 120, 190, 70], [120, 240, 70, 190], [70, 190, 120, 240], [190, 70, 240, 120],
        ]
        let expected = rows[orientation - 1]
        #expect(zip(corners, expected).allSatisfy { abs($0 - $1) < 6 }, "\(corners)")
    }

    @Test(arguments: [1.0 / 8, 0.06])
    func `profile and resolution are those of the file`(_ scale: Double) throws {
        let plain = try ReducedJPEGTests.jpeg(160, 96)
        let profile = jpegSegment(0xe2, ascii("ICC_PROFILE\0") + [1, 1] + swappingProfile())
        let bytes = inserting(jfif(units: 1, 300, 300) + profile, into: plain)
        let (colors, resolution) = try opened(bytes, scale: scale) { image in
            (try image.inSRGB().pixels(), image.resolution.x)
        }
        #expect(abs(resolution - 300 / 25.4) < 0.01)
        let reference = try bytes.withUnsafeBytes {
            try VipsImage($0, .jpeg, options: "[shrink=8]", isSequential: true).inSRGB().pixels()
        }
        #expect(mean(colors, reference) < 1)
        #expect(mean(colors, try opened(plain, scale: scale) { try $0.pixels() }) > 10)
    }

    private func mean(_ first: [UInt8], _ second: [UInt8]) -> Double {
        guard first.count == second.count, !first.isEmpty else { return .infinity }
        return Double(zip(first, second).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }) / Double(first.count)
    }

    // MARK: What stands in a header

    private func inserting(_ segment: [UInt8], into jpeg: [UInt8]) -> [UInt8] {
        Array(jpeg[..<2]) + segment + jpeg[2...]
    }

    private func exif(_ orientation: Int) -> [UInt8] {
        let entry = big16(0x0112) + big16(3) + big32(1) + big16(orientation) + zeros(2)
        return jpegSegment(
            0xe1, ascii("Exif\0\0MM") + big16(42) + big32(8) + big16(1) + entry + big32(0))
    }

    /// A profile like sRGB, but that red and blue have changed places (ICC.1:2001-04).
    private func swappingProfile() -> [UInt8] {
        func xyz(_ x: Double, _ y: Double, _ z: Double) -> [UInt8] {
            ascii("XYZ ") + zeros(4) + [x, y, z].flatMap { big32(Int($0 * 65536)) }
        }
        let white = xyz(0.9642, 1, 0.8249)
        let (red, green, blue) = (xyz(0.4361, 0.2225, 0.0139), xyz(0.3851, 0.7169, 0.0971), xyz(0.1431, 0.0606, 0.7141))
        let curve = ascii("curv") + zeros(4) + big32(1) + big16(0x0233) + zeros(2)
        let description = ascii("desc") + zeros(4) + big32(5) + ascii("swap\0") + zeros(79)
        let copyright = ascii("text") + zeros(4) + ascii("none") + zeros(4)
        let contents = [
            ("desc", description), ("cprt", copyright), ("wtpt", white), ("rXYZ", blue), ("gXYZ", green),
            ("bXYZ", red), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
        ]
        var table = big32(contents.count)
        var data: [UInt8] = []
        for (name, content) in contents {
            table += ascii(name) + big32(128 + 4 + 12 * contents.count + data.count) + big32(content.count)
            data += content + zeros((4 - content.count % 4) % 4)
        }
        let header =
            zeros(4) + big32(0x0220_0000) + ascii("mntrRGB XYZ ") + zeros(12) + ascii("acsp") + zeros(28)
            + [0.9642, 1, 0.8249].flatMap { big32(Int($0 * 65536)) } + zeros(48)
        let body = header + table + data
        return big32(body.count + 4) + body
    }
}
