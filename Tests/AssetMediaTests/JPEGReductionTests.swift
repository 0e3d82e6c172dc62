import Testing

@testable import AssetMedia

/// At which size a JPEG is decoded, as rows.
struct JPEGReductionTests {
    @Test(
        arguments: [
            (7360, 4912, 500.0 / 7360, [8, 920, 614]), (2000, 1333, 0.3, [1, 2000, 1333]),
            (2000, 1333, 0.2, [2, 1000, 666]), (2000, 1333, 0.125, [4, 500, 333]), (2000, 1333, 1, [1, 2000, 1333]),
            // Nothing would be left of the short side.
            (7, 2000, 0.01, [4, 1, 500]), (1, 2000, 0.01, [1, 1, 2000]),
        ] as [(Int, Int, Double, [Int])])
    func `enough is left for the last step`(_ width: Int, _ height: Int, _ scale: Double, _ expected: [Int]) {
        let reduction = JPEGReduction(width: width, height: height, scale: scale)
        #expect([reduction.shrink, reduction.width, reduction.height] == expected)
    }

    @Test(
        arguments: [
            (2000, 1333, 500.0 / 2000, [4, 500, 333]), (2000, 1335, 500.0 / 2000, [4, 500, 334]),
            (1333, 2000, 500.0 / 2000, [4, 333, 500]), (4000, 3000, 0.125, [8, 500, 375]),
            // 500 wide is a quarter of 1999 too, as near as whole pixels allow.
            (1999, 1333, 500.0 / 1999, [4, 500, 333]), (16, 16, 0.125, [8, 2, 2]),
            (2000, 1333, 499.0 / 2000, nil), (2000, 1333, 501.0 / 2000, nil), (2000, 1333, 0.5, nil),
            (2000, 3, 0.125, nil), (2000, 1333, 1, nil), (1, 1, 0.25, nil),
        ] as [(Int, Int, Double, [Int]?)])
    func `a quarter and an eighth are seen`(_ width: Int, _ height: Int, _ scale: Double, _ expected: [Int]?) {
        let reduction = JPEGReduction.exact(width: width, height: height, scale: scale)
        #expect(reduction.map { [$0.shrink, $0.width, $0.height] } == expected)
    }
}
