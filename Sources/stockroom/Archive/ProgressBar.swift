import Foundation

/// A line on standard error that shows how far something is; nothing when that is not a terminal.
final class ProgressBar {
    private let title: String
    private let total: Int64
    private let isShown: Bool
    private var last = ContinuousClock.now - .seconds(1)
    private static let width = 30

    init(_ title: String, total: Int64) {
        self.title = title
        self.total = total
        isShown = isatty(STDERR_FILENO) == 1
    }

    /// Draws at most ten times a second, and always at the end.
    func show(_ done: Int64, _ detail: String = "") {
        guard isShown, done >= total || last.duration(to: .now) > .milliseconds(100) else { return }
        last = .now
        let share = total > 0 ? min(Double(done) / Double(total), 1) : 1
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        write("\r\(title) [\(bar)] \(Int(share * 100))%  \(done) of \(total)\(detail)\u{1B}[K")
    }

    func end() { if isShown { write("\n") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
