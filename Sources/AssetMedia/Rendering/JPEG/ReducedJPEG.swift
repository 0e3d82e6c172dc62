/// Decodes a baseline JPEG at an eighth or a quarter of its size, faster than libjpeg does.
///
/// A reduced picture needs few of the coefficients of each block. The others are passed over by tables that take
/// several of them at once: see `HuffmanTables`. What is not decoded here, such as progressive JPEGs, other colour
/// spaces and broken files, is left to libvips.
///
/// Every read of the file and every write of pixels is within bounds that are checked, or that are stated where they
/// are not.
struct ReducedJPEG {
    let width: Int
    let height: Int
    /// 1: grey, 3: red, green and blue.
    let bands: Int
    let components: [Component]
    let directCodes: [HuffmanCode?]
    let alternatingCodes: [HuffmanCode?]
    /// In MCUs; 0: there are no restart markers.
    let restartInterval: Int
    /// Where the entropy-coded data begin.
    let scanStart: Int

    /// A component of the picture: brightness, or one of the two of colour.
    struct Component {
        let identifier: UInt8
        /// Sampling factors: 1 or 2.
        let horizontal: Int
        let vertical: Int
        let quantizationTable: Int
        /// In zigzag order, 64.
        var quantization: [UInt16] = []
        /// Indices into `directCodes` and `alternatingCodes`, where there is such a code.
        var directCode = 0
        var alternatingCode = 0
    }

