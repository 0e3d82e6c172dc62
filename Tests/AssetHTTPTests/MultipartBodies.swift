import AssetHTTP
import NIOCore

/// One part as a list of events says it: the header, and the bytes joined, whatever slices they came in.
struct MultipartTestPart: Equatable, CustomStringConvertible {
    var header: MultipartPartHeader
    var bytes: [UInt8]
    var isComplete = true

    init(_ header: MultipartPartHeader, _ bytes: [UInt8], isComplete: Bool = true) {
        self.header = header
        self.bytes = bytes
        self.isComplete = isComplete
    }

    init(name: String?, filename: String? = nil, type: String? = nil, _ text: String) {
        self.init(MultipartPartHeader(name: name, filename: filename, contentType: type), Array(text.utf8))
    }

    var description: String {
        "\(header) \(String(decoding: bytes, as: UTF8.self).debugDescription)\(isComplete ? "" : " incomplete")"
    }
}

/// What came of a body: its parts, and the end or the error that stopped it.
struct MultipartTestOutcome: Equatable {
    var parts: [MultipartTestPart] = []
    var isAtEnd = false
    var error: MultipartError?
}

extension MultipartBoundary {
    static func of(_ value: String) throws -> MultipartBoundary {
        try MultipartBoundary(contentType: "multipart/form-data; boundary=\"\(value)\"")
    }
}

extension MultipartTestOutcome {
    /// Parses the pieces, each fed after the parser has asked for it.
    init(_ pieces: [ArraySlice<UInt8>], boundary: String = "AaB03x", maxParts: Int = 100) throws {
        var parser = MultipartParser(boundary: try .of(boundary), maxParts: maxParts)
        do throws(MultipartError) {
            for piece in pieces {
                try parser.feed(ByteBuffer(bytes: piece))
                while let event = try parser.next() { add(event) }
            }
            try parser.finish()
        } catch {
            self.error = error
        }
    }

    /// Parses a text that is fed in pieces of one size.
    init(_ body: String, piecesOf size: Int = .max, boundary: String = "AaB03x", maxParts: Int = 100) throws {
        try self.init(multipartPieces(Array(body.utf8), of: size), boundary: boundary, maxParts: maxParts)
    }

    private mutating func add(_ event: MultipartParser.Event) {
        switch event {
        case .partBegin(let header): parts.append(MultipartTestPart(header, [], isComplete: false))
        case .data(let bytes): parts[parts.count - 1].bytes += bytes.readableBytesView
        case .partEnd: parts[parts.count - 1].isComplete = true
        case .end: isAtEnd = true
        }
    }
}

func multipartPieces(_ bytes: [UInt8], of size: Int) -> [ArraySlice<UInt8>] {
    var rest = bytes[...]
    var pieces: [ArraySlice<UInt8>] = []
    while !rest.isEmpty {
        pieces.append(rest.prefix(size))
        rest = rest.dropFirst(size)
    }
    return pieces
}
