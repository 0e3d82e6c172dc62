import Foundation

/// Waiting on a thread that may block.
enum Pause {
    @available(*, noasync) static func wait(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        Thread.sleep(forTimeInterval: Double(seconds) + Double(attoseconds) / 1e18)
    }
}
