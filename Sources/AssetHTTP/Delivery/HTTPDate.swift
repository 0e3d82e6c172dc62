import Foundation

extension Date {
    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    init?(httpDate: String) {
        guard let date = Self.httpFormatter.date(from: httpDate) else { return nil }
        self = date
    }

    var httpDate: String { Self.httpFormatter.string(from: self) }

    /// Never changed after it is made, and then safe to use from several threads.
    private static let httpFormatter: DateFormatter = {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }()
}
