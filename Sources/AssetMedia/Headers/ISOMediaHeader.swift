import NIOCore

/// The family of ISO base media files (ISO 14496-12): boxes in boxes; the first names the brand. MP4, QuickTime, HEIC, AVIF.
enum ISOMediaHeader {
    private struct Box {
        let type: String
        let content: Range<Int>
    }

    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        guard let first = box(head, 0, before: head.count), first.type == "ftyp", let major = head.code(8) else {
            return nil
        }
        let compatible = stride(from: 16, to: first.content.upperBound, by: 4).compactMap(head.code)
        var facts = facts(brand: major, compatible: compatible)
        if facts.pages != nil || facts.animated != nil {
            readImage(head, &facts)
        } else {
            readVideo(head, &facts)
        }
        return facts
    }

    private static func facts(brand: String, compatible: [String]) -> HeaderFacts {
        switch brand {
        case "avif": return .stillImage("avif")
        case "heic", "heix", "heim", "heis": return .stillImage("heic", otherExtensions: ["heif"])
        case "avis", "hevc", "hevx", "hevm", "hevs", "msf1":
            var facts = HeaderFacts(
                brand == "avis" || compatible.contains("avis") ? "avif" : "heic", otherExtensions: ["heif"])
            facts.animated = true
            return facts
        case "mif1":
            if compatible.contains("avif") { return .stillImage("avif") }
            return .stillImage(compatible.contains("heic") ? "heic" : "heif", otherExtensions: ["heic", "heif"])
        case "crx ": return HeaderFacts("cr3")
        case "qt  ": return HeaderFacts("mov", otherExtensions: ["qt"])
        case "M4A ", "M4B ": return HeaderFacts("m4a", otherExtensions: ["m4b", "mp4"])
        case "M4V ", "M4VH", "M4VP": return HeaderFacts("m4v", otherExtensions: ["mp4"])
        default:
            if brand.hasPrefix("3g") { return HeaderFacts("3gp", otherExtensions: ["3g2", "mp4"]) }
            return HeaderFacts("mp4", otherExtensions: ["m4a", "m4b", "m4v", "mov", "qt", "f4v", "3gp"])
        }
    }

    /// A large picture is stored as tiles, each with a size of its own: the whole is the largest.
    private static func readImage(_ head: HeadBytes, _ facts: inout HeaderFacts) {
        guard let meta = child(head, "meta", of: 0..<head.count),
            let properties = child(head, "iprp", of: meta.content.dropFirst(4)),
            let container = child(head, "ipco", of: properties.content)
        else { return }
        var largest = 0
        var hasAlpha = false
        for property in boxes(head, container.content) {
            let content = property.content.lowerBound + 4
            switch property.type {
            case "ispe":
                guard let width = head.uint32(content, .big), let height = head.uint32(content + 4, .big) else {
                    continue
                }
                let (area, overflows) = width.multipliedReportingOverflow(by: height)
                if overflows || area > largest {
                    facts.setSize(width, height)
                    largest = overflows ? .max : area
                }
            case "auxC":
                if head.find("auxiliary:alpha", from: content, before: property.content.upperBound) != nil {
                    hasAlpha = true
                }
            default: break
            }
        }
        facts.transparent = hasAlpha
    }

    /// The first track that has a picture, when the index comes before the data ("fast start").
    private static func readVideo(_ head: HeadBytes, _ facts: inout HeaderFacts) {
        guard let movie = child(head, "moov", of: 0..<head.count) else { return }
        for track in boxes(head, movie.content) where track.type == "trak" {
            guard let header = child(head, "tkhd", of: track.content) else { continue }
            let size = header.content.lowerBound + (head.byte(header.content.lowerBound) == 1 ? 88 : 76)
            facts.setSize(head.uint32(size, .big).map { $0 >> 16 }, head.uint32(size + 4, .big).map { $0 >> 16 })
            if facts.width != nil { return }
        }
    }

    private static func child(_ head: HeadBytes, _ type: String, of range: Range<Int>) -> Box? {
        boxes(head, range).first { $0.type == type }
    }

    private static func boxes(_ head: HeadBytes, _ range: Range<Int>) -> some Sequence<Box> {
        sequence(state: range.lowerBound) { offset in
            guard let box = box(head, offset, before: range.upperBound) else { return nil }
            offset = box.content.upperBound
            return box
        }
    }

    /// The box at `offset`; what of it lies behind `end` is cut off.
    private static func box(_ head: HeadBytes, _ offset: Int, before end: Int) -> Box? {
        guard offset < end, var length = head.uint32(offset, .big), let type = head.code(offset + 4) else { return nil }
        var headerLength = 8
        if length == 1 {
            guard let long = head.uint64(offset + 8, .big) else { return nil }
            length = long
            headerLength = 16
        } else if length == 0 {
            length = end - offset
        }
        let content = offset + headerLength
        guard length >= headerLength, content <= end else { return nil }
        return Box(type: type, content: content..<offset + min(length, end - offset))
    }
}
