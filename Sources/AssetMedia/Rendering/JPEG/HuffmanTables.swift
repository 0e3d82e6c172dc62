/// A Huffman code of a JPEG.
struct HuffmanCode {
    /// In the order of their codes.
    let symbols: [UInt8]
    /// How many codes there are of each length, from 1 bit.
    let counts: [Int]
    /// For each length from 0, the first number of 16 bits that does not begin with a code of at most that length.
    private let ends: [Int]

    /// Nil when there are more codes than there can be. The code of only ones is reserved.
    /// - Parameter counts: how many codes there are of each length, 16; their sum is the number of the symbols
    init?(counts: [Int], symbols: [UInt8]) {
        guard counts.count == 16, symbols.count <= 256, counts.reduce(0, +) == symbols.count else { return nil }
        var ends = [0]
        for (index, count) in counts.enumerated() {
            ends.append(ends[index] + count << (15 - index))
            guard count == 0 || ends[index + 1] < 0x10000 else { return nil }
        }
        self.symbols = symbols
        self.counts = counts
        self.ends = ends
    }

    /// The symbol that these 16 bits begin with, and the length of its code.
    func symbol(_ prefix: Int) -> (symbol: UInt8, length: Int)? {
        var first = 0
        for length in 1...16 {
            let index = first + (prefix - ends[length - 1]) >> (16 - length)
            first += counts[length - 1]
            if prefix < ends[length] { return (symbols[index], length) }
        }
        return nil
    }
}

/// What a code, and the bits that come after it, mean.
///
/// A number: from bit 0 how many bits to consume, from bit 8 the length of the code, from bit 16 the size of the value
/// that comes after it, from bit 24 how many coefficients it stands for.
struct HuffmanEntry {
    let bits: UInt32

    /// Added to the number of coefficients: the block ends here.
    static let blockEnd = 128
    /// There is no code that begins so, or it is longer than the table is wide.
    static let unknown = HuffmanEntry(bits: 255 << 24)

    @inline(__always)
    init(bits: UInt32) { self.bits = bits }

    /// - Parameter isDirect: of the first coefficient of a block
    init(symbol: UInt8, length: Int, isDirect: Bool) {
        let size = Int(symbol & 15)
        var advance = Int(symbol >> 4) + 1
        if isDirect {
            advance = 1
        } else if size == 0, symbol != 0xf0 {
            advance = Self.blockEnd  // libjpeg takes all such symbols for it
        }
        bits = UInt32(truncatingIfNeeded: length + size | length << 8 | size << 16 | advance << 24)
    }

    @inline(__always) var total: Int { Int(truncatingIfNeeded: bits & 63) }
    @inline(__always) var advance: Int { Int(truncatingIfNeeded: bits &>> 24) }
    @inline(__always) var length: UInt64 { UInt64(truncatingIfNeeded: bits &>> 8 & 31) }
    @inline(__always) var size: UInt64 { UInt64(truncatingIfNeeded: bits &>> 16 & 15) }
    @inline(__always) var isUnknown: Bool { bits == Self.unknown.bits }
}

/// A coefficient that some bits stand for.
///
/// A number: from bit 0 how many bits to consume, from bit 8 how many coefficients they stand for, of which all but the
/// last are zero, from bit 16 the value of that one.
struct HuffmanValue {
    let bits: UInt32

    static let unknown = HuffmanValue(bits: 255 << 8)

    @inline(__always)
    init(bits: UInt32) { self.bits = bits }

    /// - Parameter buffer: begins with the code of the entry
    init(_ entry: HuffmanEntry, _ buffer: UInt64) {
        let after = buffer &<< entry.length
        let magnitude = Int((after &>> 1) &>> (63 &- entry.size))
        let isNegative = Int64(bitPattern: after) >= 0
        let value = isNegative ? magnitude &- (1 &<< Int(entry.size) &- 1) : magnitude
        bits = UInt32(truncatingIfNeeded: entry.total | entry.advance << 8 | value << 16)
    }

    @inline(__always) var advance: Int { Int(truncatingIfNeeded: bits &>> 8 & 255) }
    @inline(__always) var value: Int32 { Int32(bitPattern: bits) &>> 16 }
    @inline(__always) var isUnknown: Bool { bits == Self.unknown.bits }
}

/// What some codes, and the bits that come after them, mean for one who passes over them.
///
/// A number: from bit 0 how many bits to consume, from bit 6 how many coefficients these stand for.
struct HuffmanSkip {
    let bits: UInt16

    static let unknown = HuffmanSkip(total: 0, advance: 255)

