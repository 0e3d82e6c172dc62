package import NIOCore

/// Reads the parts of a `multipart/form-data` body as they arrive, one after the other.
///
/// ```swift
/// let reader = MultipartReader(body: request.body, boundary: boundary)
/// while let part = try await reader.nextPart() {
///     if part.filename != nil {
///         try await store.put(reader.chunks)
///     } else {
///         let text = try await reader.readText(limit: 4096)
///     }
/// }
/// ```
///
/// Nothing is collected (but ``readText(limit:)``, up to its limit), and the body is read only when a caller asks: a slow
/// consumer slows the sender down.
///
/// An actor, so that ``Chunks`` can be handed to any task. It has one consumer at a time all the same: a part's bytes
/// come in an order, so two tasks that read at once are a mistake in the program, and stop it.
///
/// Errors: every ``MultipartError`` of ``MultipartParser``, whatever the body throws, and `CancellationError` when the
/// body ends early because the task was cancelled (NIO ends a cancelled sequence without an error). After these there is
/// nothing more to read.
package actor MultipartReader<Body: AsyncSequence & Sendable> where Body.Element == ByteBuffer {
    private enum Position {
        case betweenParts, inPart, atEnd
    }

    /// Nil while a call waits for the body.
    private var iterator: Body.AsyncIterator?
    private var parser: MultipartParser
    private var position = Position.betweenParts
    /// The number of the part that ``nextPart()`` returned last, from 1.
    private var partNumber = 0

    /// - Parameters:
    ///   - body: is iterated once, from here.
    ///   - maxParts: how many parts the body may have, files and fields together.
    package init(body: Body, boundary: MultipartBoundary, maxParts: Int = 100) {
        self.iterator = body.makeAsyncIterator()
        self.parser = MultipartParser(boundary: boundary, maxParts: maxParts)
    }

    /// The next part; nil after the last one. Skips what is left of the part before. What follows the closing boundary
    /// is not read.
    package func nextPart() async throws -> MultipartPartHeader? {
        while position != .atEnd {
            switch try await nextEvent() {
            case .partBegin(let header):
                position = .inPart
                partNumber += 1
                return header
            case .data, .partEnd: continue
            case .end: position = .atEnd
            }
        }
        return nil
    }

    /// The next bytes of the part; nil at its end, and when there is no part. Never empty.
    package func nextChunk() async throws -> ByteBuffer? {
        guard position == .inPart else { return nil }
        guard case .data(let bytes) = try await nextEvent() else {
            // Within a part the parser has but one other event, `partEnd`.
            position = .betweenParts
            return nil
        }
        return bytes
    }

    /// What is left of the part, as text.
    ///
    /// - Parameter limit: in bytes. What exceeds it is left to ``nextPart()`` to skip.
    /// - Throws: ``MultipartError/fieldTooLarge``, ``MultipartError/fieldNotText`` when it is not valid UTF-8.
    package func readText(limit: Int) async throws -> String {
        var bytes: [UInt8] = []
        while let chunk = try await nextChunk() {
            guard bytes.count + chunk.readableBytes <= limit else { throw MultipartError.fieldTooLarge }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw MultipartError.fieldNotText }
        return text
    }

    private func nextEvent() async throws -> MultipartParser.Event {
        while true {
            if let event = try parser.next() { return event }
            guard let buffer = try await nextBuffer() else {
                try Task.checkCancellation()
                try parser.finish()
                return .end
            }
            try parser.feed(buffer)
        }
    }

    private func nextBuffer() async throws -> ByteBuffer? {
        guard var iterator = self.iterator.take() else {
            preconditionFailure("a MultipartReader has one consumer at a time")
        }
        defer { self.iterator = iterator }
        return try await iterator.next(isolation: self)
    }
}

// MARK: - A part as a sequence

extension MultipartReader {
    /// What is left of the part, as a sequence to hand on.
    package var chunks: Chunks {
        Chunks(reader: self, partNumber: partNumber)
    }

    /// The bytes of one part. Iterate it once, before the next call of ``MultipartReader/nextPart()``: later the bytes are
    /// gone, and that is a mistake in the program which stops it, so that no store takes a skipped file for an empty one.
    package struct Chunks: AsyncSequence, Sendable {
        package typealias Element = ByteBuffer
        package typealias Failure = any Error

        fileprivate let reader: MultipartReader
        fileprivate let partNumber: Int

        package struct AsyncIterator: AsyncIteratorProtocol {
            fileprivate let chunks: Chunks

            package mutating func next() async throws -> ByteBuffer? {
                try await chunks.reader.nextChunk(ofPart: chunks.partNumber)
            }
        }

        package func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(chunks: self)
        }
    }

    private func nextChunk(ofPart number: Int) async throws -> ByteBuffer? {
        precondition(number == partNumber, "the chunks of a part are read before nextPart()")
        return try await nextChunk()
    }
}
