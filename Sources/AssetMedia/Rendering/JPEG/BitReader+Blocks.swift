extension BitReader {
    /// Reads by how much the first coefficient of a block differs from the one before. Afterwards there are 25 bits.
    /// - Returns: nil when the data are damaged
    @inline(__always)
    mutating func readDifference(_ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int) -> Int32? {
        refill(bytes)
        let value = value(bytes, tables, tables.values.span.extracting(HuffmanTables.values(of: slot)), slot)
        guard !value.isUnknown else { return nil }
        consume(value)
        return value.value
    }

    /// Reads the coefficients up to the last one that matters. There must be 25 bits; afterwards there are 56.
    /// - Parameters:
    ///   - next: the index of the next coefficient, at most `last`; afterwards 64 when the block has ended
    ///   - use: gets the index of a coefficient, from 0 to 63, and its value
    /// - Returns: false when the data are damaged
    @inline(__always)
    mutating func readValues(
        _ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int, _ next: inout Int, _ last: Int,
        use: (_ index: Int, _ value: Int32) -> Void
    ) -> Bool {
        let values = tables.values.span.extracting(HuffmanTables.values(of: slot))
        while next <= last {
            // Two from the table take at most 24 bits, and one that is not in it makes sure of its own.
            guard readValue(bytes, tables, values, slot, &next, use: use) else { return false }
            if next <= last {
                guard readValue(bytes, tables, values, slot, &next, use: use) else { return false }
            }
            refill(bytes)
        }
        return true
    }

    @inline(__always)
    private mutating func readValue(
        _ bytes: RawSpan, _ tables: HuffmanTables, _ values: Span<UInt32>, _ slot: Int, _ next: inout Int,
        use: (_ index: Int, _ value: Int32) -> Void
    ) -> Bool {
        let value = value(bytes, tables, values, slot)
        let after = next &+ value.advance
        consume(value)
        if after > 64 {
            next = 64
            return after & ~63 == HuffmanEntry.blockEnd
        }
        // A value advances at least by one.
        use((after &- 1) & 63, value.value)
        next = after
        return true
    }

    /// Passes over the remaining coefficients of a block. There must be 56 bits.
    /// - Parameter next: the index of the next coefficient
    /// - Returns: false when the data are damaged
    @inline(__always)
    mutating func skipValues(_ bytes: RawSpan, _ tables: HuffmanTables, _ slot: Int, _ next: Int) -> Bool {
        let skips = tables.skips.span.extracting(HuffmanTables.skips(of: slot))
        var next = next
        while true {
            // Four of at most 14 bits each are there after a refill.
            var skip = skip(skips)
            var after = next &+ skip.advance
            if after < 64 {
                consume(skip)
                next = after
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
                        skip = self.skip(skips)
                        after = next &+ skip.advance
                        if after < 64 {
                            consume(skip)
                            next = after
                            refill(bytes)
                            continue
                        }
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
    /// - Parameter values: those of the slot
    @inline(__always)
    private mutating func value(
        _ bytes: RawSpan, _ tables: HuffmanTables, _ values: Span<UInt32>, _ slot: Int
    ) -> HuffmanValue {
        let prefix = Int(truncatingIfNeeded: buffer &>> UInt64(64 - HuffmanTables.valueWidth))
        let value = HuffmanValue(bits: values[prefix])
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
