/// What each coefficient of a block adds to the pixels of the reduced one.
///
/// A pixel is the mean of those of the full size, as in libjpeg, but of the lowest frequencies alone: as many as there
/// are pixels.
struct InverseTransform {
    /// For each coefficient in zigzag order: of up to 2 by 2 pixels.
    private(set) var small: [SIMD4<Float>] = []
    /// Of up to 4 by 4 pixels.
    private(set) var large: [SIMD16<Float>] = []
    /// The index of the last coefficient that matters.
    private(set) var last = 0

    /// The place in the block, row by row, of each coefficient.
    static let zigzag = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14,
        21,
        28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
        54, 47, 55, 62, 63,
    ]
    /// The place of each coefficient among those of `pixels`; 16: it is none of them.
    static let places = zigzag.map { UInt8($0 & 7 < 4 && $0 < 32 ? ($0 & 3) << 2 | $0 >> 3 : 16) }
    /// Cosines of multiples of π/16.
    private static let cosines: [Float] = [
        1, 0.980_785_28, 0.923_879_53, 0.831_469_61, 0.707_106_78, 0.555_570_23, 0.382_683_43, 0.195_090_32, 0,
    ]

    /// - Parameters:
    ///   - quantization: of 64 coefficients, in zigzag order
    ///   - width: how many columns a block becomes: 1, 2 or 4
    ///   - height: the same for its rows
    init(_ quantization: [UInt16], width: Int, height: Int) {
        for (index, place) in Self.zigzag.enumerated() {
            let (row, column) = (place >> 3, place & 7)
            var square = SIMD16<Float>.zero
            if row < height, column < width {
                last = index
                for y in 0..<height {
                    for x in 0..<width {
                        square[4 * y + x] =
                            Float(quantization[index]) * Self.wave(row, y, of: height) * Self.wave(column, x, of: width)
                    }
                }
            }
            large.append(square)
            small.append(SIMD4(square[0], square[1], square[4], square[5]))
        }
    }

    /// What `pixels` multiplies coefficients by.
    static func scales(_ quantization: [UInt16]) -> SIMD16<Float> {
        let factors = (0..<4).map { wave($0, 0, of: 4) / [1, cosines[2], 1, cosines[6]][$0] }
        var scales = SIMD16<Float>.zero
        for (index, place) in zigzag.enumerated() where places[index] < 16 {
            scales[Int(places[index])] = Float(quantization[index]) * factors[place >> 3] * factors[place & 7]
        }
        return scales
    }

    /// The pixels of these coefficients, of which each quarter has a column.
    @inline(__always)
    static func pixels(_ coefficients: SIMD16<Int32>, _ scales: SIMD16<Float>) -> SIMD16<Float> {
        var columns = SIMD16<Float>(coefficients) * scales
        columns[0] += 128
        return waves(transposed(waves(columns)))
    }

    /// Adds up waves, of each quarter one.
    @inline(__always)
    private static func waves(_ rows: SIMD16<Float>) -> SIMD16<Float> {
        let (first, second) = (rows.lowHalf.lowHalf, rows.lowHalf.highHalf)
        let (third, fourth) = (rows.highHalf.lowHalf, rows.highHalf.highHalf)
        let outer = first + third
        let inner = first - third
        let outerOdd = second * 0.923_879_53 + fourth * 0.382_683_43
        let innerOdd = second * 0.382_683_43 - fourth * 0.923_879_53
        return SIMD16(
            lowHalf: SIMD8(lowHalf: outer + outerOdd, highHalf: inner + innerOdd),
            highHalf: SIMD8(lowHalf: inner - innerOdd, highHalf: outer - outerOdd)
        )
    }

    @inline(__always)
    private static func transposed(_ rows: SIMD16<Float>) -> SIMD16<Float> {
        let half = SIMD16(lowHalf: rows.evenHalf, highHalf: rows.oddHalf)
        return SIMD16(lowHalf: half.evenHalf, highHalf: half.oddHalf)
    }

    /// The mean of this wave where this one of so many pixels is.
    private static func wave(_ frequency: Int, _ pixel: Int, of count: Int) -> Float {
        guard frequency > 0 else { return cosines[4] / 2 }
        let width = 8 / count
        let sum = (pixel * width..<(pixel + 1) * width).reduce(0) { $0 + cosine((2 * $1 + 1) * frequency) }
        return sum / Float(2 * width)
    }

    private static func cosine(_ sixteenths: Int) -> Float {
        let angle = min(sixteenths & 31, 32 - sixteenths & 31)
        return angle <= 8 ? cosines[angle] : -cosines[16 - angle]
    }
}
