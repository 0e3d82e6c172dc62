import Foundation
import Testing

@testable import AssetMedia

/// JPEGs that are compressed line by line, against those that libvips writes.
struct JPEGWriterTests {
    private func image(_ width: Int, _ height: Int) throws -> VipsImage {
        VipsLibrary.start
        let pixels = ReducedJPEGTests.picture(width, height, bands: 3, noise: 40)
        return try VipsImage(pixels: pixels, width: width, height: height, bands: 3)
    }

    private func written(_ image: borrowing VipsImage, quality: Int) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jpg")
        #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
        defer { try? FileManager.default.removeItem(at: file) }
        let handle = try FileHandle(forWritingTo: file)
        try image.writeJPEG(quality: quality, to: handle.fileDescriptor)
        try handle.close()
        return Array(try Data(contentsOf: file))
    }

    // The largest one takes more than one piece of memory, all have lines that are left over from strips.
    @Test(arguments: [1, 75, 89, 90, 100], [(1, 1), (17, 33), (400, 301)])
    func `the bytes are those of libvips`(_ quality: Int, _ size: (width: Int, height: Int)) throws {
        let bytes = try written(try image(size.width, size.height), quality: quality)
        let isSame = try bytes == image(size.width, size.height).encoded(".jpg[Q=\(quality),strip]")
        #expect(isSame)
    }

    @Test func `steps before it are computed`() throws {
        func smaller() throws -> VipsImage { try image(300, 200).resized(width: 90, height: 70) }
        let isSame = try written(smaller(), quality: 80) == smaller().encoded(".jpg[Q=80,strip]")
        #expect(isSame)
    }

    @Test func `what cannot be written is told`() throws {
        let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
        defer { try? full.close() }
        let error = #expect(throws: VipsError.self) {
            try image(400, 301).writeJPEG(quality: 100, to: full.fileDescriptor)
        }
        // By these words `RenderSteps` knows that the file is not to blame.
        #expect(error?.description.contains("No space left") == true)
    }

    @Test func `what is larger than a JPEG can be is told`() throws {
        VipsLibrary.start
        #expect(throws: VipsError.self) {
            try VipsImage(width: 70_000, height: 1).writeJPEG(quality: 75, to: -1)
        }
    }

    @Test func `a source that ends too early is told`() throws {
        let bytes = try image(400, 301).encoded(".jpg[Q=90]")
        try bytes.prefix(bytes.count / 2).withUnsafeBytes { half in
            let image = try VipsImage(half, .jpeg, options: "", isSequential: true)
            #expect(throws: VipsError.self) { _ = try written(image, quality: 75) }
        }
    }
}
