/// One entry of a tar file: POSIX.1-2001 (pax), as every tar writes and reads it. Names and sizes that the old form cannot hold stand
/// in an extended header before the entry.
struct TarEntry: Equatable {
    enum Kind: UInt8 {
        case file = 0x30
        /// The same bytes as an earlier entry.
        case hardLink = 0x31
        case folder = 0x35
    }

    var name: String
    var kind = Kind.file
    var size: Int64 = 0
    /// Seconds since 1970.
    var modifiedOn: Int64 = 0
    /// The earlier entry of a hard link.
    var linkName = ""
}

enum TarFormat {
    static let block = 512
    static let extended: UInt8 = 0x78

    /// How many zero bytes follow a body of this size.
    static func padding(_ size: Int64) -> Int { Int((Int64(block) - size % Int64(block)) % Int64(block)) }

    /// The blocks that stand before an entry's body.
    static func header(_ entry: TarEntry) -> [UInt8] {
        var records: [(String, String)] = []
        if !fits(entry.name, 100) { records.append(("path", entry.name)) }
        if !fits(entry.linkName, 100) { records.append(("linkpath", entry.linkName)) }
        if entry.size > 0o77_777_777_777 { records.append(("size", String(entry.size))) }
        guard !records.isEmpty else { return block(entry, type: entry.kind.rawValue) }
        let body = records.flatMap(record)
        var extra = entry
        extra.name = "PaxHeader"
        extra.linkName = ""
        extra.size = Int64(body.count)
        let head = block(extra, type: extended) + body + [UInt8](repeating: 0, count: padding(extra.size))
        return head + block(entry, type: entry.kind.rawValue)
    }

    private static func fits(_ text: String, _ length: Int) -> Bool {
        text.utf8.count <= length && text.utf8.allSatisfy { $0 < 0x80 }
    }

    /// `<length> <key>=<value>\n`, where the length counts itself.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        return Array("\(length)\(rest)".utf8)
    }

    private static func block(_ entry: TarEntry, type: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at start: Int, _ length: Int) {
            for (index, byte) in text.utf8.prefix(length).enumerated() { block[start + index] = byte }
        }
        func put(_ number: Int64, at start: Int, digits: Int) {
            let text = String(max(number, 0), radix: 8)
            put(
                String(repeating: "0", count: max(0, digits - text.utf8.count)) + text.suffix(digits), at: start, digits
            )
        }
        put(entry.name, at: 0, 100)
        put(entry.kind == .folder ? 0o755 : 0o644, at: 100, digits: 7)
        put(0, at: 108, digits: 7)
        put(0, at: 116, digits: 7)
        put(min(entry.size, 0o77_777_777_777), at: 124, digits: 11)
        put(min(entry.modifiedOn, 0o77_777_777_777), at: 136, digits: 11)
        block[156] = type
        put(entry.linkName, at: 157, 100)
        put("ustar", at: 257, 6)
        put("00", at: 263, 2)
        put(0, at: 329, digits: 7)
        put(0, at: 337, digits: 7)
        put(checksum(block), at: 148, digits: 6)
        block[155] = 0x20
        return block
    }

    /// The sum of all bytes, with the field that holds it taken as spaces.
    private static func checksum(_ block: [UInt8]) -> Int64 {
        block.enumerated().reduce(0) { $0 + Int64((148..<156).contains($1.offset) ? 0x20 : $1.element) }
    }

    /// What a header block says; nil for a block of zeros, which ends the file.
    /// - Throws: `CommandFailure` when this is no header.
    static func parse(_ block: [UInt8]) throws -> (entry: TarEntry, type: UInt8)? {
        if block.allSatisfy({ $0 == 0 }) { return nil }
        guard let sum = number(block, 148, 8), sum == checksum(block), let size = number(block, 124, 12) else {
            throw CommandFailure(description: "This is not a tar file, or it is damaged")
        }
        var name = text(block, 0, 100)
        let prefix = text(block, 257, 5) == "ustar" ? text(block, 345, 155) : ""
        if !prefix.isEmpty { name = "\(prefix)/\(name)" }
        let type = block[156] == 0 ? TarEntry.Kind.file.rawValue : block[156]
        return (
            TarEntry(
                name: name, kind: TarEntry.Kind(rawValue: type) ?? .file, size: size,
                modifiedOn: number(block, 136, 12) ?? 0, linkName: text(block, 157, 100)), type
        )
    }

    /// The records of an extended header.
    static func records(_ body: [UInt8]) -> [String: String] {
        var records: [String: String] = [:]
        var rest = body[...]
        while let space = rest.firstIndex(of: 0x20),
            let length = Int(String(decoding: rest[rest.startIndex..<space], as: UTF8.self)), length > 0,
            length <= rest.count, space - rest.startIndex < length
        {
            let record = rest[space..<(rest.startIndex + length)].dropFirst().dropLast()
            if let equals = record.firstIndex(of: 0x3d) {
                records[String(decoding: record[..<equals], as: UTF8.self)] =
                    String(decoding: record[record.index(after: equals)...], as: UTF8.self)
            }
            rest = rest.dropFirst(length)
        }
        return records
    }

    private static func text(_ block: [UInt8], _ start: Int, _ length: Int) -> String {
        String(decoding: block[start..<start + length].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or, with the highest bit set, a binary number.
    private static func number(_ block: [UInt8], _ start: Int, _ length: Int) -> Int64? {
        let field = block[start..<start + length]
        if let first = field.first, first & 0x80 != 0 {
            return field.dropFirst().reduce(Int64(first & 0x7f)) { ($0 << 8) | Int64($1) }
        }
        let digits = field.filter { $0 != 0 && $0 != 0x20 }
        if digits.isEmpty { return 0 }
        return Int64(String(decoding: digits, as: UTF8.self), radix: 8)
    }
}
