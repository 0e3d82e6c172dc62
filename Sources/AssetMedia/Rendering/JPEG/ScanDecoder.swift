/// How far the entropy-coded data have been decoded.
struct ScanProgress {
    fileprivate var reader: BitReader
    /// Of each component, the first coefficient of the block before.
    fileprivate var predictions: (Int32, Int32, Int32) = (0, 0, 0)
    /// Of a block of four columns and rows, and one for those that do not matter.
    fileprivate var coefficients = [Float](repeating: 0, count: 17)
    /// In MCUs.
    fileprivate var untilRestart: Int
    /// From 0 to 7.
    fileprivate var nextRestart: UInt8 = 0

    init(_ picture: ReducedJPEG) {
        reader = BitReader(position: picture.scanStart)
        untilRestart = picture.restartInterval
    }

    /// Returns the first coefficient of a block, given its difference from the one before.
    @inline(__always)
    fileprivate mutating func add(_ difference: Int32, _ component: Int) -> Int32 {
        switch component {
        case 0:
            predictions.0 &+= difference
            return predictions.0
        case 1:
            predictions.1 &+= difference
            return predictions.1
        default:
            predictions.2 &+= difference
            return predictions.2
        }
    }

    /// Whether the end of the image is what comes next.
    mutating func isAtEnd(_ bytes: RawSpan) -> Bool { reader.pass(bytes, marker: 0xd9) }
}

/// Decodes the entropy-coded data of a picture, a row of MCUs at a time.
struct ScanDecoder {
    private let layout: MCULayout
    private let channels: [Channel]
    private let blocks: [Block]
    private let tables: HuffmanTables
    private let smallBasis: [SIMD4<Float>]
    private let largeBasis: [SIMD16<Float>]
    private let scales: [Float]
    private let places = InverseTransform.places
    private let restartInterval: Int

    /// How a component is decoded.
    private struct Channel {
        /// Where its codes are in `tables`.
        let directSlot: Int
        let slot: Int
        /// Where the first of its 64 elements of `smallBasis`, `scales` or `largeBasis` is.
        let basis: Int
        /// The index of the last coefficient that matters.
        let last: Int
        let quantization: Int32
        /// The size of a block.
        let width: Int
        let height: Int
    }

    /// A block of an MCU.
    private struct Block {
        let channel: Int
        let shape: Shape
        /// In the planes, for the first MCU of a row.
        let start: Int
    }

    private enum Shape {
        /// One pixel.
        case single
        /// Up to two columns and rows.
        case small
        /// Four columns and rows.
        case medium
        /// Four columns or rows, and two or one of the other.
        case large
    }

    init?(_ picture: ReducedJPEG, _ layout: MCULayout) {
        var tables = HuffmanTables()
        var directSlots = [Int?](repeating: nil, count: 4)
        var slots = [Int?](repeating: nil, count: 4)
        var channels: [Channel] = []
        var blocks: [Block] = []
        var smallBasis: [SIMD4<Float>] = []
        var largeBasis: [SIMD16<Float>] = []
        var scales: [Float] = []
        for (index, component) in picture.components.enumerated() {
            guard let directCode = picture.directCodes[component.directCode],
                let code = picture.alternatingCodes[component.alternatingCode]
            else { return nil }
            let directSlot = directSlots[component.directCode] ?? tables.append(directCode, isDirect: true)
            let slot = slots[component.alternatingCode] ?? tables.append(code, isDirect: false)
            directSlots[component.directCode] = directSlot
            slots[component.alternatingCode] = slot

            let width = layout.unit * layout.horizontal / component.horizontal
            let height = layout.unit * layout.vertical / component.vertical
            let transform = InverseTransform(component.quantization, width: width, height: height)
            let shape: Shape =
                switch (width, height) {
                case (1, 1): .single
                case (...2, ...2): .small
                case (4, 4): .medium
                default: .large
                }
            let count =
                switch shape {
                case .single: 0
                case .small: smallBasis.count
                case .medium: scales.count
                case .large: largeBasis.count
                }
            channels.append(
                Channel(
                    directSlot: directSlot, slot: slot, basis: count, last: transform.last,
                    quantization: Int32(component.quantization[0]), width: width, height: height
                )
            )
            smallBasis += shape == .small ? transform.small : []
            largeBasis += shape == .large ? transform.large : []
            scales += shape == .medium ? InverseTransform.scales(component.quantization) : []
            for y in 0..<component.vertical {
                for x in 0..<component.horizontal {
                    let start = index * layout.planeSize + y * height * layout.stride + x * width
                    blocks.append(Block(channel: index, shape: shape, start: start))
                }
            }
        }
        self.layout = layout
        self.channels = channels
        self.blocks = blocks
        self.tables = tables
        self.smallBasis = smallBasis
        self.largeBasis = largeBasis
        self.scales = scales
        restartInterval = picture.restartInterval
    }

    /// Decodes the next row of MCUs into the planes. False when the data are damaged or end too early.
    func decodeRow(_ bytes: RawSpan, _ progress: inout ScanProgress, into samples: inout [UInt8]) -> Bool {
        var planes = samples.mutableSpan
        var output = unsafe planes.mutableBytes
        for column in 0..<layout.across {
            if restartInterval > 0 {
                guard restart(bytes, &progress) else { return false }
            }
            let offset = column * layout.unit * layout.horizontal
            for block in blocks {
                let start = block.start + offset
                let isValid =
                    switch block.shape {
                    case .single: decodeSingle(block.channel, start, bytes, &progress, &output)
                    case .small: decodeSmall(block.channel, start, bytes, &progress, &output)
                    case .medium: decodeMedium(block.channel, start, bytes, &progress, &output)
                    case .large: decodeLarge(block.channel, start, bytes, &progress, &output)
                    }
                guard isValid else { return false }
            }
            guard !progress.reader.isBeyondEnd else { return false }
        }
        return true
    }

