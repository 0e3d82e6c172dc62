import AssetCore
import AssetTesting
import Testing

@testable import AssetMedia

struct EmbeddedTextsTests {
    @Test(
        arguments: [
            ("Canon (Canon, ASCII, 6 components, 6 bytes)", "Canon"),
            ("A (B) C (A (B) C, ASCII, 8 components, 8 bytes)", "A (B) C"),
            ("72/1 (72, Rational, 1 components, 8 bytes)", "72/1"), ("1 (Top-left, Short, 1 components, 2 bytes)", "1"),
            ("plain", "plain"), ("", ""), (" bytes)", " bytes)"),
        ])
    func `EXIF values are what stands before the description`(_ text: String, _ value: String) {
        #expect(EmbeddedTexts.exifValue(text) == value)
    }

    @Test func `IPTC data sets are read, repeated ones joined`() {
        func set(_ number: UInt8, _ text: String) -> [UInt8] {
            [0x1c, 2, number, 0, UInt8(text.utf8.count)] + Array(text.utf8)
        }
        var facts = MediaFacts()
        let bytes =
            Array("Photoshop 3.0\u{0}8BIM".utf8) + set(120, "A caption") + set(25, "one") + set(25, "two") + set(7, "?")
        EmbeddedTexts.readIPTC(bytes, into: &facts)
        #expect(facts.metadata == ["iptc:Caption": "A caption", "iptc:Keywords": "one, two"])
    }

    @Test func `XMP properties are read from attributes, elements and lists`() {
        var facts = MediaFacts()
        let packet = """
            <?xpacket begin=''?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF>
            <rdf:Description rdf:about='' xmlns:dc='http://x' xmp:Rating="5" photoshop:City='K&amp;ln'>
            <dc:format>image/jpeg</dc:format>
            <dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A &lt;title&gt;</rdf:li></rdf:Alt></dc:title>
            <dc:subject><rdf:Bag><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Bag></dc:subject>
            <dc:empty/></rdf:Description></rdf:RDF></x:xmpmeta>
            """
        EmbeddedTexts.readXMP(Array(packet.utf8), into: &facts)
        #expect(
            facts.metadata == [
                "xmp:xmp:Rating": "5", "xmp:photoshop:City": "K&ln", "xmp:dc:format": "image/jpeg",
                "xmp:dc:title": "A <title>", "xmp:dc:subject": "one, two",
            ])
    }

    @Test func `texts are bounded, and free of control characters`() {
        var facts = MediaFacts()
        facts.note("a", " x\u{0}\u{7}y\n")
        facts.note("empty", "\u{0} ")
        facts.note("long", String(repeating: "é", count: 5000))
        for index in 0..<500 { facts.note("n\(index)", "v") }
        #expect(facts.metadata["a"] == "xy" && facts.metadata["empty"] == nil)
        #expect((facts.metadata["long"]?.utf8.count ?? 0) <= MediaFacts.maximumText)
        #expect(facts.metadata.count == MediaFacts.maximumEntries)
    }

    /// Set `STOCKROOM_FUZZ_SEED` to repeat a run.
    @Test func `no bytes make a reader trap or run for ever`() {
        var generator = SeededGenerator(seed: UInt64.random(in: .min ... .max))
        let pieces = [
            "<", ">", "/", "rdf:li", "dc:a", "=", "\"", "'", " ", "\u{1c}\u{2}\u{19}\u{0}\u{1}", "x", "&lt;", "?", "!",
            "rdf:Description",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            var facts = MediaFacts()
            EmbeddedTexts.readXMP(Array(text.utf8), into: &facts)
            EmbeddedTexts.readIPTC(Array(text.utf8), into: &facts)
            _ = EmbeddedTexts.exifValue(text + " bytes)")
        }
    }
}
