/// How far the entropy-coded data have been decoded.
struct ScanProgress {
    fileprivate var reader: BitReader
    /// Of each component, the first coefficient of the block before.
    fileprivate var predictions = SIMD4<Int32>.zero
    /// In MCUs.
    fileprivate var untilRestart: Int
    /// From 0 to 7.
    fileprivate var nextRestart: UInt8 = 0

    init(_ picture: ReducedJPEG) {
        reader = BitReader(position: picture.scanStart)
        untilRestart = picture.restartInterval
    }

    /// Whether the end of the image is what comes next.
    mutating func isAtEnd(_ bytes: RawSpan) -> Bool { reader.pass(bytes, marker: 0xd9) }
}

/// Decodes the entropy-coded data of a picture, a row of MCUs at a time.
struct ScanDecoder {
    private let layout: MCULayout
    private let channels: [Channel]
    private let tables: HuffmanTables
    private let smallBasis: [SIMD4<Float>]
    private let largeBasis: [SIMD16<Float>]
    private let places = InverseTransform.places
    private let restartInterval: Int

    /// How a component is decoded.
    private struct Channel {
        /// Where its codes are in `tables`.
        let directSlot: Int
        let slot: Int
        let shape: Shape
        /// Where the first of its 64 elements of `smallBasis` or `largeBasis` is.
        let basis: Int
        /// What `InverseTransform.pixels` takes.
        let scales: SIMD16<Float>
        /// The index of the last coefficient that matters.
        let last: Int
        let quantization: Int32
        /// The size of a block.
        let width: Int
        let height: Int
        /// How many blocks an MCU has.
        let across: Int
        let down: Int
        /// Where it begins in the planes.
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
        var smallBasis: [SIMD4<Float>] = []
        var largeBasis: [SIMD16<Float>] = []
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
            channels.append(
                Channel(
                    directSlot: directSlot, slot: slot, shape: shape,
                    basis: shape == .small ? smallBasis.count : largeBasis.count,
                    scales: InverseTransform.scales(component.quantization), last: transform.last,
                    quantization: Int32(component.quantization[0]), width: width, height: height,
                    across: component.horizontal, down: component.vertical, start: index * layout.planeSize
                )
            )
            smallBasis += shape == .small ? transform.small : []
            largeBasis += shape == .large ? transform.large : []
        }
        self.layout = layout
        self.channels = channels
        self.tables = tables
        self.smallBasis = smallBasis
        self.largeBasis = largeBasis
        restartInterval = picture.restartInterval
    }

    /// Decodes the next row of MCUs into the planes. False when the data are damaged or end too early.
    func decodeRow(_ bytes: RawSpan, _ progress: inout ScanProgress, into samples: inout [UInt8]) -> Bool {
        var planes = samples.mutableSpan
        var output = unsafe planes.mutableBytes
        // Of a block of four columns and rows, and room for those that do not matter.
        var coefficients = [Int32](repeating: 0, count: 17)
        var scratch = coefficients.mutableSpan
        for column in 0..<layout.across {
            if restartInterval > 0 {
                guard restart(bytes, &progress) else { return false }
            }
            for index in channels.indices {
                let isValid =
                    switch channels[index].shape {
                    case .single: decodeSingle(index, column, bytes, &progress, &output)
                    case .small: decodeSmall(index, column, bytes, &progress, &output)
                    case .medium: decodeMedium(index, column, bytes, &progress, &output, &scratch)
                    case .large: decodeLarge(index, column, bytes, &progress, &output)
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
            progress.predictions = .zero
        }
        progress.untilRestart -= 1
        return true
    }

    // The functions below decode the blocks of a component in an MCU. They are not inlined, so that each has the registers for
    // itself.

    @inline(never)
    private func decodeSingle(
        _ index: Int, _ column: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        return forEachBlock(index, column, bytes, &progress) { reader, direct, start in
            let value = (direct &* channel.quantization &+ 4) &>> 3 &+ 128
            let pixel = UInt8(truncatingIfNeeded: max(0, min(255, value)))
            output.storeBytes(of: pixel, toByteOffset: start, as: UInt8.self)
            reader.refill(bytes)
            return reader.skipValues(bytes, tables, channel.slot, 1)
        }
    }

    @inline(never)
    private func decodeSmall(
        _ index: Int, _ column: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        let basis = smallBasis.span.extracting(channel.basis..<channel.basis + 64)
        return forEachBlock(index, column, bytes, &progress) { reader, direct, start in
            var sum = basis[0] * Float(direct) + 128
            var next = 1
            let isValid = reader.readValues(bytes, tables, channel.slot, &next, channel.last) { index, value in
                sum += basis[index] * Float(value)
            }
            let pixels = Self.pixels(sum)
            output.storeBytes(of: UInt16(truncatingIfNeeded: pixels), toByteOffset: start, as: UInt16.self)
            if channel.height == 2 {
                let below = start &+ layout.stride
                output.storeBytes(of: UInt16(truncatingIfNeeded: pixels &>> 16), toByteOffset: below, as: UInt16.self)
            }
            return isValid && (next == 64 || reader.skipValues(bytes, tables, channel.slot, next))
        }
    }

    /// - Parameter coefficients: 17, whatever they are
    @inline(never)
    private func decodeMedium(
        _ index: Int, _ column: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan,
        _ coefficients: inout MutableSpan<Int32>
    ) -> Bool {
        precondition(coefficients.count == 17)
        let channel = channels[index]
        let places = self.places.span
        return forEachBlock(index, column, bytes, &progress) { reader, direct, start in
            for index in 0..<16 { coefficients[index] = 0 }
            coefficients[0] = direct
            var next = 1
            let isValid = reader.readValues(bytes, tables, channel.slot, &next, channel.last) { index, value in
                coefficients[Int(places[index])] = value
            }
            var block = SIMD16<Int32>.zero
            for index in 0..<16 { block[index] = coefficients[index] }
            let pixels = Self.pixels(InverseTransform.pixels(block, channel.scales))
            for y in 0..<4 {
                output.storeBytes(of: pixels[y], toByteOffset: start &+ y &* layout.stride, as: UInt32.self)
            }
            return isValid && (next == 64 || reader.skipValues(bytes, tables, channel.slot, next))
        }
    }

    @inline(never)
    private func decodeLarge(
        _ index: Int, _ column: Int, _ bytes: RawSpan, _ progress: inout ScanProgress, _ output: inout MutableRawSpan
    ) -> Bool {
        let channel = channels[index]
        let basis = largeBasis.span.extracting(channel.basis..<channel.basis + 64)
        return forEachBlock(index, column, bytes, &progress) { reader, direct, start in
            var sum = basis[0] * Float(direct) + 128
            var next = 1
            let isValid = reader.readValues(bytes, tables, channel.slot, &next, channel.last) { index, value in
                sum += basis[index] * Float(value)
            }
            let pixels = Self.pixels(sum)
            for y in 0..<channel.height {
                output.storeBytes(of: pixels[y], toByteOffset: start &+ y &* layout.stride, as: UInt32.self)
            }
            return isValid && (next == 64 || reader.skipValues(bytes, tables, channel.slot, next))
        }
    }

    /// Reads the first coefficient of each block.
    /// - Parameter decode: decodes the others, given the first one and where the block's pixels begin. False when the data are
    ///   damaged.
    @inline(__always)
    private func forEachBlock(
        _ index: Int, _ column: Int, _ bytes: RawSpan, _ progress: inout ScanProgress,
        _ decode: (_ reader: inout BitReader, _ direct: Int32, _ start: Int) -> Bool
    ) -> Bool {
        let channel = channels[index]
        // A copy, so that it can stay in registers.
        var reader = progress.reader
        var direct = progress.predictions[index]
        var line = channel.start &+ column &* channel.width &* channel.across
        for _ in 0..<channel.down {
            for x in 0..<channel.across {
                guard let difference = reader.readDifference(bytes, tables, channel.directSlot) else { return false }
                direct &+= difference
                guard decode(&reader, direct, line &+ x &* channel.width) else { return false }
            }
            line &+= channel.height &* layout.stride
        }
        progress.reader = reader
        progress.predictions[index] = direct
        return true
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