    /// Passes the restart marker when one must be before the next MCU. False when it is missing.
    private func restart(_ bytes: RawSpan, _ progress: inout ScanProgress) -> Bool {
        if progress.untilRestart == 0 {
            guard progress.reader.pass(bytes, marker: 0xd0 + progress.nextRestart) else { return false }
            progress.nextRestart = (progress.nextRestart + 1) & 7
            progress.untilRestart = restartInterval
            progress.predictions = (0, 0, 0)
        }
        progress.untilRestart -= 1
        return true
    }

    // The functions below are not inlined, so that each has the registers for itself; hence the copies of the reader.

    @inline(never)
    private func decodeSingle(
        _ index: Int, _ start: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        var reader = progress.reader
        guard let difference = reader.readDifference(bytes, tables, channel.directSlot) else { return false }
        let direct = progress.add(difference, index)
        let value = (direct &* channel.quantization &+ 4) &>> 3 &+ 128
        output.storeBytes(of: UInt8(truncatingIfNeeded: max(0, min(255, value))), toByteOffset: start, as: UInt8.self)
        let isValid = reader.skipValues(bytes, tables, channel.slot, 1)
        progress.reader = reader
        return isValid
    }

    @inline(never)
    private func decodeSmall(
        _ index: Int, _ start: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        var reader = progress.reader
        guard let difference = reader.readDifference(bytes, tables, channel.directSlot) else { return false }
        let basis = smallBasis.span.extracting(channel.basis..<channel.basis + 64)
        var sum = basis[0] * Float(progress.add(difference, index)) + 128
        var next = 1
        let isValid = reader.readValues(bytes, tables, channel.slot, &next, channel.last) { index, value in
            sum += basis[index] * value
        }
        let pixels = Self.pixels(sum)
        output.storeBytes(of: UInt16(truncatingIfNeeded: pixels), toByteOffset: start, as: UInt16.self)
        if channel.height == 2 {
            let below = start &+ layout.stride
            output.storeBytes(of: UInt16(truncatingIfNeeded: pixels &>> 16), toByteOffset: below, as: UInt16.self)
        }
        let isComplete = isValid && (next == 64 || reader.skipValues(bytes, tables, channel.slot, next))
        progress.reader = reader
        return isComplete
    }

    @inline(never)
    private func decodeMedium(
        _ index: Int, _ start: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        var reader = progress.reader
        guard let difference = reader.readDifference(bytes, tables, channel.directSlot) else { return false }
        let scales = self.scales.span.extracting(channel.basis..<channel.basis + 64)
        let places = self.places.span
        let direct = scales[0] * Float(progress.add(difference, index)) + 128
        var coefficients = progress.coefficients.mutableSpan
        coefficients.update(repeating: 0)
        coefficients[0] = direct
        var next = 1
        let isValid = reader.readValues(bytes, tables, channel.slot, &next, channel.last) { index, value in
            coefficients[Int(places[index])] = scales[index] * value
        }
        var rows = SIMD16<Float>.zero
        for index in 0..<16 { rows[index] = coefficients[index] }
        let pixels = Self.pixels(InverseTransform.pixels(rows))
        for y in 0..<4 {
            output.storeBytes(of: pixels[y], toByteOffset: start &+ y &* layout.stride, as: UInt32.self)
        }
        let isComplete = isValid && (next == 64 || reader.skipValues(bytes, tables, channel.slot, next))
        progress.reader = reader
        return isComplete
    }

    @inline(never)
    private func decodeLarge(
        _ index: Int, _ start: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        var reader = progress.reader
        guard let difference = reader.readDifference(bytes, tables, channel.directSlot) else { return false }
        let basis = largeBasis.span.extracting(channel.basis..<channel.basis + 64)
        var sum = basis[0] * Float(progress.add(difference, index)) + 128
        var next = 1
        let isValid = reader.readValues(bytes, tables, channel.slot, &next, channel.last) { index, value in
            sum += basis[index] * value
        }
        let pixels = Self.pixels(sum)
        for y in 0..<channel.height {
            output.storeBytes(of: pixels[y], toByteOffset: start &+ y &* layout.stride, as: UInt32.self)
        }
        let isComplete = isValid && (next == 64 || reader.skipValues(bytes, tables, channel.slot, next))
        progress.reader = reader
        return isComplete
    }

    /// Rounded, and between 0 and 255.
    @inline(__always)
    private static func pixels(_ values: SIMD4<Float>) -> UInt32 {
        var values = values
        values.replace(with: 0, where: values .< 0)
        values.replace(with: 255, where: values .> 255)
        // The sum's lower bits are the value as an integer.
        let bits = unsafe unsafeBitCast(values + 12_582_912, to: SIMD4<UInt32>.self)
        return unsafe unsafeBitCast(SIMD4<UInt8>(truncatingIfNeeded: bits), to: UInt32.self)
    }

    @inline(__always)
    private static func pixels(_ values: SIMD16<Float>) -> SIMD4<UInt32> {
        var values = values
        values.replace(with: 0, where: values .< 0)
        values.replace(with: 255, where: values .> 255)
        let bits = unsafe unsafeBitCast(values + 12_582_912, to: SIMD16<UInt32>.self)
        return unsafe unsafeBitCast(SIMD16<UInt8>(truncatingIfNeeded: bits), to: SIMD4<UInt32>.self)
    }
}
