import AssetCore

/// A `Range` header (RFC 9110, 14): one range of bytes.
enum ByteRange: Equatable {
    /// No range, more than one, or one that cannot be read: the whole file is sent.
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    init(header: String?, size: Int64) {
        self = .whole
        guard let header, header.lowercased().hasPrefix("bytes=") else { return }
        let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map {
            $0.filter { $0 != " " }
        }
        guard parts.count == 2 else { return }
        let first = Int64(digits: parts[0])
        let last = Int64(digits: parts[1])
        switch (parts[0].isEmpty ? nil : first, parts[1].isEmpty ? nil : last) {
        case (let first?, let last?) where first <= last:
            self = first < size ? .part(first..<min(last, size - 1) + 1) : .unsatisfiable
        case (let first?, nil) where parts[1].isEmpty:
            self = first < size ? .part(first..<size) : .unsatisfiable
        case (nil, let last?) where parts[0].isEmpty:
            self = last > 0 && size > 0 ? .part(max(0, size - last)..<size) : .unsatisfiable
        default: return
        }
    }
}
