import NIOCore

/// Windows bitmap: a file header of 14 bytes, then an information header whose length tells its version.
enum BMPHeader {
    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        // "BM" alone also begins many texts.
        guard head.has("BM"), let length = head.uint32(14, .little), [12, 40, 52, 56, 64, 108, 124].contains(length),
            head.uint16(length == 12 ? 22 : 26, .little) == 1
        else { return nil }
        var facts = HeaderFacts.stillImage("bmp", otherExtensions: ["dib"])
        if length == 12 {
            facts.setSize(head.uint16(18, .little), head.uint16(20, .little))
        } else {
            // A negative height: the first row is the upper one.
            facts.setSize(head.int32(18, .little), head.int32(22, .little).map(abs))
            facts.setResolution(
                head.uint32(38, .little).map(Double.init), head.uint32(42, .little).map(Double.init),
                inchesFactor: 0.0254)
        }
        guard let depth = head.uint16(length == 12 ? 24 : 28, .little) else { return facts }
        let alphaMask = length >= 56 ? head.uint32(66, .little) ?? 0 : 0
        let isTransparent = depth == 32 && alphaMask != 0
        facts.transparent = isTransparent
        facts.colors = depth <= 8 ? .palette : isTransparent ? .truecolormatte : .truecolor
        return facts
    }
}
