import Foundation
import NIOCore

/// The head of a request in the form in which nearly all clients send it. Whatever is written in another way, or asks for more than an
/// answer, is left to the parser of the web framework.
struct QuickRequest {
    enum Method {
        case get, post, other
    }

    let method: Method
    let path: String
    /// What follows the first `?`.
    let query: String?
    private(set) var authorization: String?
    private(set) var authToken: String?
    private(set) var authAccount: String?
    /// Whether nothing asks for a part of the answer, or for none when it is known.
    private(set) var isWhole = true
    /// The bytes of the head, with the empty line.
    private(set) var headLength = 0
    /// Those of the body.
    private(set) var contentLength = 0
    /// All of it; set by who has it.
    var body = ByteBuffer()

    private static let maximumHead = 8 << 10
    private static let maximumFields = 100
    /// Not CONNECT and the like, behind which another protocol may begin.
    private static let others = ["DELETE", "HEAD", "OPTIONS", "PATCH", "PUT"]

    /// nil when the bytes do not begin with a complete head of an HTTP/1.1 request, or when there is anything special about it.
    init?(_ buffer: ByteBuffer) {
        let parsed = buffer.withUnsafeReadableBytes { bytes in
            Self(UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.maximumHead)))
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private init?(_ bytes: UnsafeRawBufferPointer) {
        var lines = Lines(bytes)
        guard let first = lines.next(),
            let methodEnd = first.firstIndex(of: UInt8(ascii: " ")),
            let targetEnd = first[(methodEnd + 1)...].firstIndex(of: UInt8(ascii: " ")),
            first[(targetEnd + 1)...].elementsEqual("HTTP/1.1".utf8)
        else { return nil }
        switch first[..<methodEnd] {
        case let name where name.elementsEqual("GET".utf8): method = .get
        case let name where name.elementsEqual("POST".utf8): method = .post
        case let name where Self.others.contains { name.elementsEqual($0.utf8) }: method = .other
        default: return nil
        }
        let target = first[(methodEnd + 1)..<targetEnd]
        guard target.first == UInt8(ascii: "/"),
            target.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") })
        else { return nil }
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        path = String(decoding: target[..<(mark ?? target.endIndex)], as: UTF8.self)
        query = mark.map { String(decoding: target[($0 + 1)...], as: UTF8.self) }

        var count = 0
        var hasHost = false
        var hasLength = false
        while let line = lines.next() {
            if line.isEmpty {
                headLength = lines.position
                // Without it, URLs in the answer are made in another way.
                if !hasHost { return nil }
                return
            }
            count += 1
            if count > Self.maximumFields { return nil }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[..<colon].allSatisfy(Self.isNamePart),
                colon > line.startIndex
            else { return nil }
            var value = line[(colon + 1)...]
            while let first = value.first, first == UInt8(ascii: " ") { value = value.dropFirst() }
            while let last = value.last, last == UInt8(ascii: " ") { value = value.dropLast() }
            guard value.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return nil }
            func isName(_ name: StaticString) -> Bool { Self.isEqual(line[..<colon], name) }
            switch colon - line.startIndex {
            case 4 where isName("host"):
                if hasHost { return nil }
                hasHost = true
            case 10 where isName("connection"):
                if !Self.isEqual(value, "keep-alive") { return nil }
            case 12 where isName("x-auth-token"):
                if authToken != nil { return nil }
                authToken = String(decoding: value, as: UTF8.self)
            case 13 where isName("authorization"):
                if authorization != nil { return nil }
                authorization = String(decoding: value, as: UTF8.self)
            case 14 where isName("content-length"):
                guard !hasLength, value.count <= 15, let length = Self.number(value) else { return nil }
                hasLength = true
                contentLength = length
            case 16 where isName("x-auth-accountid"):
                if authAccount != nil { return nil }
                authAccount = String(decoding: value, as: UTF8.self)
            case 5 where isName("range"), 8 where isName("if-range"), 8 where isName("if-match"),
                13 where isName("if-none-match"), 17 where isName("if-modified-since"),
                19 where isName("if-unmodified-since"):
                isWhole = false
            case 6 where isName("expect"), 7 where isName("upgrade"), 17 where isName("transfer-encoding"),
                16 where isName("proxy-connection"):
                return nil
            default: break
            }
        }
        return nil
    }

    /// The lines of a head, each without its end.
    private struct Lines {
        private let bytes: UnsafeRawBufferPointer
        private(set) var position = 0

        init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        mutating func next() -> Slice<UnsafeRawBufferPointer>? {
            guard let start = bytes.baseAddress, position < bytes.count,
                let found = memchr(start + position, CInt(UInt8(ascii: "\n")), bytes.count - position)
            else { return nil }
            let end = UnsafeRawPointer(found) - start
            guard end > position, bytes[end - 1] == UInt8(ascii: "\r") else { return nil }
            defer { position = end + 1 }
            return bytes[position..<(end - 1)]
        }
    }

    private static func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte | 0x20 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default:
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_")
        }
    }

    /// - Parameter name: in lower case.
    private static func isEqual(_ bytes: Slice<UnsafeRawBufferPointer>, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in zip(bytes, name).allSatisfy { byte, other in lower(byte) == other } }
    }

    private static func lower(_ byte: UInt8) -> UInt8 { isCapital(byte) ? byte | 0x20 : byte }

    private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        if bytes.isEmpty { return nil }
        var number = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }
}
