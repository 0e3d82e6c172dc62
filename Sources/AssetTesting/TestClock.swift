package import AssetCore
import Synchronization

/// A clock that stands still until a test moves it.
package final class TestClock: Sendable {
    private let time: Mutex<Timestamp>

    /// Begins at 2025-11-21T09:41:03.029170Z.
    package init() { time = Mutex(Timestamp(microseconds: 1_763_718_063_029_170)) }

    package func advance(seconds: Double) { time.withLock { $0 = $0.adding(seconds: seconds) } }

    package var clock: WallClock { WallClock { self.time.withLock { $0 } } }
}
