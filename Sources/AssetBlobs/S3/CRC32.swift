/// The CRC-32 of ISO 3309 (zip, PNG), eight bytes at a time.
struct CRC32 {
    private static let tables: [[UInt32]] = {
        func step(_ value: UInt32) -> UInt32 { value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        let first = (0..<256).map { number in (0..<8).reduce(UInt32(number)) { value, _ in step(value) } }
        var tables = [first]
        for index in 0..<7 { tables.append(tables[index].map { first[Int($0 & 255)] ^ ($0 >> 8) }) }
        return tables
    }()

    private var state: UInt32 = .max

    var value: UInt32 { ~state }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        var index = 0
        Self.tables.withUnsafeBufferPointer { tables in
            while bytes.count - index >= 8 {
                let low = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)) ^ state
                let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index + 4, as: UInt32.self))
                let first = tables[7][Int(low & 255)] ^ tables[6][Int(low >> 8 & 255)]
                let second = tables[5][Int(low >> 16 & 255)] ^ tables[4][Int(low >> 24)]
                let third = tables[3][Int(high & 255)] ^ tables[2][Int(high >> 8 & 255)]
                let fourth = tables[1][Int(high >> 16 & 255)] ^ tables[0][Int(high >> 24)]
                state = first ^ second ^ third ^ fourth
                index += 8
            }
            while index < bytes.count {
                let byte = UInt8(truncatingIfNeeded: state) ^ bytes[index]
                state = tables[0][Int(byte)] ^ (state >> 8)
                index += 1
            }
        }
        self.state = state
    }
}
