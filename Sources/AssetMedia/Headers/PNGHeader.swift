import NIOCore

/// PNG and APNG (W3C PNG, third edition, section 11): what matters lies in chunks before the first IDAT.
enum PNGHeader {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        guard head.has([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) else { return nil }
        var facts = HeaderFacts("png", otherExtensions: ["apng"])
        guard head.has("IHDR", at: 12) else { return facts }
        facts.setSize(head.uint32(16, .big), head.uint32(20, .big))
        let colors: HeaderFacts.Colors? =
            switch head.byte(25) {
            case 0: .greyscale
            case 2: .truecolor
            case 3: .palette
            case 4: .greyscalematte
            case 6: .truecolormatte
            default: nil
            }

        var hasTransparency = colors == .greyscalematte || colors == .truecolormatte
        var frames: Int?
        var isComplete = false
        var offset = 8
        chunks: while let length = head.uint32(offset, .big), let type = head.code(offset + 4) {
            let content = offset + 8
            switch type {
            case "tRNS": hasTransparency = true
            case "acTL": frames = head.uint32(content, .big)
            case "pHYs" where head.byte(content + 8) == 1:  // per metre
                facts.setResolution(
                    head.uint32(content, .big).map(Double.init), head.uint32(content + 4, .big).map(Double.init),
                    inchesFactor: 0.0254)
            case "IDAT", "IEND":
                isComplete = true
                break chunks
            default: break
            }
            offset = content + length + 4
        }

        if hasTransparency || isComplete {
            facts.transparent = hasTransparency
            facts.colors = hasTransparency ? colors?.withAlpha : colors
        }
        if let frames, frames > 0 {
            facts.pages = frames
            facts.animated = frames > 1
        } else if isComplete {
            facts.pages = 1
            facts.animated = false
        }
        return facts
    }
}
