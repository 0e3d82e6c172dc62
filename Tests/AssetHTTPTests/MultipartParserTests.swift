import AssetHTTP
import NIOCore
import Testing

struct MultipartParserTests {
    /// What the project dialect's client sends, and whatever may be in a file.
    private static let sample = """
        preamble\r
        --AaB03x\r
        Content-Disposition: form-data; name="parent"\r
        \r
        <gid>\r
        --AaB03x \t\r
        Content-Disposition: form-data; name="upload_file"; filename="a%22b.bin"\r
        Content-Type: application/octet-stream\r
        \r
        \r\n\r\n--AaB03\r\n--aaB03x\r--AaB03x\n--AaB03x\r\n-\r\r\n--\0--AaB03x--\r\n\r
        --AaB03x\r
        Content-Disposition: form-data; name="empty"; filename=""\r
        \r
        \r
        --AaB03x--\r
        epilogue\r
        --AaB03x\r
        """

    private static let sampleParts = [
        MultipartTestPart(name: "parent", "<gid>"),
        MultipartTestPart(
            name: "upload_file", filename: "a\"b.bin", type: "application/octet-stream",
            "\r\n\r\n--AaB03\r\n--aaB03x\r--AaB03x\n--AaB03x\r\n-\r\r\n--\0--AaB03x--\r\n"),
        MultipartTestPart(name: "empty", filename: "", ""),
    ]

    @Test(arguments: [1, 2, 3, 5, 7, 11, 16, 64, 100, .max])
    func `the size of the pieces makes no difference`(size: Int) throws {
        let outcome = try MultipartTestOutcome(Self.sample, piecesOf: size)
        #expect(outcome == MultipartTestOutcome(parts: Self.sampleParts, isAtEnd: true))
    }

    @Test func `the place of a split makes no difference`() throws {
        let bytes = Array(Self.sample.utf8)
        for split in 0...bytes.count {
            let outcome = try MultipartTestOutcome([bytes[..<split], bytes[split...]])
            #expect(outcome == MultipartTestOutcome(parts: Self.sampleParts, isAtEnd: true), "split at \(split)")
        }
    }

    private static let part = "Content-Disposition: form-data; name=f\r\n\r\n"

    @Test(arguments: [
        ("no parts", "--AaB03x--", []),
        ("an empty part", "--AaB03x\r\n\(part)\r\n--AaB03x--", [""]),
        ("an empty part, where one CRLF serves twice", "--AaB03x\r\n\(part)--AaB03x--", [""]),
        ("a CRLF", "--AaB03x\r\n\(part)\r\n\r\n--AaB03x--", ["\r\n"]),
        ("a dash at the start", "--AaB03x\r\n\(part)--AaB03\r\n--AaB03x--", ["--AaB03"]),
        ("a CRLF before the first boundary", "\r\n--AaB03x\r\n\(part)1\r\n--AaB03x--", ["1"]),
        ("two parts", "--AaB03x\r\n\(part)1\r\n--AaB03x\r\n\(part)2\r\n--AaB03x--", ["1", "2"]),
        ("padding", "--AaB03x \t \r\n\(part)1\r\n--AaB03x\t\r\n\(part)2\r\n--AaB03x--  \r\n", ["1", "2"]),
        ("a boundary after the end", "--AaB03x\r\n\(part)1\r\n--AaB03x--\r\n--AaB03x\r\n\(part)2", ["1"]),
        ("junk after the end", "--AaB03x\r\n\(part)1\r\n--AaB03x--junk", ["1"]),
    ])
    func `well-formed bodies`(name: String, body: String, data: [String]) throws {
        for size in [1, 3, .max] {
            let outcome = try MultipartTestOutcome(body, piecesOf: size)
            #expect(outcome.error == nil, "pieces of \(size)")
            #expect(outcome.isAtEnd, "pieces of \(size)")
            #expect(outcome.parts == data.map { MultipartTestPart(name: "f", $0) }, "pieces of \(size)")
        }
    }

    @Test(
        arguments: [
            ("nothing", "", .truncated, 0),
            ("no boundary", "hello\r\n--AaB03", .truncated, 0),
            ("bare LF", "--AaB03x\n\(part)1\n--AaB03x--\n", .malformed, 0),
            ("bare CR", "--AaB03x\r\r\n\(part)1\r\n--AaB03x--", .malformed, 0),
            ("ends in a boundary", "--AaB03x\r\n\(part)1\r\n--AaB03x", .truncated, 0),
            ("ends in half a closing boundary", "--AaB03x\r\n\(part)1\r\n--AaB03x-", .truncated, 0),
            ("ends in headers", "--AaB03x\r\nContent-Disp", .truncated, 0),
            ("ends after headers", "--AaB03x\r\n\(part)", .truncated, 0),
            ("ends in data", "--AaB03x\r\n\(part)1\r\n--AaB03", .truncated, 0),
            ("ends after a part", "--AaB03x\r\n\(part)1\r\n--AaB03x\r\n", .truncated, 1),
            ("a longer boundary in the data", "--AaB03x\r\n\(part)1\r\n--AaB03xyz\r\n--AaB03x--", .malformed, 0),
            ("one dash", "--AaB03x\r\n\(part)1\r\n--AaB03x-\r\n", .malformed, 0),
            ("padding before dashes", "--AaB03x\r\n\(part)1\r\n--AaB03x --\r\n", .malformed, 0),
            ("another boundary", "--other\r\n\(part)1\r\n--other--\r\n", .truncated, 0),
        ] as [(String, String, MultipartError, Int)])
    func `broken bodies end no part early`(name: String, body: String, error: MultipartError, complete: Int) throws {
        for size in [1, 3, .max] {
            let outcome = try MultipartTestOutcome(body, piecesOf: size)
            #expect(outcome.error == error, "pieces of \(size)")
            #expect(!outcome.isAtEnd, "pieces of \(size)")
            #expect(outcome.parts.count { $0.isComplete } == complete, "pieces of \(size)")
        }
    }

