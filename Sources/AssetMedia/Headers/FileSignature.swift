/// Formats of which only the name is read from the content.
enum FileSignature {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        pdf(head) ?? matroska(head) ?? audio(head) ?? archive(head)
    }

    private static func pdf(_ head: HeadBytes) -> HeaderFacts? {
        var offset = head.has([0xef, 0xbb, 0xbf]) ? 3 : 0
        // Some writers begin with empty lines.
        while let byte = head.byte(offset), [0x00, 0x09, 0x0a, 0x0d, 0x20].contains(byte), offset < 1024 { offset += 1 }
        guard head.has("%PDF-", at: offset) else { return nil }
        var facts = HeaderFacts("pdf", otherExtensions: ["ai"])
        // A linearized file tells the number of its pages in its first object (ISO 32000-1, annex F).
        if let start = head.find("/Linearized", from: offset, before: offset + 1024),
            let end = head.find(">>", from: start, before: start + 1024),
            let pages = head.find("/N ", from: start, before: end)
        {
            let digits = head.text(pages + 3..<end).prefix { $0.isASCII && $0.isWholeNumber }
            if let number = Int(digits.prefix(9)), number > 0 { facts.pages = number }
        }
        return facts
    }

    /// The element DocType (4282) of the EBML header, with a length of one byte.
    private static func matroska(_ head: HeadBytes) -> HeaderFacts? {
        guard head.has([0x1a, 0x45, 0xdf, 0xa3]) else { return nil }
        let isWebM = (4..<64).contains { head.has([0x42, 0x82, 0x84], at: $0) && head.has("webm", at: $0 + 3) }
        return isWebM ? HeaderFacts("webm") : HeaderFacts("mkv", otherExtensions: ["mka", "mks", "mk3d"])
    }

    private static func audio(_ head: HeadBytes) -> HeaderFacts? {
        if head.has("RIFF"), head.has("WAVE", at: 8) { return HeaderFacts("wav") }
        if head.has("RIFF"), head.has("AVI ", at: 8) { return HeaderFacts("avi") }
        if head.has("OggS") { return HeaderFacts("ogg", otherExtensions: ["oga", "ogv", "opus", "spx"]) }
        if head.has("fLaC") { return HeaderFacts("flac") }
        if head.has("ID3"), let version = head.byte(3), version < 0xff { return HeaderFacts("mp3") }
        if let length = layer3FrameLength(head, 0), layer3FrameLength(head, length) != nil { return HeaderFacts("mp3") }
        return nil
    }

    /// The length of an MPEG audio frame of layer III. Its mark is 11 bits, so that only a second frame makes sure of it.
    private static func layer3FrameLength(_ head: HeadBytes, _ offset: Int) -> Int? {
        guard head.byte(offset) == 0xff, let second = head.byte(offset + 1), second & 0xe6 == 0xe2,
            let third = head.byte(offset + 2)
        else { return nil }
        let version = second >> 3 & 3  // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
        let rateIndex = third >> 4
        let sampleIndex = third >> 2 & 3
        guard version != 1, (1...14).contains(rateIndex), sampleIndex < 3 else { return nil }
        let rates =
            version == 3
            ? [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
            : [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
        let samples = [44_100, 48_000, 32_000][sampleIndex] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
        return (version == 3 ? 144_000 : 72_000) * rates[rateIndex - 1] / samples + third >> 1 & 1
    }

    /// Documents are archives too: which kind, only the name tells without unpacking.
    private static func archive(_ head: HeadBytes) -> HeaderFacts? {
        if head.has("PK\u{3}\u{4}") || head.has("PK\u{5}\u{6}") {
            return HeaderFacts(
                "zip",
                otherExtensions: [
                    "docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xlsb", "xltx", "xltm", "pptx", "pptm", "potx",
                    "ppsx",
                    "ppsm", "cbz", "vsdx", "odt", "ods", "odp",
                    "odg",
                    "ott", "epub", "jar", "apk", "idml", "sketch", "key", "pages", "numbers", "kmz", "usdz", "3mf",
                ])
        }
        if head.has([0x1f, 0x8b, 0x08]) { return HeaderFacts("gz", otherExtensions: ["tgz", "svgz"]) }
        return nil
    }
}
