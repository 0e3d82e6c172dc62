import NIOCore

/// The first bytes of a file. Reading outside of them gives nil, never a trap, whatever the offset; so a parser may add up what the
/// file claims without checking each step.
struct HeadBytes {
    private let buffer: ByteBuffer
    /// Whether the file has no more bytes than these.
    let isWholeFile: Bool

    init(_ head: ByteBuffer, fileSize: Int64) {
        buffer = head.slice()
        isWholeFile = fileSize <= Int64(head.readableBytes)
    }

    var count: Int { buffer.readableBytes }

    func byte(_ offset: Int) -> Int? {
        buffer.getInteger(at: offset, as: UInt8.self).map { Int($0) }
    }

    func uint16(_ offset: Int, _ order: Endianness) -> Int? {
        buffer.getInteger(at: offset, endianness: order, as: UInt16.self).map { Int($0) }
    }

    func uint24(_ offset: Int, _ order: Endianness) -> Int? {
        guard let first = byte(offset), let second = byte(offset + 1), let third = byte(offset + 2) else { return nil }
        return order == .big ? first << 16 | second << 8 | third : third << 16 | second << 8 | first
    }

    func uint32(_ offset: Int, _ order: Endianness) -> Int? {
        buffer.getInteger(at: offset, endianness: order, as: UInt32.self).map { Int($0) }
    }

    func int32(_ offset: Int, _ order: Endianness) -> Int? {
        buffer.getInteger(at: offset, endianness: order, as: Int32.self).map { Int($0) }
    }

    /// nil also when the number is too large for an offset.
    func uint64(_ offset: Int, _ order: Endianness) -> Int? {
        buffer.getInteger(at: offset, endianness: order, as: UInt64.self).flatMap { Int(exactly: $0) }
    }

    /// Whether these bytes are at this place. For signatures, which are ASCII.
    func has(_ text: StaticString, at offset: Int = 0) -> Bool {
        guard let view = buffer.viewBytes(at: offset, length: text.utf8CodeUnitCount) else { return false }
        return text.withUTF8Buffer { unsafe view.elementsEqual($0) }
    }

    func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
        guard let view = buffer.viewBytes(at: offset, length: bytes.count) else { return false }
        return view.elementsEqual(bytes)
    }

    /// Four characters that name a box, chunk or brand.
    func code(_ offset: Int) -> String? { buffer.getString(at: offset, length: 4) }

    /// Where these bytes are first found from `start` on, before `end`.
    func find(_ text: StaticString, from start: Int, before end: Int? = nil) -> Int? {
        let last = min(end ?? count, count) - text.utf8CodeUnitCount
        guard start >= 0, start <= last else { return nil }
        return (start...last).first { has(text, at: $0) }
    }

    /// The bytes of a range, as far as there are any, as text.
    func text(_ range: Range<Int>) -> String {
        let range = range.clamped(to: 0..<count)
        return buffer.getString(at: range.lowerBound, length: range.count) ?? ""
    }
}
