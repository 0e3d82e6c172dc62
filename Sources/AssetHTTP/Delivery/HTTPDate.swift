import Foundation

extension Date {
    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    init?(httpDate: String) {
        guard let date = Self.httpFormatter.date(from: httpDate) else { return nil }
        self = date
    }

    /// Every delivery has one, and the formatter takes longer for it than the database for finding the file.
    var httpDate: String {
        var seconds = time_t(timeIntervalSince1970.rounded(.down))
        var time = tm()
        gmtime_r(&seconds, &time)
        func digits(_ number: CInt, _ count: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        let day = "\(Self.days[Int(time.tm_wday)]), \(digits(time.tm_mday)) \(Self.months[Int(time.tm_mon)])"
        let clock = "\(digits(time.tm_hour)):\(digits(time.tm_min)):\(digits(time.tm_sec))"
        return "\(day) \(digits(time.tm_year + 1900, 4)) \(clock) GMT"
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Never changed after it is made, and then safe to use from several threads.
    private static let httpFormatter: DateFormatter = {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }()
}
