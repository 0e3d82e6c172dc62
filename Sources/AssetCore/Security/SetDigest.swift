import Crypto

/// A hash of a set of byte strings that does not depend on their order: databases sort texts in different ways. Each string is hashed
/// with SHA-256, and the hashes are added up in four parts of 64 bits.
package struct SetDigest: Sendable, Equatable, CustomStringConvertible {
    package private(set) var count: Int64 = 0
    private var parts: [UInt64] = [0, 0, 0, 0]

    package init() {}

    package mutating func add(_ bytes: [UInt8]) {
        count += 1
        let hash = Array(SHA256.hash(data: bytes))
        for part in 0..<4 {
            parts[part] &+= hash[part * 8..<part * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    package var description: String {
        "\(count)-" + Secrets.hex(parts.flatMap { part in (0..<8).map { UInt8(truncatingIfNeeded: part >> ($0 * 8)) } })
    }
}