    @inline(__always)
    init(bits: UInt16) { self.bits = bits }

    @inline(__always)
    init(total: Int, advance: Int) { bits = UInt16(truncatingIfNeeded: total | advance << 6) }

    @inline(__always) var advance: Int { Int(truncatingIfNeeded: bits &>> 6) }
}

/// Tables of all codes of a picture that are indexed by the next bits of its data.
struct HuffmanTables {
    /// A slot of `1 << valueWidth` entries for each code: the value that these bits begin with, if they are enough.
    private(set) var values: [UInt32] = []
    /// A slot of `1 << skipWidth` entries for each code: what as many symbols as these bits have mean.
    private(set) var skips: [UInt16] = []
    /// A slot of `1 << skipWidth` entries for each code: what the first symbol of these bits means.
    private var entries: [UInt32] = []
    private var codes: [(code: HuffmanCode, isDirect: Bool)] = []

    static let valueWidth = 12
    static let skipWidth = 12
    /// An entry of `skips` does not take more bits than this, so four of them may be used without a refill.
    static let longestSkip = 14

    /// Returns the slot.
    mutating func append(_ code: HuffmanCode, isDirect: Bool) -> Int {
        let slot = codes.count
        codes.append((code, isDirect))
        let singles = Self.singles(code, isDirect)
        entries += singles
        values += (0..<1 << Self.valueWidth).map {
            let entry = HuffmanEntry(bits: singles[$0 << (Self.skipWidth - Self.valueWidth)])
            guard !entry.isUnknown, entry.total <= Self.valueWidth else { return HuffmanValue.unknown.bits }
            return HuffmanValue(entry, UInt64($0) << UInt64(64 - Self.valueWidth)).bits
        }
        if isDirect {
            skips += [UInt16](repeating: HuffmanSkip.unknown.bits, count: 1 << Self.skipWidth)
        } else {
            skips += (0..<singles.count).map { Self.skip($0, singles) }
        }
        return slot
    }

    /// Where those of a slot are in `values`.
    @inline(__always)
    static func values(of slot: Int) -> Range<Int> { slot << valueWidth..<slot << valueWidth + 1 << valueWidth }

    /// Where those of a slot are in `skips`.
    @inline(__always)
    static func skips(of slot: Int) -> Range<Int> { slot << skipWidth..<slot << skipWidth + 1 << skipWidth }

    /// What the first symbol of these bits means, however many bits it takes: at most 31.
    @inline(never)
    func value(_ slot: Int, _ buffer: UInt64) -> HuffmanValue {
        var entry = HuffmanEntry(bits: entries[slot << Self.skipWidth + Int(buffer >> UInt64(64 - Self.skipWidth))])
        if entry.isUnknown {
            let (code, isDirect) = codes[slot]
            guard let (symbol, length) = code.symbol(Int(buffer >> 48)) else { return .unknown }
            entry = HuffmanEntry(symbol: symbol, length: length, isDirect: isDirect)
        }
        return HuffmanValue(entry, buffer)
    }

    /// The first symbol of all numbers of `skipWidth` bits.
    private static func singles(_ code: HuffmanCode, _ isDirect: Bool) -> [UInt32] {
        var singles: [UInt32] = []
        singles.reserveCapacity(1 << skipWidth)
        var symbol = 0
        for length in 1...skipWidth {
            for _ in 0..<code.counts[length - 1] {
                let entry = HuffmanEntry(symbol: code.symbols[symbol], length: length, isDirect: isDirect)
                singles += repeatElement(entry.bits, count: 1 << (skipWidth - length))
                symbol += 1
            }
        }
        singles += repeatElement(HuffmanEntry.unknown.bits, count: 1 << skipWidth - singles.count)
        return singles
    }

    private static func skip(_ index: Int, _ singles: [UInt32]) -> UInt16 {
        let first = HuffmanEntry(bits: singles[index])
        guard !first.isUnknown, first.total <= longestSkip else { return HuffmanSkip.unknown.bits }
        var total = first.total
        var advance = first.advance
        while advance < HuffmanEntry.blockEnd, total < skipWidth {
            let next = HuffmanEntry(bits: singles[index << total & (1 << skipWidth - 1)])
            // The bits that were shifted in are none of the data.
            guard !next.isUnknown, total + next.total <= skipWidth else { break }
            guard next.advance == HuffmanEntry.blockEnd || advance + next.advance < 64 else { break }
            total += next.total
            advance += next.advance
        }
        return HuffmanSkip(total: total, advance: advance).bits
    }
}
