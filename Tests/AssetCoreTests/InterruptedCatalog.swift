import AssetCore
import AssetTesting
import Synchronization

/// A catalog that dies at its n-th write, as the database of a process that is killed: from then on nothing works.
final class InterruptedCatalog: Catalog {
    enum Moment: CaseIterable, Sendable {
        case beforeCommit, afterCommit
    }

    private let inner: any Catalog
    private let moment: Moment
    private let writesLeft: Mutex<Int>

    init(inner: any Catalog, writes: Int, dies moment: Moment) {
        self.inner = inner
        self.moment = moment
        writesLeft = Mutex(writes)
    }

    var feedSignal: FeedSignal { inner.feedSignal }

    var isDead: Bool { writesLeft.withLock { $0 < 0 } }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        if isDead { throw CancellationError() }
        return try await inner.read(body)
    }

    func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        let left = writesLeft.withLock { left in
            left -= 1
            return left
        }
        if left >= 0 { return try await inner.write(scope, size, body) }
        if left == -1, moment == .afterCommit { _ = try await inner.write(scope, size, body) }
        throw CancellationError()
    }
}

/// A catalog in which every write takes some time of the test's clock.
struct TickingCatalog: Catalog {
    let inner: any Catalog
    let clock: TestClock
    let seconds: Double

    var feedSignal: FeedSignal { inner.feedSignal }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await inner.read(body) }

    func write<Value: Sendable>(
        _ scope: WriteScope, _ size: WriteSize, _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value {
        clock.advance(seconds: seconds)
        return try await inner.write(scope, size, body)
    }
}