    /// Parses the headers. Nil when it is not a JPEG of the kind that is decoded here.
    init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= 4, bytes.byte(0) == 0xff, bytes.byte(1) == 0xd8 else { return nil }
        var headers = Headers()
        var position = 2
        while position + 4 <= bytes.byteCount {
            guard bytes.byte(position) == 0xff else { return nil }
            let marker = bytes.byte(position + 1)
            if marker == 0xff {
                position += 1
                continue
            }
            let end = position + 2 + bytes.number(position + 2)
            guard position + 4 <= end, end <= bytes.byteCount, headers.read(marker, bytes, position + 4..<end) else {
                return nil
            }
            position = end
            if marker == 0xda { break }
        }
        guard headers.hasScan else { return nil }
        width = headers.width
        height = headers.height
        bands = headers.components.count
        components = headers.components
        directCodes = headers.directCodes
        alternatingCodes = headers.alternatingCodes
        restartInterval = headers.restartInterval
        scanStart = position
    }

    /// The pixels of the picture at that part of its size, rounded up, line by line without gaps.
    ///
    /// Its size must have been found acceptable: this takes up to `bands` bytes for each of these pixels.
    /// - Parameters:
    ///   - bytes: the same as those of the initializer
    ///   - shrink: 8 or 4
    /// - Returns: nil when the data are damaged or end too early
    func pixels(_ bytes: RawSpan, shrink: Int) -> [UInt8]? {
        guard shrink == 8 || shrink == 4, scanStart <= bytes.byteCount else { return nil }
        let layout = MCULayout(self, shrink: shrink)
        // A block takes at least two bits. This refuses a large size before it costs memory or time.
        let leastBytes = layout.across * layout.down * components.reduce(0) { $0 + $1.horizontal * $1.vertical } / 4
        guard leastBytes <= bytes.byteCount - scanStart else { return nil }
        guard let decoder = ScanDecoder(self, layout) else { return nil }
        var progress = ScanProgress(self)

        let outputWidth = (width + shrink - 1) / shrink
        let outputHeight = (height + shrink - 1) / shrink
        var samples = [UInt8](repeating: 0, count: bands * layout.planeSize)
        // An even number of pixels: the planes have room for one more than there are.
        var words = [UInt32](repeating: 0, count: outputWidth + outputWidth % 2)
        var line = [UInt8](repeating: 0, count: words.count * 3 + 2)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(outputWidth * outputHeight * bands)
        for row in 0..<layout.down {
            guard decoder.decodeRow(bytes, &progress, into: &samples) else { return nil }
            for y in 0..<min(layout.linesPerMCU, outputHeight - row * layout.linesPerMCU) {
                let start = y * layout.stride
                if bands == 1 {
                    pixels.append(contentsOf: samples[start..<start + outputWidth])
                } else {
                    var wordSpan = words.mutableSpan
                    var lineSpan = line.mutableSpan
                    var lineBytes = unsafe lineSpan.mutableBytes
                    Self.convert(samples.span, layout.planeSize, start, &wordSpan, &lineBytes)
                    pixels.append(contentsOf: line[..<(outputWidth * 3)])
                }
            }
        }
        return progress.isAtEnd(bytes) ? pixels : nil
    }

    /// Makes RGB of a line of brightness and the two of colour, as JFIF and libjpeg have it.
    ///
    /// The compiler makes vector instructions of both loops: there is no check in the first one.
    private static func convert(
        _ samples: Span<UInt8>, _ planeSize: Int, _ start: Int, _ words: inout MutableSpan<UInt32>,
        _ output: inout MutableRawSpan
    ) {
        let count = words.count
        let brightness = samples.extracting(start..<start + count)
        let blues = samples.extracting(start + planeSize..<start + planeSize + count)
        let reds = samples.extracting(start + 2 * planeSize..<start + 2 * planeSize + count)
        for x in 0..<count {
            // All four spans have `count` elements. The factors are 1.402, -0.344136 and -0.714136, and 1.772, of which a whole
            // number is added at the end: what is left is computed in 64ths.
            let y = unsafe Int16(brightness[unchecked: x])
            let blue = unsafe Int16(blues[unchecked: x]) &- 128
            let red = unsafe Int16(reds[unchecked: x]) &- 128
            let redPart = product(red, 6586)
            let greenPart = product(blue, -5638) &+ product(red, 4684)
            let bluePart = product(blue, -3736)
            let pixel = (
                clamped(y &+ red &+ (redPart &+ 32) &>> 6), clamped(y &- red &+ (greenPart &+ 32) &>> 6),
                clamped(y &+ blue &+ blue &+ (bluePart &+ 32) &>> 6)
            )
            unsafe words[unchecked: x] = UInt32(pixel.0 | pixel.1 &<< 8) | UInt32(pixel.2) &<< 16
        }
        var offset = 0
        for x in stride(from: 0, to: count &- 1, by: 2) {
            // Of the eight bytes the next pixels are written over the last two.
            let pair = unsafe UInt64(words[unchecked: x]) | UInt64(words[unchecked: x &+ 1]) &<< 24
            output.storeBytes(of: pair, toByteOffset: offset, as: UInt64.self)
            offset &+= 6
        }
    }

    @inline(__always)
    private static func clamped(_ value: Int16) -> UInt16 { UInt16(truncatingIfNeeded: max(0, min(255, value))) }

    /// 1/256 of it.
    @inline(__always)
    private static func product(_ color: Int16, _ factor: Int16) -> Int16 {
        Int16(truncatingIfNeeded: (Int32(color &<< 8) &* Int32(factor)) &>> 16)
    }
}

// MARK: Headers

extension ReducedJPEG {
    /// What the segments before the entropy-coded data say.
    private struct Headers {
        var width = 0
        var height = 0
        var components: [Component] = []
        var directCodes = [HuffmanCode?](repeating: nil, count: 4)
        var alternatingCodes = [HuffmanCode?](repeating: nil, count: 4)
        var restartInterval = 0
        var hasScan = false
        private var hasOtherColors = false
        private var quantizations = [[UInt16]](repeating: [], count: 4)

        /// Reads the content of a segment, which must be within the bytes. False: this is not decoded here.
        mutating func read(_ marker: UInt8, _ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            switch marker {
            case 0xc0, 0xc1: readFrame(bytes, content)
            case 0xc4: readCodes(bytes, content)
            case 0xda: readScan(bytes, content)
            case 0xdb: readQuantizations(bytes, content)
            case 0xdd: readRestartInterval(bytes, content)
            case 0xee: readAdobe(bytes, content)
            case 0xe0...0xef, 0xfe: true
            default: false
            }
        }

