/// EXIF, IPTC and XMP as strings: `exif:Model`, `iptc:Caption`, `xmp:dc:creator`.
enum EmbeddedTexts {
    static func read(_ image: borrowing VipsImage, into facts: inout MediaFacts) {
        for field in image.fields {
            if field.hasPrefix("exif-ifd"), let dash = field.dropFirst(8).firstIndex(of: "-") {
                let name = field[field.index(after: dash)...]
                if let text = image.text(field) { facts.note("exif:\(name)", exifValue(text)) }
            } else if field.hasPrefix("png-comment-") {
                let name = field.dropFirst("png-comment-".count).drop { $0.isNumber }.drop { $0 == "-" }
                // What is not UTF-8, though PNG prescribes Latin-1, does not come through the library.
                if let text = image.text(field), text != "<invalid utf-8 string>" { facts.note("png:\(name)", text) }
            } else if field.hasPrefix("pdf-") {
                if let text = image.text(field) { facts.note("pdf:\(field.dropFirst(4))", text) }
            }
        }
        if let bytes = image.bytes("iptc-data") { readIPTC(bytes, into: &facts) }
        if let bytes = image.bytes("xmp-data") { readXMP(bytes, into: &facts) }
    }

    /// libvips writes `value (formatted value, ASCII, 6 components, 6 bytes)`.
    static func exifValue(_ text: String) -> String {
        guard text.hasSuffix(" bytes)") else { return text }
        var search = text.startIndex..<text.endIndex
        var first: String.Index?
        while let found = text.range(of: " (", in: search) {
            let value = text[..<found.lowerBound]
            first = first ?? found.lowerBound
            if text[found.upperBound...].hasPrefix(value + ",") { return String(value) }
            search = found.upperBound..<text.endIndex
        }
        return first.map { String(text[..<$0]) } ?? text
    }

    // MARK: IPTC

    /// IPTC-IIM 4.2, record 2: what image programs write.
    private static let iptcNames: [UInt8: String] = [
        5: "ObjectName", 10: "Urgency", 15: "Category", 25: "Keywords", 40: "SpecialInstructions", 55: "DateCreated",
        60: "TimeCreated", 80: "Byline", 85: "BylineTitle", 90: "City", 92: "Sublocation", 95: "Province",
        101: "Country", 103: "TransmissionReference", 105: "Headline", 110: "Credit", 115: "Source",
        116: "CopyrightNotice", 120: "Caption", 122: "Writer",
    ]

    /// Data sets `1C record number length length bytes`, bare or within a Photoshop resource.
    static func readIPTC(_ bytes: [UInt8], into facts: inout MediaFacts) {
        var lists: [String: [String]] = [:]
        guard var offset = bytes.indices.first(where: { isDataSet(bytes, $0) }) else { return }
        while isDataSet(bytes, offset) {
            let length = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
            let start = offset + 5
            guard start + length <= bytes.count else { break }
            if bytes[offset + 1] == 2, let name = iptcNames[bytes[offset + 2]] {
                lists[name, default: []].append(decoded(Array(bytes[start..<start + length])))
            }
            offset = start + length
        }
        for (name, texts) in lists.sorted(by: { $0.key < $1.key }) {
            facts.note("iptc:\(name)", texts.joined(separator: ", "))
        }
    }

    /// UTF-8, or else Latin-1, which is what PNG prescribes and old programs write.
    private static func decoded(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    private static func isDataSet(_ bytes: [UInt8], _ offset: Int) -> Bool {
        offset + 5 <= bytes.count && bytes[offset] == 0x1c && (1...9).contains(bytes[offset + 1])
    }

    // MARK: XMP

    /// The properties of the packet's descriptions: attributes, plain elements, and lists joined by commas. No XML parser, which
    /// would expand entities; what is written in an unusual way is left out.
    static func readXMP(_ bytes: [UInt8], into facts: inout MediaFacts) {
        let text = String(decoding: bytes.prefix(256 << 10), as: UTF8.self)
        var property: String?
        var items: [String] = []
        // Of the same text in several languages, the one that stands for all counts.
        var isOtherLanguage = false
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "<"), let close = rest[open...].firstIndex(of: ">") {
            let before = decoded(rest[..<open])
            let tag = rest[rest.index(after: open)..<close]
            rest = rest[rest.index(after: close)...]
            let name = String(
                tag.prefix { !$0.isWhitespace && $0 != "/" || $0 == "/" && tag.first == "/" && $0 == tag.first })
            if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
            if tag.hasPrefix("/") {
                let ended = String(tag.dropFirst()).trimmingSuffix()
                if ended == "rdf:li" || ended == property, !before.isEmpty, !isOtherLanguage { items.append(before) }
                isOtherLanguage = false
                if ended == property {
                    facts.note("xmp:\(ended)", items.joined(separator: ", "))
                    property = nil
                    items = []
                }
            } else if name.hasPrefix("rdf:") || name == "x:xmpmeta" {
                if name == "rdf:Description" { readAttributes(tag, into: &facts) }
                isOtherLanguage = name == "rdf:li" && tag.contains("xml:lang") && !tag.contains("x-default")
            } else if !tag.hasSuffix("/") {
                property = name
                items = []
            }
        }
    }

    private static func readAttributes(_ tag: Substring, into facts: inout MediaFacts) {
        var rest = tag
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].split { $0.isWhitespace }.last.map(String.init) ?? ""
            let start = rest.index(after: equals)
            guard start < rest.endIndex, rest[start] == "\"" || rest[start] == "'",
                let end = rest[rest.index(after: start)...].firstIndex(of: rest[start])
            else { return }
            let value = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if !name.hasPrefix("xmlns"), !name.hasPrefix("rdf:"), name.contains(":") {
                facts.note("xmp:\(name)", decoded(value))
            }
        }
    }

    private static func decoded(_ text: Substring) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
            .reduce(String(text).trimmingSuffix()) { $0.replacing($1.0, with: $1.1) }
    }
}

extension String {
    /// Without white space at both ends.
    fileprivate func trimmingSuffix() -> String {
        var text = drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    fileprivate func range(of part: String, in search: Range<String.Index>) -> Range<String.Index>? {
        self[search].firstRange(of: part)
    }
}
