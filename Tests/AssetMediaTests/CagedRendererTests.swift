import AssetCore
import AssetTesting
import Foundation
import NIOCore
import Testing

@testable import AssetMedia

/// Real worker processes, of the program that was built beside these tests.
struct CagedRendererTests {
    private static let program: String = {
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return own.deletingLastPathComponent().appendingPathComponent("stockroom").path
    }()

    private static func settings() -> MediaSettings {
        var settings = MediaSettings()
        settings.program = program
        settings.workers = 1
        settings.seconds = 20
        settings.maximumPixels = 20_000_000
        settings.maximumFrames = 100
        settings.scratchFolder = NSTemporaryDirectory()
        return settings
    }

    private let blobs = MemoryBlobStore()
    private let renderer = CagedRenderer(settings())

    private func source(_ bytes: [UInt8], type: String?) async throws -> MediaSource {
        let stored = try await blobs.put(OneBuffer(ByteBuffer(bytes: bytes)), limit: .max)
        return MediaSource(
            blob: Blob(id: BlobID(rawValue: 1), hash: stored.hash, size: stored.size, location: stored.location),
            type: type)
    }

    private func render(_ bytes: [UInt8], _ recipe: Recipe) async throws -> [UInt8] {
        let rendering = try await renderer.render(try await source(bytes, type: nil), recipe, in: blobs)
        let output = try await blobs.head(rendering.stored.location, length: Int(rendering.stored.size))
        #expect(output.readableBytes == Int(rendering.stored.size))
        return Array(output.readableBytesView)
    }

    /// A bitmap of 24 bits: rows from the bottom, each as long as a multiple of four bytes.
    static func bitmap(_ width: Int, _ height: Int, _ pixel: (Int, Int) -> [UInt8]) -> [UInt8] {
        let stride = (width * 24 + 31) / 32 * 4
        let header =
            ascii("BM") + little32(54 + stride * height) + zeros(4) + little32(54) + little32(40) + little32(width)
            + little32(height) + little16(1) + little16(24) + zeros(24)
        let rows = (0..<height).reversed().flatMap { y -> [UInt8] in
            let row = (0..<width).flatMap { Array(pixel($0, y).reversed()) }
            return row + zeros(stride - row.count)
        }
        return header + rows
    }

    private static let svg = ascii(
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'><rect width='20' height='30' fill='#f00'/></svg>"
    )

    @Test(arguments: OutputFormat.allCases)
    func `every format comes out, and in again`(_ format: OutputFormat) async throws {
        let bitmap = Self.bitmap(40, 30) { x, _ in x < 20 ? [200, 30, 30] : [30, 30, 200] }
        let output = try await render(bitmap, Recipe(format: format))
        var recipe = Recipe(format: .png)
        recipe.resize = .width(20, height: nil)
        // PNG is the one that can be looked at here without a decoder of our own: through a bitmap in memory.
        let png = try await render(output, recipe)
        let pixels = try png.withUnsafeBytes { bytes in
            VipsLibrary.start
            return try VipsImage(bytes, .png, options: "", isSequential: true).inSRGB().flattened(on: [0, 0, 0])
                .pixels()
        }
        #expect(pixels.count == 20 * 15 * 3)
        let expected: [(Int, [Int])] = [(5, [200, 30, 30]), (15, [30, 30, 200])]
        for (place, color) in expected {
            let start = (7 * 20 + place) * 3
            let found = pixels[start..<start + 3].map(Int.init)
            #expect(zip(found, color).allSatisfy { abs($0 - $1) < 12 }, "\(format) at \(place): \(found)")
        }
    }

    @Test(
        arguments: [
            ("nothing", []), ("text", ascii("just words, and more of them")),
            ("half a header", ascii("BM") + zeros(60)),
            ("SVG without an end", ascii("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect")),
            (
                "huge bitmap",
                ascii("BM") + zeros(8) + little32(54) + little32(40) + little32(60_000) + little32(60_000) + little16(1)
                    + little16(24) + zeros(24)
            ),
        ] as [(String, [UInt8])])
    func `what cannot be rendered is an error of its own, and leaves nothing`(_ name: String, _ bytes: [UInt8])
        async throws
    {
        let source = try await source(bytes, type: nil)
        let before = blobs.locations
        let error = await #expect(throws: AssetError.self) {
            try await renderer.render(source, Recipe(format: .png), in: blobs)
        }
        #expect(error?.code == .processFailed && error?.parameter == "transform")
        #expect(blobs.locations == before)
        let info = try await renderer.examine(
            MediaSource(blob: source.blob, type: "png"), info: ["format": "png", "metadata": .emptyObject],
            in: blobs, isWaitedFor: true)
        #expect(info?[key: "format"] == .null)
    }

    @Test func `an output beyond the limit is refused before anything is drawn`() async throws {
        var recipe = Recipe(format: .png)
        recipe.resize = .fit(width: 5000, height: 5000)
        recipe.density = 4
        let error = await #expect(throws: AssetError.self) { try await render(Self.svg, recipe) }
        #expect(error?.code == .processFailed && error?.message.contains("20000 × 20000") == true)
    }

    @Test func `a program that is not there says nothing about the file`() async throws {
        var settings = Self.settings()
        settings.program = "/nonexistent/stockroom"
        let renderer = CagedRenderer(settings)
        let source = try await source(Self.svg, type: "svg")
        let error = await #expect(throws: AssetError.self) {
            try await renderer.render(source, Recipe(format: .png), in: blobs)
        }
        // The call is one that clients repeat when it is answered 503 (project reference 1.9).
        #expect(error?.code == .processFailed)
        let second = await #expect(throws: AssetError.self) {
            try await renderer.examine(source, info: .emptyObject, in: blobs, isWaitedFor: true)
        }
        #expect(second?.code == .unavailable)
    }

    /// Damaged files are rendered or refused, within their time, and the workers go on. Set `STOCKROOM_FUZZ_SEED` to repeat a run,
    /// and `STOCKROOM_FUZZ_ROUNDS` for a longer one.
    @Test(.timeLimit(.minutes(5)))
    func `damaged images end in an image or an error`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["STOCKROOM_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: .min ... .max)
        let rounds = environment["STOCKROOM_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 40
        FileHandle.standardError.write(Data("CagedRendererTests: STOCKROOM_FUZZ_SEED=\(seed)\n".utf8))
        var generator = SeededGenerator(seed: seed)
        let bitmap = Self.bitmap(60, 40) { x, y in [UInt8(x * 4), UInt8(y * 6), UInt8((x * y) % 256)] }
        var samples = [bitmap, Self.svg]
        for format in OutputFormat.allCases { samples.append(try await render(bitmap, Recipe(format: format))) }
        var good = 0
        var bad = 0
        for sample in samples {
            for _ in 0..<rounds {
                var bytes = sample
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                }
                var recipe = Recipe(format: OutputFormat.allCases.randomElement(using: &generator) ?? .png)
                if recipe.format == .avif { recipe.format = .png }
                recipe.resize = .fit(width: 20, height: 20)
                do {
                    let output = try await render(bytes, recipe)
                    good += 1
                    if output.isEmpty { Issue.record("seed \(seed): an empty output") }
                } catch let error as AssetError {
                    bad += 1
                    if error.code != .processFailed { Issue.record("seed \(seed): \(error)") }
                }
            }
        }
        #expect(good > 0 && bad > 0)
    }
}
