import AssetHTTP
import Testing

struct MultipartBoundaryTests {
    @Test(arguments: [
        ("multipart/form-data; boundary=AaB03x", "AaB03x"),
        ("Multipart/Form-Data;BOUNDARY=AaB03x", "AaB03x"),
        ("multipart/form-data; charset=utf-8; boundary=AaB03x ; x=\"y;z\"", "AaB03x"),
        ("multipart/form-data; boundary=\"AaB03x\";", "AaB03x"),
        ("multipart/form-data; boundary=\"a; b=c\"", "a; b=c"),
        ("multipart/form-data; boundary=\"a\\\"b\"", "a\"b"),
        ("multipart/form-data; boundary=----=_Part_1_2.3", "----=_Part_1_2.3"),
        ("multipart/form-data; boundary=x", "x"),
        ("multipart/form-data; boundary=\(String(repeating: "b", count: 70))", String(repeating: "b", count: 70)),
    ])
    func `boundary of a content type`(contentType: String, boundary: String) throws {
        #expect(try MultipartBoundary(contentType: contentType).value == boundary)
    }

    @Test(
        arguments: [
            ("", .notMultipart),
            ("application/json", .notMultipart),
            ("text/plain; boundary=\"", .notMultipart),
            ("multipart/mixed; boundary=AaB03x", .notMultipart),
            ("multipart/form-data-x; boundary=AaB03x", .notMultipart),
            ("multipart/form-data", .missingBoundary),
            ("multipart/form-data; boundary", .missingBoundary),
            ("multipart/form-data; boundary=", .missingBoundary),
            ("multipart/form-data; boundary=\"\"", .missingBoundary),
            ("multipart/form-data; boundary=\"AaB03x", .missingBoundary),
            ("multipart/form-data; boundary=\"AaB03x\"y", .missingBoundary),
            ("multipart/form-data; boundary=\"AaB03x \"", .missingBoundary),
            ("multipart/form-data; boundary=\"a\r\nb\"", .missingBoundary),
            ("multipart/form-data; boundary=é", .missingBoundary),
            ("multipart/form-data; boundary=a; boundary=b", .missingBoundary),
            ("multipart/form-data; boundary=\(String(repeating: "b", count: 71))", .missingBoundary),
        ] as [(String, MultipartError)])
    func `content type without a usable boundary`(contentType: String, error: MultipartError) {
        #expect(throws: error) { try MultipartBoundary(contentType: contentType) }
    }

    @Test(arguments: MultipartError.allCases)
    func `every error has words of its own`(error: MultipartError) {
        #expect(error.message.hasSuffix("."))
        #expect(MultipartError.allCases.count { $0.message == error.message } == 1)
    }
}
