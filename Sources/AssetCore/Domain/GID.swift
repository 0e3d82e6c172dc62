import Foundation

/// A global identifier: a UUID of version 4, printed in lower case with hyphens (project reference 1.6).
///
/// Kept as 16 bytes, so that a million of them in a table or in memory stay small.
package struct GID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// A new random identifier.
    package init() {
        var random = SystemRandomNumberGenerator()
        high = (random.next() & 0xffff_ffff_ffff_0fff) | 0x0000_0000_0000_4000
        low = (random.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
    }

    /// A new identifier of something that is kept in great numbers: in front the milliseconds since 1970, as in UUIDs of version 7, then 74
    /// random bits.
    ///
    /// What is made at one time stands together in an index. Random ones would each touch a page of their own, which has to be
    /// written to the log and to the database.
    package init(madeOn moment: Timestamp) {
        let random = Self()
        high = UInt64(truncatingIfNeeded: moment.microseconds / 1000) << 16 | random.high & 0xffff
        low = random.low
    }

    /// Reads the printed form; upper case is accepted, any other version or variant is not.
    package init?(_ text: some StringProtocol) { self.init(digits: String(text)) }

    private init?(digits text: String) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        var position = 0
        for byte in text.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            guard digits < 32 else { return nil }
            if digits < 16 { high = high << 4 | UInt64(digit) } else { low = low << 4 | UInt64(digit) }
            digits += 1
        }
        guard position == 36, digits == 32, (high >> 12) & 0xf == 4, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// Reads the 16 stored bytes, most significant first.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        (high, low) = bytes.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                buffer[index] = UInt8(truncatingIfNeeded: high >> (56 - 8 * index))
                buffer[index + 8] = UInt8(truncatingIfNeeded: low >> (56 - 8 * index))
            }
            count = 16
        }
    }

    package var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var out = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[out] = UInt8(ascii: "-")
                    out += 1
                }
                let digit = UInt8(truncatingIfNeeded: (index < 16 ? high : low) >> (60 - 4 * (index % 16))) & 15
                buffer[out] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
                out += 1
            }
            return out
        }
    }
}
