package import NIOCore

/// A streaming parser of `multipart/form-data` bodies (RFC 7578, and RFC 2046 §5.1 for the framing).
///
/// A state machine without sockets or waiting. Feed it a buffer, take events until ``next()`` returns nil, feed the
/// next; at the end of the input call ``finish()``:
///
/// ```
/// partBegin data* partEnd   (for each part)
/// end                       (once, at the closing boundary)
/// ```
///
/// ``Event/data(_:)`` is a slice of the buffer that was fed, not a copy. Only when a buffer ends in what could be the
/// beginning of a delimiter are those bytes (at most 73) held back, and made anew when they turn out to be data. So
/// besides the buffer it was fed the parser holds at most 16 KiB: the headers of one part.
///
/// Strict where two readers could disagree: lines end in CRLF, and a line that starts with the delimiter must be one.
/// ``Event/partEnd`` comes only after the whole delimiter line, so a part that ended is a part that is complete.
/// Lenient where they can't: spaces and tabs may follow a boundary, up to 8 KiB before the first boundary are skipped,
/// and all that follows the closing one is ignored.
///
/// After an error every call throws that error again.
package struct MultipartParser: Sendable {
    package enum Event: Sendable, Equatable {
        /// A part starts.
        case partBegin(MultipartPartHeader)
        /// The next bytes of the part; never empty.
        case data(ByteBuffer)
        /// The part is complete.
        case partEnd
        /// The closing boundary was read. No event follows.
        case end
    }

    /// Bytes that may stand before the first delimiter.
    package static let preambleLimit = 8 * 1024
    /// Bytes that the headers of one part may take, with the empty line that ends them.
    package static let headerLimit = 16 * 1024

    private enum State {
        /// Before the first delimiter.
        case preamble
        /// After a delimiter, within its line.
        case delimiterLine(DelimiterLine)
        case headers
        case data
        case closed(isReported: Bool)
        case failed(MultipartError)
    }

    /// What was read of a line after `--boundary`.
    private enum DelimiterLine {
        case nothing, dash, padding, carriageReturn
    }

    private enum Step {
        case event(Event)
        case moved
        case needsBytes
    }

    private let delimiter: MultipartDelimiter
    private let maxParts: Int
    private var state = State.preamble
    /// Fed, and not yet consumed.
    private var input = ByteBuffer()
    /// How many bytes of a delimiter were read, when the input ended within one.
    private var matched: Int
    /// How many of `matched` are not data if the delimiter proves to be none. The CRLF that starts a delimiter may be the
    /// one of the line before: at the start of the body, and in a part without data (RFC 2046, `body-part`).
    private var implied: Int
    private var skippedBytes = 0
    private var headerBlock: [UInt8] = []
    private var partCount = 0
    private var isPartOpen = false

    private static let impliedLineEnd = 2

    /// - Parameter maxParts: how many parts the body may have, files and fields together.
    package init(boundary: MultipartBoundary, maxParts: Int = 100) {
        self.delimiter = MultipartDelimiter(boundary)
        self.maxParts = maxParts
        self.matched = Self.impliedLineEnd
        self.implied = Self.impliedLineEnd
    }

    /// Gives the parser more of the body. Call it when ``next()`` has returned nil: bytes fed earlier are copied.
    ///
    /// - Throws: only the error that an earlier call has thrown.
    package mutating func feed(_ buffer: ByteBuffer) throws(MultipartError) {
        switch state {
        case .failed(let error): throw error
        case .closed: return
        case .preamble, .delimiterLine, .headers, .data: break
        }
        if input.readableBytes == 0 {
            input = buffer
        } else {
            input.writeImmutableBuffer(buffer)
        }
    }

    /// The next event, or nil when more of the body is needed, or when ``Event/end`` has been given.
    package mutating func next() throws(MultipartError) -> Event? {
        do throws(MultipartError) {
            while true {
                switch try step() {
                case .event(let event): return event
                case .moved: continue
                case .needsBytes: return nil
                }
            }
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// States that the body has ended. Call it when ``next()`` has returned nil.
    ///
    /// - Throws: ``MultipartError/truncated`` unless the closing boundary was read.
    package mutating func finish() throws(MultipartError) {
        switch state {
        case .closed: return
        case .failed(let error): throw error
        case .preamble, .delimiterLine, .headers, .data:
            state = .failed(.truncated)
            throw .truncated
        }
    }

    private mutating func step() throws(MultipartError) -> Step {
        switch state {
        case .preamble: return try skipPreamble()
        case .delimiterLine(let line): return try readDelimiterLine(line)
        case .headers: return try readHeaders()
        case .data: return readData()
        case .closed(let isReported):
            input = ByteBuffer()
            state = .closed(isReported: true)
            return isReported ? .needsBytes : .event(.end)
        case .failed(let error): throw error
        }
    }
}

// MARK: - Bytes up to a delimiter

extension MultipartParser {
    private enum Piece {
        /// Bytes before the delimiter; never empty.
        case bytes(ByteBuffer)
        /// The delimiter was consumed.
        case delimiter
        case needsBytes
    }

    private mutating func skipPreamble() throws(MultipartError) -> Step {
        switch nextPiece() {
        case .bytes(let bytes):
            skippedBytes += bytes.readableBytes
            guard skippedBytes <= Self.preambleLimit else { throw .malformed }
            return .moved
        case .delimiter:
            state = .delimiterLine(.nothing)
            return .moved
        case .needsBytes:
            return .needsBytes
        }
    }

    private mutating func readData() -> Step {
        switch nextPiece() {
        case .bytes(let bytes):
            return .event(.data(bytes))
        case .delimiter:
            state = .delimiterLine(.nothing)
            return .moved
        case .needsBytes:
            return .needsBytes
        }
    }

    private mutating func nextPiece() -> Piece {
        guard input.readableBytes > 0 else { return .needsBytes }
        if matched > 0 {
            return resumeDelimiter()
        }
        switch delimiter.firstMatch(in: input.readableBytesUInt8Span) {
        case .whole(at: 0):
            input.moveReaderIndex(forwardBy: delimiter.bytes.count)
            return .delimiter
        case .beginning(at: 0):
            return resumeDelimiter()
        case .whole(let start), .beginning(let start):
            return .bytes(take(start))
        case .none:
            return .bytes(take(input.readableBytes))
        }
    }

    /// Goes on with a delimiter of which `matched` bytes were read before.
    private mutating func resumeDelimiter() -> Piece {
        let count = delimiter.matchingBytes(in: input.readableBytesUInt8Span, after: matched)
        if matched + count == delimiter.bytes.count {
            input.moveReaderIndex(forwardBy: count)
            (matched, implied) = (0, 0)
            return .delimiter
        }
        if count == input.readableBytes {
            input.moveReaderIndex(forwardBy: count)
            matched += count
            return .needsBytes
        }
        // It was data that looks like a delimiter. The input stays: it holds no other delimiter's beginning up to
        // here, but it holds data.
        let heldBack = delimiter.bytes[implied..<matched]
        (matched, implied) = (0, 0)
        return heldBack.isEmpty ? nextPiece() : .bytes(ByteBuffer(bytes: heldBack))
    }

    private mutating func take(_ count: Int) -> ByteBuffer {
        guard let slice = input.readSlice(length: count) else { preconditionFailure("took more than the input holds") }
        return slice
    }
}

// MARK: - Lines

extension MultipartParser {
    /// Reads what follows `--boundary`: `--`, or spaces and the end of the line.
    private mutating func readDelimiterLine(_ line: DelimiterLine) throws(MultipartError) -> Step {
        guard let byte = input.readInteger(as: UInt8.self) else { return .needsBytes }
        switch (line, byte) {
        case (.nothing, UInt8(ascii: "-")):
            state = .delimiterLine(.dash)
        case (.dash, UInt8(ascii: "-")):
            state = .closed(isReported: false)
            return closePart()
        case (.nothing, UInt8(ascii: " ")), (.nothing, UInt8(ascii: "\t")),
            (.padding, UInt8(ascii: " ")), (.padding, UInt8(ascii: "\t")):
            state = .delimiterLine(.padding)
        case (.nothing, UInt8(ascii: "\r")), (.padding, UInt8(ascii: "\r")):
            state = .delimiterLine(.carriageReturn)
        case (.carriageReturn, UInt8(ascii: "\n")):
            state = .headers
            return closePart()
        default:
            throw .malformed
        }
        return .moved
    }

    private mutating func closePart() -> Step {
        defer { isPartOpen = false }
        return isPartOpen ? .event(.partEnd) : .moved
    }

    private mutating func readHeaders() throws(MultipartError) -> Step {
        guard partCount < maxParts else { throw .tooManyParts }
        while let byte = input.readInteger(as: UInt8.self) {
            headerBlock.append(byte)
            if byte == UInt8(ascii: "\n"), isHeaderBlockComplete {
                let header = try MultipartPartHeader(parsing: headerBlock)
                headerBlock.removeAll(keepingCapacity: true)
                (matched, implied) = (Self.impliedLineEnd, Self.impliedLineEnd)
                state = .data
                partCount += 1
                isPartOpen = true
                return .event(.partBegin(header))
            }
            guard headerBlock.count < Self.headerLimit else { throw .headersTooLarge }
        }
        return .needsBytes
    }

    /// Whether the block ends in an empty line, or is nothing but one.
    private var isHeaderBlockComplete: Bool {
        headerBlock.count == 2
            ? headerBlock == Array("\r\n".utf8)
            : headerBlock.suffix(4).elementsEqual("\r\n\r\n".utf8)
    }
}
