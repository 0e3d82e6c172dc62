import NIOCore

/// TIFF 6.0: a chain of directories, each with one picture. Many writers put them behind the pixels, out of our sight.
enum TIFFHeader {
    /// Formats of cameras that are TIFF with more.
    private static let otherExtensions: Set<String> = ["tiff", "dng", "nef", "cr2", "arw"]

    @Sendable static func read(_ head: HeadBytes) -> HeaderFacts? {
        let order: Endianness
        if head.has("II*\0") {
            order = .little
        } else if head.has("MM\0*") {
            order = .big
        } else {
            return nil
        }
        var facts = HeaderFacts("tif", otherExtensions: otherExtensions)
        facts.animated = false
        guard let first = head.uint32(4, order), readDirectory(head, first, order, &facts) else { return facts }

        // More directories than fit into the head can only be a circle.
        var pages = 1
        var directory = first
        while pages <= head.count / directoryLength(entries: 0) {
            guard let entries = head.uint16(directory, order),
                let next = head.uint32(directory + directoryLength(entries: entries) - 4, order)
            else { break }
            if next == 0 {
                facts.pages = pages
                break
            }
            pages += 1
            directory = next
        }
        return facts
    }

    private static func directoryLength(entries: Int) -> Int { 2 + 12 * entries + 4 }

    /// Whether there is a directory.
    private static func readDirectory(
        _ head: HeadBytes, _ directory: Int, _ order: Endianness, _ facts: inout HeaderFacts
    ) -> Bool {
        guard directory >= 8, let count = head.uint16(directory, order) else { return false }
        var width: Int?
        var height: Int?
        var photometric: Int?
        var unit: Int?
        var resolution: (x: Double?, y: Double?)
        var hasAlpha = false
        var isThumbnail = false
        for index in 0..<count {
            let entry = directory + 2 + 12 * index
            guard let tag = head.uint16(entry, order) else { break }
            let value =
                head.uint16(entry + 2, order) == 3 ? head.uint16(entry + 8, order) : head.uint32(entry + 8, order)
            switch tag {
            case 254: isThumbnail = (value ?? 0) & 1 == 1
            case 256: width = value
            case 257: height = value
            case 262: photometric = value
            case 282: resolution.x = rational(head, value, order)
            case 283: resolution.y = rational(head, value, order)
            case 296: unit = value
            case 338: hasAlpha = value == 1 || value == 2
            default: break
            }
        }
        if !isThumbnail { facts.setSize(width, height) }
        if unit ?? 2 == 2 || unit == 3 {
            facts.setResolution(resolution.x, resolution.y, inchesFactor: unit == 3 ? 2.54 : 1)
        }
        facts.transparent = hasAlpha
        let colors: HeaderFacts.Colors? =
            switch photometric {
            case 0, 1: .greyscale
            case 2, 6: .truecolor
            case 3: .palette
            case 5: .colorseparation
            default: nil
            }
        facts.colors = hasAlpha ? colors?.withAlpha : colors
        return true
    }

    private static func rational(_ head: HeadBytes, _ offset: Int?, _ order: Endianness) -> Double? {
        guard let offset, let numerator = head.uint32(offset, order), let denominator = head.uint32(offset + 4, order),
            denominator != 0
        else { return nil }
        return Double(numerator) / Double(denominator)
    }
}
