import AssetCore
import CCage
import Foundation
import NIOCore
import NIOPosix

/// A file without a name: it is gone when it is closed, whatever happens to this process.
final class ScratchFile: Sendable {
    let descriptor: CInt

    init(in folder: String) throws {
        let descriptor = unsafe cage_scratch_file(folder)
        guard descriptor >= 0 else {
            throw AssetError(
                .unavailable, "The server cannot write temporary files", detail: "\(folder): error \(errno)")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    @available(*, noasync)
    func append(_ buffer: ByteBuffer) throws {
        var rest = buffer.readableBytesView[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw AssetError(.unavailable, "The server cannot write temporary files", detail: "error \(errno)")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Its content, as the body of an upload.
    func body(on pool: NIOThreadPool) -> Body { Body(file: self, pool: pool) }

    struct Body: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        fileprivate let file: ScratchFile
        fileprivate let pool: NIOThreadPool

        func makeAsyncIterator() -> Iterator { Iterator(body: self) }

        struct Iterator: AsyncIteratorProtocol {
            fileprivate let body: Body
            private var offset = 0
            private static let piece = 512 << 10

            fileprivate init(body: Body) { self.body = body }

            mutating func next() async throws -> ByteBuffer? {
                let start = offset
                let buffer = try await body.pool.runIfActive { [file = body.file] () throws -> ByteBuffer in
                    var buffer = ByteBuffer()
                    unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.piece) {
                        unsafe Swift.max(pread(file.descriptor, $0.baseAddress, Self.piece, off_t(start)), 0)
                    }
                    return buffer
                }
                offset += buffer.readableBytes
                return buffer.readableBytes == 0 ? nil : buffer
            }
        }
    }
}
