import Testing

@testable import AssetHTTP

/// RFC 9110, 14.1.2.
struct ByteRangeTests {
    private static let rows: [(String?, Int64, ByteRange)] = [
        (nil, 10, .whole), ("", 10, .whole), ("bytes=0-4", 10, .part(0..<5)), ("bytes=3-", 10, .part(3..<10)),
        ("bytes=-4", 10, .part(6..<10)), ("bytes=-10", 10, .part(0..<10)), ("bytes=-11", 10, .part(0..<10)),
        ("bytes=9-9", 10, .part(9..<10)), ("bytes=9-10", 10, .part(9..<10)), ("bytes=10-10", 10, .unsatisfiable),
        ("bytes=10-", 10, .unsatisfiable), ("bytes=-0", 10, .unsatisfiable), ("bytes=0-", 0, .unsatisfiable),
        ("bytes=-5", 0, .unsatisfiable), ("bytes= 0 - 4 ", 10, .part(0..<5)), ("BYTES=0-4", 10, .part(0..<5)),
        ("bytes=5-4", 10, .whole), ("bytes=0-1,2-3", 10, .whole), ("bytes=0-1,5", 10, .whole),
        ("bytes=a-b", 10, .whole),
        ("bytes=+1-2", 10, .whole), ("bytes=1-2-3", 10, .whole), ("bytes=1", 10, .whole), ("bytes=-", 10, .whole),
        ("lines=0-4", 10, .whole), ("bytes 0-4", 10, .whole), ("bytes=1-9223372036854775807", 10, .part(1..<10)),
        ("bytes=-9223372036854775807", 10, .part(0..<10)), ("bytes=9223372036854775807-", 10, .unsatisfiable),
        ("bytes=0-0", 1 << 40, .part(0..<1)), ("bytes=1099511627775-", 1 << 40, .part((1 << 40) - 1..<1 << 40)),
    ]

    @Test(arguments: rows)
    func `a header names one range, none, or one behind the end`(header: String?, size: Int64, range: ByteRange) {
        #expect(ByteRange(header: header, size: size) == range)
    }
}
