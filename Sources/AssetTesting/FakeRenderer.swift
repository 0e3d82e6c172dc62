package import AssetCore
import NIOCore
import OrderedCollections
import Synchronization

/// Renders and examines without decoding anything, and counts what it is asked for. It can be held up, so that tests see what others
/// do meanwhile.
package final class FakeRenderer: MediaRenderer {
    private struct State {
        var recipes: [Recipe] = []
        var examined: [BlobID] = []
        var failure: AssetError?
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let arrivals = AsyncStream.makeStream(of: Void.self)

    package init() {}

    package var recipes: [Recipe] { state.withLock { $0.recipes } }
    package var examined: [BlobID] { state.withLock { $0.examined } }

    /// From now on everything ends so.
    package func fail(with error: AssetError?) { state.withLock { $0.failure = error } }

    /// From now on work waits until `letGo`.
    package func hold() { state.withLock { $0.isHeld = true } }

    /// Lets the work that began last go on; what begins later still waits.
    package func letGoLast() { state.withLock { $0.held.popLast() }?.resume() }

    package func letGo() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    /// Waits until some work has begun.
    package func arrival() async {
        for await _ in arrivals.stream { return }
    }

    package func canExamine(_ type: String?) -> Bool { type == "png" || type == "jpg" }

    package func examine(
        _ source: MediaSource, info: JSON, in blobs: any BlobStore, isWaitedFor: Bool
    ) async throws -> JSON? {
        state.withLock { $0.examined.append(source.blob.id) }
        try await pause()
        var members = info.objectValue ?? [:]
        members["colors"] = "examined"
        return .object(members)
    }

    /// The output tells from which bytes and by which recipe it was made; each is 7 × 5 pixels.
    package func render(
        _ source: MediaSource, _ recipe: Recipe, in blobs: any BlobStore
    ) async throws -> Rendering {
        let number = state.withLock { state in
            state.recipes.append(recipe)
            return state.recipes.count
        }
        try await pause()
        let text = "\(recipe.format.rawValue) \(number) of \(Secrets.hex(source.blob.hash.prefix(4)))"
        let stored = try await blobs.put(OneBuffer(ByteBuffer(string: text)), limit: 1000)
        return Rendering(stored: stored, width: 7, height: 5)
    }

    private func pause() async throws {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            arrivals.continuation.yield()
            if goesOn { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }
}
