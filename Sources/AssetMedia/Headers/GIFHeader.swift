import NIOCore

/// GIF (CompuServe, 1990): blocks, each cut into pieces of at most 255 bytes.
enum GIFHeader {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        guard head.has("GIF87a") || head.has("GIF89a") else { return nil }
        var facts = HeaderFacts("gif")
        facts.setSize(head.uint16(6, .little), head.uint16(8, .little))

        var images = 0
        var repeats = false
        var isTransparent = false
        var reachedEnd = false
        var offset = 13 + colorTableLength(head.byte(10))
        blocks: while let block = head.byte(offset) {
            switch block {
            case 0x21:
                let content = offset + 2
                // The first picture decides: later frames use transparent pixels for what has not changed.
                if head.byte(offset + 1) == 0xf9, images == 0, let flags = head.byte(content + 1) {
                    isTransparent = flags & 1 == 1
                }
                if head.byte(offset + 1) == 0xff, head.has("NETSCAPE2.0", at: content + 1) { repeats = true }
                guard let next = afterPieces(head, content) else { break blocks }
                offset = next
            case 0x2c:
                images += 1
                let data = offset + 10 + colorTableLength(head.byte(offset + 9)) + 1
                guard let next = afterPieces(head, data) else { break blocks }
                offset = next
            case 0x3b:
                reachedEnd = true
                break blocks
            default: break blocks
            }
        }

        if images > 0 {
            facts.transparent = isTransparent
            facts.colors = isTransparent ? .palettematte : .palette
        }
        if images > 1 || (repeats && !reachedEnd) {
            facts.animated = true
        } else if reachedEnd {
            facts.animated = false
        }
        if reachedEnd, images > 0 { facts.pages = images }
        return facts
    }

    private static func colorTableLength(_ flags: Int?) -> Int {
        guard let flags, flags & 0x80 != 0 else { return 0 }
        return 3 << (flags & 7 + 1)
    }

    /// Behind the empty piece that ends a block.
    private static func afterPieces(_ head: HeadBytes, _ start: Int) -> Int? {
        var offset = start
        while let length = head.byte(offset) {
            offset += 1 + length
            if length == 0 { return offset }
        }
        return nil
    }
}
