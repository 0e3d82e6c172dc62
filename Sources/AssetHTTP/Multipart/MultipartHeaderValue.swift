/// A header's value of the form `type; name=value; name="value"`, as in `Content-Type` and `Content-Disposition`.
///
/// In a quoted value only `\"` and `\\` are escapes: curl sends them, while old browsers send `C:\dir\a.jpg` as it is.
struct MultipartHeaderValue {
    /// What stands before the first `;`, in lower case, without spaces around it.
    let type: String
    /// The parameters by their name in lower case. Nil when they cannot be read, or when one is given twice: readers
    /// that pick a different one of the two disagree about what was sent.
    let parameters: [String: String]?

    /// - Parameter text: valid UTF-8.
    init(_ text: some Collection<UInt8>) {
        var scanner = Scanner(bytes: Array(text))
        type = scanner.token(upTo: [.semicolon]).lowercased()
        parameters = scanner.parameters()
    }
}

extension MultipartHeaderValue {
    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        private var next: UInt8? {
            position < bytes.count ? bytes[position] : nil
        }

        /// The text before the first of `ends` (or the end), without spaces around it.
        mutating func token(upTo ends: [UInt8]) -> String {
            skipSpaces()
            let start = position
            while let byte = next, !ends.contains(byte) { position += 1 }
            var end = position
            while end > start, bytes[end - 1].isSpaceOrTab { end -= 1 }
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }

        mutating func parameters() -> [String: String]? {
            var found: [String: String] = [:]
            while next != nil {
                guard skip(.semicolon) else { return nil }
                skipSpaces()
                // `;;` and a `;` at the end are common slips, and cannot be misread.
                if next == nil || next == .semicolon { continue }
                let name = token(upTo: [.equals, .semicolon]).lowercased()
                guard skip(.equals), !name.isEmpty, found[name] == nil else { return nil }
                skipSpaces()
                guard let value = next == .quote ? quotedString() : token(upTo: [.semicolon]) else { return nil }
                found[name] = value
                skipSpaces()
            }
            return found
        }

        /// The string between the quote at the position and the one that ends it; nil when nothing ends it.
        private mutating func quotedString() -> String? {
            var value: [UInt8] = []
            position += 1
            while let byte = next {
                position += 1
                if byte == .quote { return String(decoding: value, as: UTF8.self) }
                if byte == .backslash, let escaped = next, escapes(escaped) {
                    value.append(escaped)
                    position += 1
                } else {
                    value.append(byte)
                }
            }
            return nil
        }

        /// Whether a backslash makes the byte after it literal. The `\"` of `filename="dir\"` does not, when it is the
        /// header's last: browsers don't escape backslashes, and the string would have no end otherwise.
        private func escapes(_ byte: UInt8) -> Bool {
            switch byte {
            case .backslash: true
            case .quote: !bytes[(position + 1)...].allSatisfy(\.isSpaceOrTab)
            default: false
            }
        }

        private mutating func skip(_ byte: UInt8) -> Bool {
            guard next == byte else { return false }
            position += 1
            return true
        }

        private mutating func skipSpaces() {
            while next?.isSpaceOrTab == true { position += 1 }
        }
    }
}

extension UInt8 {
    fileprivate static let quote = UInt8(ascii: "\"")
    fileprivate static let backslash = UInt8(ascii: "\\")
    fileprivate static let semicolon = UInt8(ascii: ";")
    fileprivate static let equals = UInt8(ascii: "=")

    /// The white space that header lines may hold (RFC 9110 §5.6.3).
    var isSpaceOrTab: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\t")
    }
}
