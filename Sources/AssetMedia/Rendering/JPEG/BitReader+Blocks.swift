extension BitReader {
    /// Reads by how much the first coefficient of a block differs from the one before. Afterwards there are 25 bits.
    /// - Returns: nil when the data are damaged
    @inline(__always)
    mutating func readDifference(_ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int) -> Int32? {
        refill(bytes)
        let value = value(bytes, tables, slot)
        guard !value.isUnknown else { return nil }
        consume(value)
        return value.value
    }

    /// Reads the coefficients up to the last one that matters. There must be 25 bits; afterwards there are as many.
    /// - Parameters:
    ///   - next: the index of the next coefficient; afterwards 64 when the block has ended
    ///   - use: gets the index of a coefficient, from 0 to 63, and its value
    /// - Returns: false when the data are damaged
    @inline(__always)
    mutating func readValues(
        _ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int, _ next: inout Int, _ last: Int,
        use: (_ index: Int, _ value: Float) -> Void
    ) -> Bool {
        while next <= last {
            // Two from the table take at most 22 bits, and one that is not in it makes sure of its own.
            guard readValue(bytes, tables, slot, &next, use: use) else { return false }
            if next <= last {
                guard readValue(bytes, tables, slot, &next, use: use) else { return false }
            }
            refill(bytes)
        }
        return true
    }

    @inline(__always)
    private mutating func readValue(
        _ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int, _ next: inout Int,
        use: (_ index: Int, _ value: Float) -> Void
    ) -> Bool {
        let value = value(bytes, tables, slot)
        let after = next &+ value.advance
        consume(value)
        if after > 64 {
            next = 64
            return after & ~63 == HuffmanEntry.blockEnd
        }
        // A value advances at least by one.
        use((after &- 1) & 63, Float(value.value))
        next = after
        return true
    }

    /// Passes over the remaining coefficients of a block. There must be 18 bits.
    /// - Parameter next: the index of the next coefficient
    /// - Returns: false when the data are damaged
    @inline(__always)
    mutating func skipValues(_ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int, _ next: Int) -> Bool {
        let size = 1 << HuffmanTables.skipWidth
        let skips = tables.skips.span.extracting(slot * size..<(slot + 1) * size)
        var next = next
        while true {
            // Three of at most 18 bits each are there after a refill.
            var skip = skip(skips)
            var after = next &+ skip.advance
            if after < 64 {
                consume(skip)
                next = after
                refill(bytes)
                skip = self.skip(skips)
                after = next &+ skip.advance
                if after < 64 {
                    consume(skip)
                    next = after
                    skip = self.skip(skips)
                    after = next &+ skip.advance
                    if after < 64 {
                        consume(skip)
                        next = after
                        continue
                    }
                }
            }
            if after == 64 || after & ~63 == HuffmanEntry.blockEnd {
                consume(skip)
                return true
            }
            // It begins with a long code, or not all of its symbols are of this block.
            refill(bytes)
            let value = tables.value(slot, buffer)
            after = next &+ value.advance
            consume(value)
            guard after < 64 else { return after == 64 || after & ~63 == HuffmanEntry.blockEnd }
            next = after
            refill(bytes)
        }
    }

    /// The next value. There must be `HuffmanTables.valueWidth` bits; afterwards there are those of the value.
    @inline(__always)
    private mutating func value(_ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int) -> HuffmanValue {
        let prefix = Int(truncatingIfNeeded: buffer &>> UInt64(64 - HuffmanTables.valueWidth))
        let value = HuffmanValue(bits: tables.values[slot &<< HuffmanTables.valueWidth &+ prefix])
        guard value.isUnknown else { return value }
        refill(bytes)
        return tables.value(slot, buffer)
    }

    /// - Parameter skips: `1 << HuffmanTables.skipWidth`
    @inline(__always)
    private func skip(_ skips: Span<UInt16>) -> HuffmanSkip {
        let prefix = Int(truncatingIfNeeded: buffer &>> UInt64(64 - HuffmanTables.skipWidth))
        return HuffmanSkip(bits: skips[prefix])
    }
}
