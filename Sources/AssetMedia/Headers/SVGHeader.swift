/// SVG: XML whose first element is `svg`. No XML parser: it would need the whole document, and would fetch what it names.
enum SVGHeader {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        guard let start = rootElement(head), head.has("<svg", at: start), let tag = openingTag(head, start + 4) else {
            return nil
        }
        var facts = HeaderFacts.stillImage("svg")
        // Nothing is painted where nothing is drawn.
        facts.transparent = true
        facts.colors = .truecolormatte

        let attributes = attributes(tag)
        let width = pixels(attributes["width"])
        let height = pixels(attributes["height"])
        let box = (attributes["viewBox"] ?? "").split { $0 == " " || $0 == "," || $0.isNewline }.map { Double($0) ?? 0 }
        if let width, let height {
            setSize(width, height, &facts)
        } else if box.count == 4, box[2] > 0, box[3] > 0 {
            // One side is enough, since the box keeps its shape; without any, the box's own units are pixels.
            let scale = width.map { $0 / box[2] } ?? height.map { $0 / box[3] } ?? 1
            setSize(box[2] * scale, box[3] * scale, &facts)
        }
        return facts
    }

    private static func setSize(_ width: Double, _ height: Double, _ facts: inout HeaderFacts) {
        facts.setSize(Int(exactly: width.rounded()), Int(exactly: height.rounded()))
    }

    /// Where the first element begins: behind byte order mark, declaration, comments and document type.
    private static func rootElement(_ head: HeadBytes) -> Int? {
        var offset = head.has([0xef, 0xbb, 0xbf]) ? 3 : 0
        while let byte = head.byte(offset) {
            if isSpace(byte) {
                offset += 1
            } else if head.has("<?", at: offset) {
                guard let end = head.find("?>", from: offset) else { return nil }
                offset = end + 2
            } else if head.has("<!--", at: offset) {
                guard let end = head.find("-->", from: offset + 4) else { return nil }
                offset = end + 3
            } else if head.has("<!DOCTYPE", at: offset) {
                guard let end = endOfDeclaration(head, offset) else { return nil }
                offset = end
            } else {
                return offset
            }
        }
        return nil
    }

    private static func isSpace(_ byte: Int) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }

    /// Behind the `>` of a document type, which may hold entities in brackets, and text in quotes.
    private static func endOfDeclaration(_ head: HeadBytes, _ start: Int) -> Int? {
        var offset = start
        var isInBrackets = false
        var quote: Int?
        while let byte = head.byte(offset) {
            offset += 1
            if let open = quote {
                if byte == open { quote = nil }
                continue
            }
            switch byte {
            case 0x22, 0x27: quote = byte
            case 0x5b: isInBrackets = true
            case 0x5d: isInBrackets = false
            case 0x3e where !isInBrackets: return offset
            default: break
            }
        }
        return nil
    }

    /// The attributes of an element as text, up to its `>`, or nil when the name goes on: `<svgfoo`.
    private static func openingTag(_ head: HeadBytes, _ start: Int) -> String? {
        guard let next = head.byte(start), isSpace(next) || next == 0x3e || next == 0x2f,
            let end = endOfDeclaration(head, start)
        else { return nil }
        return head.text(start..<end - 1)
    }

    private static func attributes(_ tag: String) -> [String: String] {
        var attributes: [String: String] = [:]
        var rest = tag[...]
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].split(whereSeparator: \.isWhitespace).last.map(String.init) ?? ""
            rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
            guard let quote = rest.popFirst(), quote == "\"" || quote == "'", let end = rest.firstIndex(of: quote)
            else { break }
            attributes[name] = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
        }
        return attributes
    }

    /// A plain number, or one of pixels; other units depend on where the picture is shown.
    private static func pixels(_ text: String?) -> Double? {
        guard var text = text?.drop(while: \.isWhitespace) else { return nil }
        while text.last?.isWhitespace == true { text.removeLast() }
        var factor = 1.0
        if let unit = units.first(where: { text.hasSuffix($0.name) }) {
            text.removeLast(unit.name.count)
            factor = unit.pixels
        }
        guard let first = text.first, first.isASCII, first.isNumber || first == "." || first == "+",
            let value = Double(text), value > 0
        else { return nil }
        return value * factor
    }

    /// Pixels, by CSS Values 4, 6.2.
    private static let units: [(name: String, pixels: Double)] = [
        ("px", 1), ("in", 96), ("cm", 96 / 2.54), ("mm", 96 / 25.4), ("pt", 96 / 72), ("pc", 16),
    ]
}