        private mutating func readFrame(_ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            let start = content.lowerBound
            guard components.isEmpty, content.count >= 6, bytes.byte(start) == 8 else { return false }
            height = bytes.number(start + 1)
            width = bytes.number(start + 3)
            let count = Int(bytes.byte(start + 5))
            guard width > 0, height > 0, count == 1 || count == 3, content.count == 6 + 3 * count else { return false }
            for offset in stride(from: start + 6, to: content.upperBound, by: 3) {
                // The sampling factors of a single component mean nothing.
                let factors = count == 1 ? 0x11 : Int(bytes.byte(offset + 1))
                let table = Int(bytes.byte(offset + 2))
                guard (1...2).contains(factors >> 4), (1...2).contains(factors & 15), table < 4 else { return false }
                let identifier = bytes.byte(offset)
                components.append(
                    Component(
                        identifier: identifier, horizontal: factors >> 4, vertical: factors & 15,
                        quantizationTable: table
                    )
                )
            }
            return components.map(\.identifier) != Array("RGB".utf8)
        }

        private mutating func readCodes(_ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            var position = content.lowerBound
            while position < content.upperBound {
                guard position + 17 <= content.upperBound else { return false }
                let kind = bytes.byte(position)
                let counts = (1...16).map { Int(bytes.byte(position + $0)) }
                let end = position + 17 + counts.reduce(0, +)
                guard kind & 0xec == 0, end <= content.upperBound else { return false }
                let symbols = (position + 17..<end).map { bytes.byte($0) }
                guard let code = HuffmanCode(counts: counts, symbols: symbols) else { return false }
                if kind < 16 {
                    directCodes[Int(kind & 3)] = code
                } else {
                    alternatingCodes[Int(kind & 3)] = code
                }
                position = end
            }
            return true
        }

        private mutating func readQuantizations(_ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            var position = content.lowerBound
            while position < content.upperBound {
                let kind = Int(bytes.byte(position))
                let size = kind < 16 ? 1 : 2
                guard kind & 0xec == 0, position + 1 + 64 * size <= content.upperBound else { return false }
                let start = position + 1
                quantizations[kind & 3] = (0..<64).map {
                    UInt16(truncatingIfNeeded: size == 1 ? Int(bytes.byte(start + $0)) : bytes.number(start + 2 * $0))
                }
                position = start + 64 * size
            }
            return true
        }

        private mutating func readRestartInterval(_ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            guard content.count == 2 else { return false }
            restartInterval = bytes.number(content.lowerBound)
            return true
        }

        /// Adobe's segment tells when three components are not brightness and colours.
        private mutating func readAdobe(_ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            let start = content.lowerBound
            if content.count >= 12, (0..<5).map({ bytes.byte(start + $0) }) == Array("Adobe".utf8) {
                hasOtherColors = bytes.byte(start + 11) != 1
            }
            return true
        }

        private mutating func readScan(_ bytes: RawSpan, _ content: Range<Int>) -> Bool {
            let start = content.lowerBound
            let count = components.count
            // One scan of all components, with all coefficients at once. An MCU has at most ten blocks.
            guard count > 0, count == 1 || !hasOtherColors,
                components.reduce(0, { $0 + $1.horizontal * $1.vertical }) <= 10, content.count == 4 + 2 * count,
                Int(bytes.byte(start)) == count,
                (0..<3).map({ bytes.byte(content.upperBound - 3 + $0) }) == [0, 63, 0]
            else { return false }
            for index in 0..<count {
                let codes = Int(bytes.byte(start + 2 + 2 * index))
                let quantization = quantizations[components[index].quantizationTable]
                guard bytes.byte(start + 1 + 2 * index) == components[index].identifier, codes & 0xcc == 0,
                    let directCode = directCodes[codes >> 4], directCode.symbols.allSatisfy({ $0 < 16 }),
                    alternatingCodes[codes & 3] != nil, !quantization.isEmpty
                else { return false }
                components[index].quantization = quantization
                components[index].directCode = codes >> 4
                components[index].alternatingCode = codes & 3
            }
            hasScan = true
            return true
        }
    }
}

extension RawSpan {
    /// Two bytes, the more significant one first.
    fileprivate func number(_ offset: Int) -> Int { Int(byte(offset)) << 8 | Int(byte(offset + 1)) }
}
