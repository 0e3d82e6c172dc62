import OrderedCollections

/// Reads JSON (RFC 8259) in one pass, in time proportional to its length whatever it holds.
///
/// Foundation's decoder tries the types of each value one after the other and builds an error with the whole path for each miss:
/// thirteen kilobytes of nested lists kept it busy for minutes.
struct JSONParser {
    /// The deepest nesting that is read: more than any call needs.
    static let maximumDepth = 256

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: `badParameter("body")` that says what is wrong, and where.
    static func parse(_ bytes: [UInt8]) throws(AssetError) -> JSON {
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.wrong("More follows after the value") }
        return value
    }

    private func wrong(_ message: String) -> AssetError {
        .badParameter("body", "The body is not valid JSON: \(message) at byte \(position)")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(AssetError) -> JSON {
        guard depth <= Self.maximumDepth else { throw wrong("Nested more than \(Self.maximumDepth) deep") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw wrong("Something is missing")
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(AssetError) -> JSON {
        let isWord = word.withUTF8Buffer { letters in
            position + letters.count <= bytes.count && bytes[position..<position + letters.count].elementsEqual(letters)
        }
        guard isWord else { throw wrong("Unexpected characters") }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func array(depth: Int) throws(AssetError) -> JSON {
        var elements: [JSON] = []
        position += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw wrong("A list is not closed")
            }
        }
    }

    /// Of a repeated key the last value counts.
    private mutating func object(depth: Int) throws(AssetError) -> JSON {
        var object = JSON.Object()
        position += 1
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object([:])
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw wrong("A key is missing") }
            let key = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw wrong("A colon is missing") }
            position += 1
            object[key] = try value(depth: depth + 1)
            skipSpace()
            switch next {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(object)
            default: throw wrong("An object is not closed")
            }
        }
    }

    private mutating func string() throws(AssetError) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            position += 1
            return try text(bytes[start..<position - 1])
        }
        var content = Array(bytes[start..<position])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try text(content[...])
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw wrong("A string holds a control character")
            default:
                content.append(byte)
                position += 1
            }
        }
        throw wrong("A string is not closed")
    }

    private func text(_ content: ArraySlice<UInt8>) throws(AssetError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else { throw wrong("A string is not UTF-8") }
        return text
    }

    private mutating func escape(into content: inout [UInt8]) throws(AssetError) {
        position += 1
        guard let byte = next else { throw wrong("A string is not closed") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xd800..<0xdc00).contains(code), next == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try hexadecimal()
                guard (0xdc00..<0xe000).contains(low) else { throw wrong("A surrogate stands alone") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw wrong("A surrogate stands alone") }
            content.append(contentsOf: String(scalar).utf8)
        default: throw wrong("An unknown escape")
        }
    }

    private mutating func hexadecimal() throws(AssetError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw wrong("An escape is not hexadecimal")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    /// Whole numbers that fit 64 bits stay exact; a number like `1.0` or `1e3` that is whole becomes one.
    private mutating func number() throws(AssetError) -> JSON {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let digits = position
        skipDigits()
        guard position > digits, bytes[digits] != UInt8(ascii: "0") || position == digits + 1 else {
            throw wrong("Unexpected characters")
        }
        var isWhole = true
        if next == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            let fraction = position
            skipDigits()
            guard position > fraction else { throw wrong("A number is not complete") }
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            let exponent = position
            skipDigits()
            guard position > exponent else { throw wrong("A number is not complete") }
        }
        guard position - start <= 400 else { throw wrong("A number is too long") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .int(value) }
        guard let value = Double(text), value.isFinite else { throw wrong("A number is too large") }
        return Int64(exactly: value).map(JSON.int) ?? .double(value)
    }

    private mutating func skipDigits() {
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    }
}
