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

    /// Its content, as the body of an upload. The first piece is read at once, which blocks; what comes after it is read when it
    /// is asked for.
    @available(*, noasync)
    func body(on pool: NIOThreadPool) -> Body {
        // Pieces are read at their places, wherever this leaves the file.
        let size = max(Int(lseek(descriptor, 0, SEEK_END)), 0)
        return Body(file: self, size: size, pool: pool, first: piece(at: 0, of: size))
    }

    /// Empty when it cannot be read.
    @available(*, noasync)
    private func piece(at offset: Int, of size: Int) -> ByteBuffer {
        let length = min(size - offset, 512 << 10)
        var buffer = ByteBuffer()
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) {
            unsafe max(pread(descriptor, $0.baseAddress, length, off_t(offset)), 0)
        }
        return buffer
    }

    struct Body: AsyncSequence, Sendable {
        typealias Element = ByteBuffer
        fileprivate let file: ScratchFile
        fileprivate let size: Int
        fileprivate let pool: NIOThreadPool
        fileprivate let first: ByteBuffer

        func makeAsyncIterator() -> Iterator { Iterator(body: self) }

        struct Iterator: AsyncIteratorProtocol {
            fileprivate let body: Body
            private var offset = 0

            fileprivate init(body: Body) { self.body = body }

            mutating func next() async throws -> ByteBuffer? {
                let start = offset
                guard start < body.size else { return nil }
                let buffer =
                    start == 0
                    ? body.first
                    : try await body.pool.runIfActive { [body] in body.file.piece(at: start, of: body.size) }
                offset += buffer.readableBytes
                return buffer.readableBytes == 0 ? nil : buffer
            }
        }
    }
}
