import AssetCore
import AssetTesting
import Foundation
import Testing

@testable import AssetMedia

/// The decoder by itself, with files that libvips writes, against what libvips reads.
struct ReducedJPEGTests {
    /// Waves with edges and some noise, the same each time.
    static func picture(_ width: Int, _ height: Int, bands: Int, noise: Int = 12) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(width * 10_000 + height))
        return (0..<width * height).flatMap { place -> [UInt8] in
            let (x, y) = (place % width, place / width)
            let edge = (x / 23 + y / 17) % 2 * 60
            return (0..<bands).map { band in
                let wave = sin(Double(x) / Double(9 + 4 * band)) + cos(Double(y) / Double(13 - 3 * band))
                return UInt8(
                    max(0, min(255, 90 + edge + Int(wave * 35) + Int.random(in: -noise...noise, using: &generator))))
            }
        }
    }

    static func jpeg(
        _ width: Int, _ height: Int, bands: Int = 3, noise: Int = 12, _ options: String = "Q=85"
    ) throws -> [UInt8] {
        VipsLibrary.start
        let pixels = picture(width, height, bands: bands, noise: noise)
        return try VipsImage(pixels: pixels, width: width, height: height, bands: bands).encoded(
            ".jpg[\(options),strip]")
    }

    /// Those that libvips decodes, and its size.
    static func reference(_ bytes: [UInt8], shrink: Int) throws -> (pixels: [UInt8], width: Int, height: Int) {
        try bytes.withUnsafeBytes { bytes in
            let image = try VipsImage(bytes, .jpeg, options: "[shrink=\(shrink)]", isSequential: true)
            return (try image.pixels(), image.width, image.height)
        }
    }

    private func decoded(_ bytes: [UInt8], shrink: Int) -> [UInt8]? {
        ReducedJPEG(bytes.span.bytes)?.pixels(bytes.span.bytes, shrink: shrink)
    }

    @Test(
        arguments: [
            "Q=90,subsample_mode=off", "Q=90,subsample_mode=on", "Q=40,subsample_mode=on", "Q=100,subsample_mode=off",
            "Q=85,optimize_coding",
        ], [(3, 160, 96), (3, 161, 99), (1, 75, 203), (3, 9, 8), (1, 8, 31)])
    func `the pixels are those of libvips`(_ options: String, _ shape: (bands: Int, width: Int, height: Int)) throws {
        let bytes = try Self.jpeg(shape.width, shape.height, bands: shape.bands, noise: 4, options)
        for shrink in [8, 4] {
            let pixels = try #require(decoded(bytes, shrink: shrink))
            let width = (shape.width + shrink - 1) / shrink
            let height = (shape.height + shrink - 1) / shrink
            try #require(pixels.count == width * height * shape.bands)
            // libvips leaves out what the source does not fill.
            let reference = try Self.reference(bytes, shrink: shrink)
            #expect(reference.width == shape.width / shrink && reference.height == shape.height / shrink)
            var sum = 0
            for y in 0..<reference.height {
                for x in 0..<reference.width * shape.bands {
                    let own = pixels[y * width * shape.bands + x]
                    sum += abs(Int(own) - Int(reference.pixels[y * reference.width * shape.bands + x]))
                }
            }
            let mean = Double(sum) / Double(reference.pixels.count)
            // Its means are of all frequencies; here the highest are left out, of which there is a little noise.
            #expect(mean < (shrink == 8 ? 0.5 : 2), "1/\(shrink): \(mean)")
        }
    }

    @Test func `at an eighth each pixel is the mean of those of the source`() throws {
        let bytes = try Self.jpeg(80, 48, noise: 90, "Q=100,subsample_mode=off")
        let pixels = try #require(decoded(bytes, shrink: 8))
        let full = try Self.reference(bytes, shrink: 1).pixels
        let means = Self.boxMeans(full, width: 80, height: 48, bands: 3, shrink: 8)
        // Colours that do not exist are clipped in each pixel of the source.
        #expect(zip(pixels, means).allSatisfy { abs(Double($0) - $1) < 3 })
    }

    /// Of whole boxes.
    static func boxMeans(_ pixels: [UInt8], width: Int, height: Int, bands: Int, shrink: Int) -> [Double] {
        (0..<height / shrink).flatMap { y in
            (0..<width / shrink).flatMap { x in
                (0..<bands).map { band in
                    var sum = 0
                    for line in y * shrink..<(y + 1) * shrink {
                        for column in x * shrink..<(x + 1) * shrink {
                            sum += Int(pixels[(line * width + column) * bands + band])
                        }
                    }
                    return Double(sum) / Double(shrink * shrink)
                }
            }
        }
    }

    // MARK: What is left to libvips

    @Test func `progressive files and those of inks are declined`() throws {
        func isDeclined(_ bytes: [UInt8]) -> Bool { ReducedJPEG(bytes.span.bytes) == nil }
        #expect(isDeclined(try Self.jpeg(64, 64, "Q=85,interlace")))
        let plain = try Self.jpeg(64, 64, bands: 1)
        let frame = try #require(Self.frame(of: plain))
        let length = Int(plain[frame + 2]) << 8 | Int(plain[frame + 3])
        let inks = jpegSegment(
            0xc0, Array(plain[frame + 4..<frame + 9]) + [4] + (1...4).flatMap { [UInt8($0), 0x11, 0] })
        #expect(!isDeclined(plain))
        #expect(isDeclined(plain[..<frame] + inks + plain[(frame + 2 + length)...]))
        #expect(isDeclined([]))
        #expect(isDeclined(ascii("GIF89a, for one")))
    }

    @Test func `what ends too early is declined, wherever it ends`() throws {
        let bytes = try Self.jpeg(40, 24)
        #expect(decoded(bytes, shrink: 8) != nil)
        for length in 0..<bytes.count {
            let isDeclined = decoded(Array(bytes.prefix(length)), shrink: 8) == nil
            if !isDeclined { Issue.record("\(length) of \(bytes.count) bytes are decoded") }
        }
    }

    @Test func `a file that goes on as another is declined`() throws {
        let first = try Self.jpeg(160, 96)
        let second = try Self.jpeg(161, 99)
        #expect(decoded(Array(first.prefix(first.count * 2 / 3)) + second, shrink: 4) == nil)
        // What comes after the end is not looked at.
        #expect(decoded(first + second, shrink: 4) == decoded(first, shrink: 4))
    }

    @Test func `a size without the data for it is declined before it costs anything`() throws {
        var bytes = try Self.jpeg(64, 64)
        let frame = try #require(Self.frame(of: bytes))
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [0xff, 0xff, 0xff, 0xff])
        let width = ReducedJPEG(bytes.span.bytes)?.width
        #expect(width == 65_535)
        let began = ContinuousClock.now
        for shrink in [8, 4] { #expect(decoded(bytes, shrink: shrink) == nil) }
        #expect(ContinuousClock.now - began < .seconds(1))
    }

    /// Where the frame's segment begins.
    private static func frame(of bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 }
    }

    /// No input makes it trap, or give another number of pixels than its header says. Set `STOCKROOM_FUZZ_SEED` to repeat a run,
    /// and `STOCKROOM_FUZZ_ROUNDS` for a longer one.
    @Test(.timeLimit(.minutes(5)))
    func `damaged files are decoded or declined`() throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["STOCKROOM_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: .min ... .max)
        let rounds = environment["STOCKROOM_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 40
        FileHandle.standardError.write(Data("ReducedJPEGTests: STOCKROOM_FUZZ_SEED=\(seed)\n".utf8))
        var generator = SeededGenerator(seed: seed)
        let samples = [
            try Self.jpeg(40, 24), try Self.jpeg(33, 17, "Q=95,subsample_mode=off"), try Self.jpeg(25, 31, bands: 1),
        ]
        var good = 0
        var bad = 0
        for sample in samples {
            for _ in 0..<rounds {
                let bytes = Self.damaged(sample, by: samples, &generator)
                guard let jpeg = ReducedJPEG(bytes.span.bytes) else {
                    bad += 1
                    continue
                }
                for shrink in [8, 4] {
                    guard let pixels = jpeg.pixels(bytes.span.bytes, shrink: shrink) else {
                        bad += 1
                        continue
                    }
                    good += 1
                    let width = (jpeg.width + shrink - 1) / shrink
                    let height = (jpeg.height + shrink - 1) / shrink
                    if pixels.count != width * height * jpeg.bands {
                        Issue.record("seed \(seed): \(pixels.count) for \(width) × \(height) × \(jpeg.bands)")
                    }
                }
            }
        }
        #expect(good > 0 && bad > 0)
    }

    private static func damaged(_ sample: [UInt8], by others: [[UInt8]], _ generator: inout SeededGenerator) -> [UInt8]
    {
        var bytes = sample
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes.removeSubrange(place..<min(place + 20, bytes.count))
        case 3: bytes.insert(contentsOf: [0xff, UInt8.random(in: 0...255, using: &generator)], at: place)
        default: bytes = Array(bytes[..<place] + (others.randomElement(using: &generator) ?? []).dropFirst(place))
        }
        return bytes
    }
}
