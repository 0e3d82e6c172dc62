import NIOCore

/// JPEG (ITU-T T.81, annex B): a chain of segments; a frame header (SOF) holds the size.
enum JPEGHeader {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        guard head.has([0xff, 0xd8, 0xff]) else { return nil }
        var facts = HeaderFacts.stillImage("jpg", otherExtensions: ["jpeg", "jpe", "jfif", "pjpeg"])
        facts.transparent = false

        var offset = 2
        while head.byte(offset) == 0xff, let marker = head.byte(offset + 1) {
            switch marker {
            case 0xff:  // a fill byte
                offset += 1
                continue
            case 0x01, 0xd0...0xd8:  // markers without a segment
                offset += 2
                continue
            case 0xd9, 0xda:  // the end, or compressed data: no frame header can follow
                return facts
            default: break
            }
            guard let length = head.uint16(offset + 2, .big), length >= 2 else { return facts }
            let content = offset + 4
            switch marker {
            case 0xe0 where head.has("JFIF\0", at: content):
                readDensity(head, content, &facts)
            // C4, C8 and CC in this range are tables and extensions, not frames.
            case 0xc0...0xc3, 0xc5...0xc7, 0xc9...0xcb, 0xcd...0xcf:
                facts.setSize(head.uint16(content + 3, .big), head.uint16(content + 1, .big))
                switch head.byte(content + 5) {
                case 1: facts.colors = .greyscale
                case 3: facts.colors = .truecolor
                case 4: facts.colors = .colorseparation
                default: break
                }
                return facts
            default: break
            }
            offset += 2 + length
        }
        return facts
    }

    private static func readDensity(_ head: HeadBytes, _ content: Int, _ facts: inout HeaderFacts) {
        let factor: Double
        switch head.byte(content + 7) {
        case 1: factor = 1
        case 2: factor = 2.54
        default: return  // only the shape of a pixel
        }
        facts.setResolution(
            head.uint16(content + 8, .big).map(Double.init), head.uint16(content + 10, .big).map(Double.init),
            inchesFactor: factor)
    }
}
