import DequeModule
import NIOCore
import Synchronization

/// Small blobs that were read lately, in memory: what is asked for again and again, such as icons and previews, costs no way to
/// another thread and no look at the disk. Blobs never change, so that nothing in it grows old.
final class BlobCache: Sendable {
    private struct Entry {
        let bytes: ByteBuffer
        /// Whether it was asked for since it was last passed over for removal.
        var isUsed = false
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// From the oldest to the newest; may name what is gone.
        var order: Deque<String> = []
        var size = 0
    }

    /// The largest blob that is kept, in bytes.
    static let maximumBlob: Int64 = 128 << 10
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: in bytes.
    init(capacity: Int = 16 << 20) { self.capacity = capacity }

    func bytes(of location: String) -> ByteBuffer? {
        state.withLock { state in
            state.entries[location]?.isUsed = true
            return state.entries[location]?.bytes
        }
    }

    func keep(_ bytes: ByteBuffer, of location: String) {
        state.withLock { state in
            guard bytes.readableBytes <= capacity, state.entries[location] == nil else { return }
            state.entries[location] = Entry(bytes: bytes)
            state.order.append(location)
            state.size += bytes.readableBytes
            while state.size > capacity, let oldest = state.order.popFirst() {
                guard let entry = state.entries[oldest] else { continue }
                if entry.isUsed {
                    state.entries[oldest]?.isUsed = false
                    state.order.append(oldest)
                } else {
                    state.entries[oldest] = nil
                    state.size -= entry.bytes.readableBytes
                }
            }
        }
    }

    func forget(_ location: String) {
        state.withLock { state in
            if let entry = state.entries.removeValue(forKey: location) { state.size -= entry.bytes.readableBytes }
            if state.order.count > 2 * state.entries.count + 1000 {
                state.order = Deque(state.order.filter { state.entries[$0] != nil })
            }
        }
    }
}
