import AssetCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// An answer 200 that is complete, with the headers that the framework adds to each.
struct QuickAnswer {
    /// Lines of headers, each with its end.
    let headers: String
    let body: ByteBuffer

    /// What is smaller is copied behind the head, which takes less than a second piece for the socket.
    private static let smallBody = 16 << 10

    /// nil when it stands in `head`.
    var separateBody: ByteBuffer? { body.readableBytes > Self.smallBody ? body : nil }

    func head(_ allocator: ByteBufferAllocator) -> ByteBuffer {
        let isCopied = separateBody == nil
        var buffer = allocator.buffer(capacity: headers.utf8.count + 256 + (isCopied ? body.readableBytes : 0))
        buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        buffer.writeString(headers)
        buffer.writeStaticString("Content-Length: ")
        buffer.writeString(String(body.readableBytes))
        buffer.writeStaticString("\r\nX-Request-Id: ")
        buffer.writeString(RequestID().description)
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeString(Self.date())
        buffer.writeStaticString("\r\nServer: Stockroom\r\n\r\n")
        if isCopied { buffer.writeImmutableBuffer(body) }
        return buffer
    }

    private static let lastDate = Mutex<(second: Int64, text: String)>((0, ""))

    private static func date() -> String {
        let second = WallClock.system.now().microseconds / 1_000_000
        return lastDate.withLock { last in
            if last.second != second { last = (second, Date(timeIntervalSince1970: Double(second)).httpDate) }
            return last.text
        }
    }

    static func lines(_ fields: HTTPFields) -> String {
        fields.map { "\($0.name.rawName): \($0.value)\r\n" }.joined()
    }
}
