import AssetCore
import AssetMedia
import AssetTesting
import Foundation
import NIOCore
import OrderedCollections
import Testing

struct HeaderInspectorTests {
    @Test(arguments: HeaderSample.all)
    func recognises(_ sample: HeaderSample) async {
        let inspection = await inspect(sample.bytes, name: sample.name, size: Self.fileSize(sample))
        #expect(inspection.type == sample.type)
        #expect(inspection.info == sample.expectedInfo(filesize: Self.fileSize(sample)))
    }

    /// The descriptions say which samples are only the beginning of their file.
    private static func fileSize(_ sample: HeaderSample) -> Int {
        sample.bytes.count + (sample.testDescription.contains("behind the head") ? 1_000_000 : 0)
    }

    private func inspect(_ bytes: [UInt8], name: String, size: Int) async -> MediaInspection {
        // Not at the start of its storage, as a slice of something that was received.
        var buffer = ByteBuffer(bytes: [0xff, 0xd8, 0xff] + bytes + [0x3b])
        buffer.moveReaderIndex(forwardBy: 3)
        buffer.moveWriterIndex(to: buffer.writerIndex - 1)
        return await HeaderInspector().inspect(head: buffer, name: AssetName(stored: name), size: Int64(size))
    }

    @Test func printsMembersInOrder() async {
        let sample = HeaderSample.jpegs[0]
        let inspection = await inspect(sample.bytes, name: sample.name, size: 5)
        #expect(
            inspection.info.text
                == #"{"format":"jpg","filesize":5,"pages":1,"width":640,"height":480,"resolution":[300,150],"transparent":false,"#
                + #""animated":false,"colors":"truecolor","colorspace":"srgb","metadata":{}}"#)
    }

    @Test func `a text with the name of a picture has no type, and the mismatch is told`() async {
        let inspection = await inspect(Array("just words".utf8), name: "photo.JPG", size: 10)
        #expect(inspection.type == nil)
        #expect(inspection.info[key: "format"] == .null)
        #expect(inspection.info[key: "metadata"] == ["file:mismatch": "something else named .jpg"])
        let text = await inspect(Array("just words".utf8), name: "notes.md", size: 10)
        #expect(text.type == "md")
        #expect(text.info[key: "metadata"] == .emptyObject)
    }

    @Test func unknownIsNull() async {
        let inspection = await inspect([], name: "readme", size: 0)
        #expect(
            inspection.info.text
                == #"{"format":null,"filesize":0,"pages":null,"width":null,"height":null,"resolution":null,"transparent":null,"#
                + #""animated":null,"colors":null,"colorspace":null,"metadata":{}}"#)
    }

    /// The frames of a moving WebP are counted only when all of the file is there.
    @Test func framesBehindTheHeadAreUnknown() async throws {
        let sample = try #require(HeaderSample.otherImages.first { $0.testDescription == "animated WebP" })
        let inspection = await inspect(sample.bytes, name: sample.name, size: sample.bytes.count + 1)
        #expect(inspection.info[key: "pages"] == .null)
        #expect(inspection.info[key: "animated"] == true)
    }

    /// No input makes it trap or run forever. Set `STOCKROOM_FUZZ_SEED` to the printed seed to repeat a run, and
    /// `STOCKROOM_FUZZ_ROUNDS` for a longer one.
    @Test func survivesDamage() async {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["STOCKROOM_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: .min ... .max)
        let rounds = environment["STOCKROOM_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 200
        // At once and unbuffered: after a trap nothing more is printed.
        FileHandle.standardError.write(Data("HeaderInspectorTests.survivesDamage: STOCKROOM_FUZZ_SEED=\(seed)\n".utf8))
        var generator = SeededGenerator(seed: seed)
        for sample in HeaderSample.all {
            for length in 0..<min(sample.bytes.count, 300) {
                await check(Array(sample.bytes.prefix(length)), sample, seed)
            }
            for _ in 0..<rounds { await check(damage(sample.bytes, &generator), sample, seed) }
        }
    }

    private func check(_ bytes: [UInt8], _ sample: HeaderSample, _ seed: UInt64) async {
        let inspection = await inspect(bytes, name: sample.name, size: bytes.count)
        let info = inspection.info
        func member(_ key: String) -> JSON { info[key: key] ?? "absent" }
        // Equal only with the same members in the same order.
        let isComplete =
            info == [
                "format": member("format"), "filesize": JSON(bytes.count), "pages": member("pages"),
                "width": member("width"),
                "height": member("height"), "resolution": member("resolution"), "transparent": member("transparent"),
                "animated": member("animated"), "colors": member("colors"), "colorspace": member("colorspace"),
                "metadata": member("metadata"),
            ]
        let isSound =
            isComplete
            && (member("metadata").objectValue.map { $0.isEmpty || $0.keys == ["file:mismatch"] } ?? false)
            && ["width", "height", "pages"].allSatisfy { member($0) == .null || (member($0).intValue ?? 0) > 0 }
            && (member("width") == .null) == (member("height") == .null)
        // One macro call for each round would take longer than the round.
        if !isSound { Issue.record("seed \(seed), \(sample.testDescription), \(bytes): \(info.text)") }
    }

    private func damage(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 0...8, using: &generator))
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes.replaceSubrange(place..<end, with: repeatElement(0xff, count: end - place))
            case 1: bytes.replaceSubrange(place..<end, with: repeatElement(0, count: end - place))
            case 2:
                bytes.replaceSubrange(
                    place..<end, with: (place..<end).map { _ in UInt8.random(in: 0...255, using: &generator) })
            case 3: bytes.removeSubrange(place..<end)
            case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }
}
