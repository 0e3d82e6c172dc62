/// Which feed.
package enum FeedName: Sendable, Equatable, CustomStringConvertible {
    case global
    case project(ProjectID)

    package var description: String {
        switch self {
        case .global: "global"
        case .project(let id): "project \(id.rawValue)"
        }
    }
}

/// A feed as its compaction sees it.
package struct Feed: Sendable, Equatable {
    package let name: FeedName
    package let head: Int64
    /// The head at the last compaction, and how many lines were left.
    package let compactedTo: Int64
    package let linesThen: Int64

    package init(name: FeedName, head: Int64, compactedTo: Int64, linesThen: Int64) {
        self.name = name
        self.head = head
        self.compactedTo = compactedTo
        self.linesThen = linesThen
    }
}

/// What a line is about: type, key and, in the global feed, audience; as 128 bits.
package struct FeedKey: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A line as its compaction sees it.
package struct FeedLine: Sendable, Equatable {
    package let cursor: Int64
    package let action: ChangeAction
    package let key: FeedKey

    package init(cursor: Int64, action: ChangeAction, key: FeedKey) {
        self.cursor = cursor
        self.action = action
        self.key = key
    }
}
