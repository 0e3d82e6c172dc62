/// `CRLF "--" boundary`, which ends a part's bytes, and the search for it (RFC 2046 §5.1.1).
///
/// The search is Boyer-Moore-Horspool: it looks at one byte in a delimiter's length, most of the time. It never looks
/// twice at the bytes of a near miss: the only CR of the delimiter is its first byte, so none of the bytes that matched
/// after it can start another one. That keeps the time linear for any data, a flood of near misses included.
struct MultipartDelimiter: Sendable {
    /// 5 to 74 bytes.
    let bytes: [UInt8]
    /// By the value of the last byte under the delimiter: how far the delimiter can move on.
    private let skips: [UInt8]

    init(_ boundary: MultipartBoundary) {
        bytes = Array("\r\n--\(boundary.value)".utf8)
        var skips = [UInt8](repeating: UInt8(bytes.count), count: 256)
        for (index, byte) in bytes.dropLast().enumerated() {
            skips[Int(byte)] = UInt8(bytes.count - 1 - index)
        }
        self.skips = skips
    }

    enum Match: Equatable {
        /// The first delimiter starts here.
        case whole(at: Int)
        /// The text ends in the beginning of a delimiter, which starts here.
        case beginning(at: Int)
        case none
    }

    func firstMatch(in text: Span<UInt8>) -> Match {
        let delimiter = bytes.span
        let skips = skips.span
        let last = delimiter.count - 1
        var position = 0
        while position + last < text.count {
            let byte = text[position + last]
            guard byte == delimiter[last] else {
                position += Int(skips[Int(byte)])
                continue
            }
            let matched = matchingBytes(in: text, from: position, after: 0)
            if matched == delimiter.count { return .whole(at: position) }
            // A boundary like `aaaa` makes for skips of 1: go to the next CR instead, there is no other start.
            let end = position + delimiter.count
            position += max(matched, Int(skips[Int(byte)]))
            while position < end, text[position] != delimiter[0] { position += 1 }
        }
        while position < text.count {
            if text[position] == delimiter[0] {
                let matched = matchingBytes(in: text, from: position, after: 0)
                if position + matched == text.count { return .beginning(at: position) }
            }
            position += 1
        }
        return .none
    }

    /// How many bytes of `text`, from `start` on, go on with the delimiter when its first `known` bytes stood before them.
    func matchingBytes(in text: Span<UInt8>, from start: Int = 0, after known: Int) -> Int {
        let delimiter = bytes.span
        let end = min(delimiter.count - known, text.count - start)
        var count = 0
        while count < end, text[start + count] == delimiter[known + count] { count += 1 }
        return count
    }
}