    @Test(arguments: [(8192, nil), (8193, .malformed)] as [(Int, MultipartError?)], [1, 100, .max])
    func `a preamble may take 8 KiB`(limit: (count: Int, error: MultipartError?), size: Int) throws {
        let body = String(repeating: "p", count: limit.count) + "\r\n--AaB03x--"
        #expect(try MultipartTestOutcome(body, piecesOf: size).error == limit.error)
    }

    @Test(arguments: [(3, nil), (2, .tooManyParts)] as [(Int, MultipartError?)])
    func `there is a limit of parts`(maxParts: Int, error: MultipartError?) throws {
        let body = String(repeating: "--AaB03x\r\n\(Self.part)1\r\n", count: 3) + "--AaB03x--"
        let outcome = try MultipartTestOutcome(body, maxParts: maxParts)
        #expect(outcome.error == error)
        #expect(outcome.parts == Array(repeating: MultipartTestPart(name: "f", "1"), count: maxParts))
    }

    @Test(arguments: [(100, nil), (101, .tooManyParts)] as [(Int, MultipartError?)])
    func `the limit is 100 parts unless told`(count: Int, error: MultipartError?) throws {
        let body = String(repeating: "--AaB03x\r\n\(Self.part)1\r\n", count: count) + "--AaB03x--"
        var parser = MultipartParser(boundary: try .of("AaB03x"))
        try parser.feed(ByteBuffer(string: body))
        var thrown: MultipartError?
        do throws(MultipartError) {
            while try parser.next() != nil {}
        } catch {
            thrown = error
        }
        #expect(thrown == error)
    }

    @Test func `an error stays`() throws {
        var parser = MultipartParser(boundary: try .of("AaB03x"))
        try parser.feed(ByteBuffer(string: "--AaB03x!"))
        #expect(throws: MultipartError.malformed) { try parser.next() }
        #expect(throws: MultipartError.malformed) { try parser.next() }
        #expect(throws: MultipartError.malformed) { try parser.feed(ByteBuffer(string: "--AaB03x--")) }
        #expect(throws: MultipartError.malformed) { try parser.finish() }
    }

    @Test func `the end is told once`() throws {
        var parser = MultipartParser(boundary: try .of("AaB03x"))
        try parser.feed(ByteBuffer(string: "--AaB03x--"))
        #expect(try parser.next() == .end)
        #expect(try parser.next() == nil)
        try parser.feed(ByteBuffer(string: "\r\n--AaB03x\r\n"))
        #expect(try parser.next() == nil)
        #expect(throws: Never.self) { try parser.finish() }
    }

    @Test func `buffers fed at once are read in order`() throws {
        var parser = MultipartParser(boundary: try .of("AaB03x"))
        for piece in ["--AaB03x\r\n\(Self.part)1", "2\r\n--Aa", "B03x--"] { try parser.feed(ByteBuffer(string: piece)) }
        var events: [MultipartParser.Event] = []
        while let event = try parser.next() { events.append(event) }
        let header = MultipartPartHeader(name: "f")
        #expect(events == [.partBegin(header), .data(ByteBuffer(string: "12")), .partEnd, .end])
    }

    @Test func `data is a slice of the buffer, not a copy`() throws {
        var parser = MultipartParser(boundary: try .of("AaB03x"))
        let buffer = ByteBuffer(string: "--AaB03x\r\n\(Self.part)some\r\ndata\r\n--AaB03x--")
        try parser.feed(buffer)
        let memory = buffer.addresses
        var slices = 0
        while let event = try parser.next() {
            guard case .data(let slice) = event else { continue }
            slices += 1
            #expect(memory.contains(slice.addresses.lowerBound))
        }
        #expect(slices == 1)
    }
}

extension ByteBuffer {
    /// Where the readable bytes lie in memory.
    fileprivate var addresses: Range<UInt> {
        withUnsafeReadableBytes { bytes in
            let start = UInt(bitPattern: bytes.baseAddress)
            return start..<start + UInt(bytes.count)
        }
    }
}
