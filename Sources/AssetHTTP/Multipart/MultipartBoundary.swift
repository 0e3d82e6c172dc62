/// The string that separates the parts of one request, from its `Content-Type` (RFC 2046 §5.1.1, RFC 7578 §4.1).
package struct MultipartBoundary: Sendable, Equatable {
    /// 1 to 70 printable ASCII characters, the last one not a space. Without the `--` that stands before it in the body.
    ///
    /// Wider than the `bchars` of RFC 2046, because clients use `{`, `=` and the like. A CR can never be in it, and
    /// ``MultipartDelimiter`` relies on that.
    package let value: String

    /// Reads the value of a `Content-Type` header, for example `multipart/form-data; boundary="a b"`.
    ///
    /// The media type and the parameter's name are compared without regard to case; the boundary may be quoted or
    /// not; other parameters are ignored.
    ///
    /// - Throws: ``MultipartError/notMultipart`` for another media type, ``MultipartError/missingBoundary`` when the
    ///   boundary is absent, given twice, or breaks the rule of ``value``.
    package init(contentType: String) throws(MultipartError) {
        let header = MultipartHeaderValue(contentType.utf8)
        guard header.type == "multipart/form-data" else { throw .notMultipart }
        guard let boundary = header.parameters?["boundary"],
            1...70 ~= boundary.utf8.count,
            boundary.utf8.allSatisfy({ 0x20...0x7E ~= $0 }),
            boundary.utf8.last != UInt8(ascii: " ")
        else { throw .missingBoundary }
        self.value = boundary
    }
}
