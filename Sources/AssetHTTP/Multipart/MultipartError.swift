/// Why a `multipart/form-data` request cannot be read. Every case is the sender's fault.
package enum MultipartError: Error, Equatable, Sendable, CaseIterable {
    /// The media type is not `multipart/form-data`, or there is no `Content-Type` at all.
    case notMultipart
    /// The `Content-Type` has no boundary, an unreadable one, or one that is not 1 to 70 printable ASCII characters.
    case missingBoundary
    /// The body does not follow RFC 2046 §5.1.1: junk after a boundary, or more than 8 KiB before the first one.
    case malformed
    /// The headers of a part cannot be read, `Content-Disposition` is missing, or the part is in a transfer encoding.
    case malformedHeader
    /// The headers of one part take more than 16 KiB.
    case headersTooLarge
    /// More parts than the parser was told to accept.
    case tooManyParts
    /// The input ended before the closing boundary.
    case truncated
    /// A field that is read as text is longer than its reader allows.
    case fieldTooLarge
    /// A field that is read as text is not valid UTF-8.
    case fieldNotText

    /// Plain words for the sender. They hold nothing of the request.
    package var message: String {
        switch self {
        case .notMultipart:
            "The request body must be multipart/form-data."
        case .missingBoundary:
            "The Content-Type header has no usable boundary (1 to 70 printable characters)."
        case .malformed:
            "The multipart body is malformed."
        case .malformedHeader:
            "The headers of a part of the multipart body are malformed or not supported."
        case .headersTooLarge:
            "The headers of a part of the multipart body are too large."
        case .tooManyParts:
            "The multipart body has too many parts."
        case .truncated:
            "The multipart body ended before its closing boundary."
        case .fieldTooLarge:
            "A field of the multipart body is too large."
        case .fieldNotText:
            "A text field of the multipart body is not valid UTF-8."
        }
    }
}
