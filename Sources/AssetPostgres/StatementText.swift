/// Statements are written with `?` for values; PostgreSQL numbers them.
enum StatementText {
    /// Replaces each `?` outside of quotes and comments by `$1`, `$2` …
    static func numbered(_ sql: String) -> String {
        guard sql.utf8.contains(UInt8(ascii: "?")) else { return sql }
        var result: [UInt8] = []
        result.reserveCapacity(sql.utf8.count + 32)
        var number = 0
        var quote: UInt8?
        var isComment = false
        var last: UInt8 = 0
        for byte in sql.utf8 {
            if isComment {
                isComment = byte != UInt8(ascii: "\n")
            } else if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            } else if byte == UInt8(ascii: "-"), last == byte {
                isComment = true
            } else if byte == UInt8(ascii: "?") {
                number += 1
                result.append(UInt8(ascii: "$"))
                result.append(contentsOf: String(number).utf8)
                last = byte
                continue
            }
            result.append(byte)
            last = byte
        }
        return String(decoding: result, as: UTF8.self)
    }
}
