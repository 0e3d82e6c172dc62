import NIOCore

/// WebP (RFC 9649): RIFF with one of three kinds of first chunk.
enum WebPHeader {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        guard head.has("RIFF"), head.has("WEBP", at: 8) else { return nil }
        var facts = HeaderFacts.stillImage("webp")
        let content = 20
        switch head.code(12) {
        case "VP8 " where head.has([0x9d, 0x01, 0x2a], at: content + 3):
            facts.setSize(
                head.uint16(content + 6, .little).map { $0 & 0x3fff },
                head.uint16(content + 8, .little).map { $0 & 0x3fff })
            facts.transparent = false
        case "VP8L" where head.byte(content) == 0x2f:
            guard let bits = head.uint32(content + 1, .little) else { break }
            facts.setSize(bits & 0x3fff + 1, bits >> 14 & 0x3fff + 1)
            facts.transparent = bits >> 28 & 1 == 1
        case "VP8X":
            guard let flags = head.byte(content) else { break }
            facts.setSize(
                head.uint24(content + 4, .little).map { $0 + 1 }, head.uint24(content + 7, .little).map { $0 + 1 })
            facts.transparent = flags & 0x10 != 0
            if flags & 0x02 != 0 {
                facts.animated = true
                facts.pages = frameCount(head)
            }
        default: break
        }
        facts.colors = facts.transparent.map { $0 ? .truecolormatte : .truecolor }
        return facts
    }

    private static func frameCount(_ head: HeadBytes) -> Int? {
        guard head.isWholeFile else { return nil }
        var count = 0
        var offset = 12
        while let code = head.code(offset), let length = head.uint32(offset + 4, .little) {
            if code == "ANMF" { count += 1 }
            offset += 8 + length + length & 1
        }
        return count > 0 ? count : nil
    }
}
