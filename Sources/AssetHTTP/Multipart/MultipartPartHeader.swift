/// What a part says about itself in its headers (RFC 7578 §4.2, §4.4).
package struct MultipartPartHeader: Sendable, Equatable {
    /// The field's name. Nil when `Content-Disposition` has none, which RFC 7578 forbids but clients do.
    package let name: String?
    /// The file's name as sent: it may hold `/`, `\`, control characters, or nothing. Not nil marks a file: `""` is a file
    /// without a name.
    package let filename: String?
    /// The value of `Content-Type`, not interpreted. Nil when it is absent or empty.
    package let contentType: String?

    package init(name: String?, filename: String? = nil, contentType: String? = nil) {
        self.name = name
        self.filename = filename
        self.contentType = contentType
    }
}

extension MultipartPartHeader {
    /// Reads the header lines of one part.
    ///
    /// Names come in three spellings, and each is undone here:
    /// * raw UTF-8 with `%22`, `%0D` and `%0A` for a quote, CR and LF: browsers (WHATWG HTML, "multipart/form-data
    ///   encoding algorithm"), urllib3, curl. Nothing else is percent-decoded, as these clients don't escape `%` itself;
    /// * `\"` and `\\`: curl before 7.81, or with `--form-escape`;
    /// * `filename*=UTF-8''…` (RFC 5987 §3.2): urllib3 before 1.25, for `name` also. It wins over the plain one.
    ///
    /// - Parameter block: lines that end in CRLF.
    /// - Throws: ``MultipartError/malformedHeader`` when a line is not `name: value` in UTF-8 without control characters
    ///   (so a folded line is refused), when `Content-Disposition` is absent, unreadable, or not `form-data`, when it or
    ///   `Content-Type` is given twice, or when `Content-Transfer-Encoding` (deprecated, RFC 7578 §4.7) names anything
    ///   that would have to be decoded.
    init(parsing block: some Collection<UInt8>) throws(MultipartError) {
        guard let text = String(validating: block, as: UTF8.self) else { throw .malformedHeader }
        var fields: [String: String] = [:]
        for line in text.split(separator: "\r\n" as Character) {
            let (name, value) = try Self.field(line)
            guard Self.interpreted.contains(name), !value.isEmpty else { continue }
            guard fields.updateValue(value, forKey: name) == nil else { throw .malformedHeader }
        }

        if let encoding = fields["content-transfer-encoding"] {
            guard ["7bit", "8bit", "binary"].contains(MultipartHeaderValue(encoding.utf8).type) else {
                throw .malformedHeader
            }
        }
        guard let value = fields["content-disposition"] else { throw .malformedHeader }
        let disposition = MultipartHeaderValue(value.utf8)
        guard disposition.type == "form-data", let parameters = disposition.parameters else { throw .malformedHeader }
        self.init(
            name: try Self.text("name", of: parameters),
            filename: try Self.text("filename", of: parameters),
            contentType: fields["content-type"]
        )
    }

    private static let interpreted: Set = ["content-disposition", "content-type", "content-transfer-encoding"]

    /// Splits a line into the field's name in lower case, and its value without spaces around it.
    private static func field(_ line: Substring) throws(MultipartError) -> (name: String, value: String) {
        let bytes = line.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .malformedHeader }
        let name = line[..<colon]
        var value = bytes[bytes.index(after: colon)...]
        guard !name.isEmpty, name.utf8.allSatisfy({ 0x21...0x7E ~= $0 }),
            value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") })
        else { throw .malformedHeader }
        value = value.drop(while: \.isSpaceOrTab)
        while value.last?.isSpaceOrTab == true { value.removeLast() }
        return (name.lowercased(), String(Substring(value)))
    }

    private static func text(_ name: String, of parameters: [String: String]) throws(MultipartError) -> String? {
        if let extended = parameters[name + "*"] { return try decodeExtended(extended) }
        return parameters[name].map(decodeFormEscapes)
    }

    /// `%22`, `%0D` and `%0A`, spelled exactly so, become the bytes they stand for.
    private static func decodeFormEscapes(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = ArraySlice(text.utf8)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let escaped = formEscapes[Array(rest.prefix(2))] else {
                bytes.append(byte)
                continue
            }
            bytes.append(escaped)
            rest.removeFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let formEscapes: [[UInt8]: UInt8] = [
        Array("22".utf8): UInt8(ascii: "\""),
        Array("0D".utf8): UInt8(ascii: "\r"),
        Array("0A".utf8): UInt8(ascii: "\n"),
    ]

    /// `UTF-8'en'na%C3%AFve.txt`; RFC 8187 leaves UTF-8 as the only character set.
    private static func decodeExtended(_ text: String) throws(MultipartError) -> String {
        let pieces = text.utf8.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, Substring(pieces[0]).lowercased() == "utf-8" else { throw .malformedHeader }
        var bytes: [UInt8] = []
        var rest = ArraySlice(pieces[2])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigitValue, let low = rest.popFirst()?.hexDigitValue else {
                throw .malformedHeader
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw .malformedHeader }
        return decoded
    }
}

extension UInt8 {
    fileprivate var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
