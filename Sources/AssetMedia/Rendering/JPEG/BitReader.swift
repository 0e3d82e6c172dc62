/// The next bits of entropy-coded data.
struct BitReader {
    /// The most significant bit comes first. Below `count` bits of it there may be some of the bits that come next.
    private(set) var buffer: UInt64 = 0
    /// How many bits of the buffer may be used, in the lower six bits. Those above them have no meaning, so that what is
    /// consumed can be subtracted with whatever else stands in an entry: one step less on the way from entry to entry.
    private var total = 0
    /// How many of all bits so far were zeros that come after the end.
    private var padding = 0
    /// Where the bytes come from that are not in the buffer yet.
    private var position: Int

    init(position: Int) { self.position = position }

    @inline(__always)
    private var count: Int { total & 63 }

    /// Afterwards there are at least 56 bits: after a marker, or the end of the bytes, come zeros.
    @inline(__always)
    mutating func refill(_ bytes: RawSpan) {
        if position <= bytes.byteCount &- 8 {
            // `position` is never negative, so these eight are within the bytes.
            let word = unsafe UInt64(
                bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self)
            )
            // None of them is 0xff, so there are no markers and no stuffed zeros.
            if (~word &- 0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 == 0 {
                buffer |= word &>> UInt64(truncatingIfNeeded: total)
                position &+= (63 &- count) &>> 3
                total = count | 56
                return
            }
        }
        (buffer, total, position, padding) = Self.refilled(bytes, buffer, count, position, padding)
    }

    /// The same byte by byte. By value, so that the reader can stay in registers.
    @inline(never)
    private static func refilled(
        _ bytes: RawSpan, _ buffer: UInt64, _ count: Int, _ position: Int, _ padding: Int
    ) -> (UInt64, Int, Int, Int) {
        var (buffer, count, position) = (buffer, count, position)
        while count < 56 {
            guard position < bytes.byteCount else { return (buffer, 63, position, padding + 63 - count) }
            let byte = bytes.byte(position)
            if byte == 0xff {
                guard position + 1 < bytes.byteCount, bytes.byte(position + 1) == 0 else {
                    return (buffer, 63, position, padding + 63 - count)
                }
                position += 1
            }
            position += 1
            buffer |= UInt64(byte) << UInt64(56 - count)
            count += 8
        }
        return (buffer, count, position, padding)
    }

    /// The bits must be there: see `refill`.
    @inline(__always)
    mutating func consume(_ value: HuffmanValue) {
        buffer &<<= UInt64(truncatingIfNeeded: value.bits)  // by the lower six bits of it
        total &-= Int(truncatingIfNeeded: value.bits)
    }

    @inline(__always)
    mutating func consume(_ skip: HuffmanSkip) {
        buffer &<<= UInt64(truncatingIfNeeded: skip.bits)
        total &-= Int(truncatingIfNeeded: skip.bits)
    }

    /// Whether bits were consumed that come after the end.
    @inline(__always)
    var isBeyondEnd: Bool { count < padding }

    /// Goes on after a marker. False when that is not the next thing that comes.
    mutating func pass(_ bytes: RawSpan, marker: UInt8) -> Bool {
        refill(bytes)
        // Before a marker there are up to seven bits without a meaning.
        guard padding > 0, (0..<8).contains(count - padding) else { return false }
        while position + 1 < bytes.byteCount, bytes.byte(position) == 0xff, bytes.byte(position + 1) == 0xff {
            position += 1
        }
        guard position + 1 < bytes.byteCount, bytes.byte(position) == 0xff, bytes.byte(position + 1) == marker else {
            return false
        }
        self = BitReader(position: position + 2)
        return true
    }
}
