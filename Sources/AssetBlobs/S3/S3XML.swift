import Foundation

/// An element of the XML that S3 answers with: names without a prefix, children in order, the text between them. Attributes and
/// document types are passed over.
struct S3XML {
    let name: String
    private(set) var text = ""
    private(set) var children: [S3XML] = []

    subscript(_ name: String) -> String? { children.first { $0.name == name }?.text }

    func all(_ name: String) -> [S3XML] { children.filter { $0.name == name } }

    /// nil when it is not well-formed, or nested more than 16 deep.
    init?(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        guard let root = S3XML(parsing: &rest, depth: 0) else { return nil }
        self = root
    }

    private init?(parsing rest: inout ArraySlice<UInt8>, depth: Int) {
        guard depth < 16, Self.skipToElement(&rest), rest.first == UInt8(ascii: "<") else { return nil }
        rest.removeFirst()
        guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
        var tag = rest[..<end]
        rest = rest[(end + 1)...]
        let isEmpty = tag.last == UInt8(ascii: "/")
        if isEmpty { tag.removeLast() }
        guard let name = Self.name(tag) else { return nil }
        self.name = name
        if isEmpty { return }
        var content: [UInt8] = []
        while let byte = rest.first {
            if byte != UInt8(ascii: "<") {
                content.append(byte)
                rest.removeFirst()
            } else if rest.starts(with: "</".utf8) {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")),
                    Self.name(rest[(rest.startIndex + 2)..<end]) == name
                else { return nil }
                rest = rest[(end + 1)...]
                guard let text = Self.decoded(content) else { return nil }
                self.text = text
                return
            } else if rest.starts(with: "<![CDATA[".utf8) {
                rest = rest.dropFirst(9)
                guard let range = Self.range(of: "]]>", in: rest) else { return nil }
                content += Self.escaped(rest[..<range.lowerBound])
                rest = rest[range.upperBound...]
            } else if rest.starts(with: "<!".utf8) || rest.starts(with: "<?".utf8) {
                guard Self.skipMarkup(&rest) else { return nil }
            } else {
                guard let child = S3XML(parsing: &rest, depth: depth + 1) else { return nil }
                children.append(child)
            }
        }
        return nil
    }

    /// White space (which a store may send while it is at work), the declaration, comments.
    private static func skipToElement(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        while true {
            rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
            guard rest.starts(with: "<!".utf8) || rest.starts(with: "<?".utf8) else { return true }
            guard skipMarkup(&rest) else { return false }
        }
    }

    private static func skipMarkup(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let ending = rest.starts(with: "<!--".utf8) ? "-->" : rest.starts(with: "<?".utf8) ? "?>" : ">"
        guard let range = range(of: ending, in: rest) else { return false }
        rest = rest[range.upperBound...]
        return true
    }

    private static func range(of text: String, in bytes: ArraySlice<UInt8>) -> Range<Int>? {
        bytes.indices.first { bytes[$0...].starts(with: text.utf8) }.map { $0..<$0 + text.utf8.count }
    }

    private static func name(_ tag: ArraySlice<UInt8>) -> String? {
        let whole = tag.prefix { $0 > 0x20 }
        let local = whole.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).last ?? []
        return local.isEmpty ? nil : String(decoding: local, as: UTF8.self)
    }

    private static func escaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.flatMap { $0 == UInt8(ascii: "&") ? Array("&amp;".utf8) : [$0] }
    }

    /// As the text of an element.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }

    private static let entities: [String: UInt32] = ["amp": 38, "lt": 60, "gt": 62, "quot": 34, "apos": 39]

    private static func decoded(_ bytes: [UInt8]) -> String? {
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        var text = ""
        for (index, part) in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).enumerated() {
            guard index > 0 else {
                text += String(decoding: part, as: UTF8.self)
                continue
            }
            guard let end = part.firstIndex(of: UInt8(ascii: ";")) else { return nil }
            let name = String(decoding: part[..<end], as: UTF8.self)
            let number =
                name.hasPrefix("#x")
                ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : entities[name]
            guard let number, let scalar = Unicode.Scalar(number) else { return nil }
            text.unicodeScalars.append(scalar)
            text += String(decoding: part[(end + 1)...], as: UTF8.self)
        }
        return text
    }
}
