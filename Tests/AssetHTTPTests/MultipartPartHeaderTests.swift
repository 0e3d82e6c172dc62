import AssetHTTP
import Testing

/// Headers as a parser reads them: each row is a part that holds the byte `!`.
struct MultipartPartHeaderTests {
    private static func part(_ lines: String) throws -> MultipartTestOutcome {
        try MultipartTestOutcome("--AaB03x\r\n\(lines)\r\n\r\n!\r\n--AaB03x--\r\n")
    }

    @Test(
        arguments: [
            // What clients send.
            (#"form-data; name="parent""#, "parent", nil),
            (#"form-data; name="upload_file"; filename="a b.jpg""#, "upload_file", "a b.jpg"),
            (#"form-data; filename="a.jpg"; name="f""#, "f", "a.jpg"),
            (#"FORM-DATA;NAME=f;FileName=a.jpg"#, "f", "a.jpg"),
            (#"form-data ; name = "f" ; filename = a.jpg ;"#, "f", "a.jpg"),
            (#"form-data; name="f"; filename="naïve 漢字 😀.jpg""#, "f", "naïve 漢字 😀.jpg"),
            (#"form-data; name="f"; filename="a;b=c.jpg""#, "f", "a;b=c.jpg"),
            // Empty is not absent.
            (#"form-data; name="f"; filename="""#, "f", ""),
            (#"form-data; name="f"; filename="#, "f", ""),
            (#"form-data; name="""#, "", nil),
            (#"form-data; filename="a""#, nil, "a"),
            (#"form-data"#, nil, nil),
            // Three percent sequences, no others.
            (#"form-data; name="a%22b"; filename="%22%0D%0A.jpg""#, "a\"b", "\"\r\n.jpg"),
            (#"form-data; name="f"; filename="100%.jpg %20%25%0d%2 %""#, "f", "100%.jpg %20%25%0d%2 %"),
            (#"form-data; name="f"; filename=a%22b"#, "f", "a\"b"),
            ("form-data; name=\"f\"; filename=\"%22\u{301}\"", "f", "\"\u{301}"),
            // Two backslash escapes, no others.
            (#"form-data; name="f"; filename="a\"b\\c.jpg""#, "f", #"a"b\c.jpg"#),
            (#"form-data; name="f"; filename="C:\dir\a.jpg""#, "f", #"C:\dir\a.jpg"#),
            (#"form-data; name="f"; filename="dir\""#, "f", #"dir\"#),
            (#"form-data; name="f"; filename="\"""#, "f", "\""),
            // RFC 5987.
            (#"form-data; name="f"; filename*=UTF-8''na%C3%AFve%20%22.jpg"#, "f", "naïve \".jpg"),
            (#"form-data; name="f"; filename="x.jpg"; filename*=utf-8'en'y'z.jpg"#, "f", "y'z.jpg"),
            (#"form-data; name="f"; filename*=UTF-8''y.jpg; filename="x.jpg""#, "f", "y.jpg"),
            (#"form-data; name*=utf-8''%E2%82%AC; filename*="UTF-8''""#, "€", ""),
        ] as [(String, String?, String?)])
    func `names in a disposition`(disposition: String, name: String?, filename: String?) throws {
        let outcome = try Self.part("Content-Disposition: \(disposition)")
        #expect(outcome.error == nil)
        #expect(outcome.parts == [MultipartTestPart(name: name, filename: filename, "!")])
    }

    @Test(arguments: [
        ("Content-Disposition: form-data; name=f\r\nContent-Type: image/png", "image/png"),
        (
            "content-type:\t text/plain; charset=utf-8 \r\nCONTENT-DISPOSITION:form-data; name=f",
            "text/plain; charset=utf-8"
        ),
        ("Content-Type:\r\nContent-Disposition: form-data; name=f", nil),
        ("X-Other: 1\r\nContent-Disposition: form-data; name=f\r\nX-Other: 2\r\nContent-Length: 1", nil),
        ("Content-Disposition: form-data; name=f\r\nContent-Transfer-Encoding: Binary", nil),
    ])
    func `lines around the disposition`(lines: String, contentType: String?) throws {
        let outcome = try Self.part(lines)
        #expect(outcome.error == nil)
        #expect(outcome.parts == [MultipartTestPart(name: "f", type: contentType, "!")])
    }

    @Test(arguments: [
        "Content-Type: text/plain",
        "Content-Disposition:",
        "Content-Disposition: attachment; name=f",
        "Content-Disposition: form-data; name",
        "Content-Disposition: form-data; =f",
        "Content-Disposition: form-data; name=\"f",
        "Content-Disposition: form-data; name=\"f\"g",
        "Content-Disposition: form-data; name=a; name=b",
        "Content-Disposition: form-data; name=f; filename=\"dir\\\"; x=y",
        "Content-Disposition: form-data; name=f; filename*=x.jpg",
        "Content-Disposition: form-data; name=f; filename*=ISO-8859-1''x.jpg",
        "Content-Disposition: form-data; name=f; filename*=UTF-8''%C3.jpg",
        "Content-Disposition: form-data; name=f; filename*=UTF-8''%+1.jpg",
        "Content-Disposition: form-data; name=f; filename*=UTF-8''%A",
        "Content-Disposition: form-data; name=f\r\nContent-Disposition: form-data; name=f",
        "Content-Disposition: form-data;\r\n name=f",
        "Content-Disposition: form-data; name=\"a\rb\"",
        "Content-Disposition: form-data; name=\"a\nb\"",
        "Content-Disposition: form-data; name=\"a\0b\"",
        "Content-Disposition: form-data; name=f\r\nContent-Type: a\r\nContent-Type: b",
        "Content-Disposition: form-data; name=f\r\nContent-Transfer-Encoding: base64",
        "Content-Disposition: form-data; name=f\r\nno colon",
        "Content-Disposition: form-data; name=f\r\n: no name",
        "Content-Disposition : form-data; name=f",
    ])
    func `malformed header`(lines: String) throws {
        #expect(try Self.part(lines) == MultipartTestOutcome(error: .malformedHeader))
    }

    @Test func `a header that is not UTF-8 is malformed`() throws {
        let body = Array("--AaB03x\r\nContent-Disposition: form-data; name=".utf8) + [0xFF] + Array("\r\n\r\n".utf8)
        #expect(try MultipartTestOutcome([body[...]]) == MultipartTestOutcome(error: .malformedHeader))
    }

    @Test func `a part without headers is malformed`() throws {
        #expect(
            try MultipartTestOutcome("--AaB03x\r\n\r\n!\r\n--AaB03x--\r\n")
                == MultipartTestOutcome(error: .malformedHeader))
    }

    @Test(arguments: [(0, nil), (1, .headersTooLarge)] as [(Int, MultipartError?)])
    func `headers may take 16 KiB`(excess: Int, error: MultipartError?) throws {
        let start = "Content-Disposition: form-data; name=f\r\nX: "
        let padding = String(repeating: "x", count: 16384 - start.utf8.count - 4 + excess)
        let outcome = try Self.part(start + padding)
        #expect(outcome.error == error)
        #expect(outcome.isAtEnd == (error == nil))
    }

    @Test func `endless headers are refused without their end`() throws {
        let body = "--AaB03x\r\nX: " + String(repeating: "x", count: 16384)
        #expect(try MultipartTestOutcome(body) == MultipartTestOutcome(error: .headersTooLarge))
    }
}
