/// Who calls, in which project, with which rights. Every operation takes one and starts with `require`.
package struct Caller: Sendable {
    package let user: User
    package let project: Project
    package let rights: Rights
    /// The segments that can be reached through the segment dialect.
    package let segments: SegmentAccess

    package init(user: User, project: Project, rights: Rights, segments: SegmentAccess = .project) {
        self.user = user
        self.project = project
        self.rights = rights
        self.segments = segments
    }

    /// - Throws: `forbidden` when the caller lacks any of `needed` in the project.
    package func require(_ needed: Rights) throws(AssetError) {
        guard rights.isSuperset(of: needed) else {
            throw AssetError(.forbidden, "Your role in this project does not allow this")
        }
    }
}

/// Which segments a caller of the segment dialect can reach.
package enum SegmentAccess: Sendable, Equatable {
    /// All of the project's documents.
    case project
    /// One document; nil ranges = all of its segments.
    case document(Int64, ranges: [ClosedRange<Int64>]?)

    package func includes(segment: Int64, of document: Int64) -> Bool {
        switch self {
        case .project: true
        case .document(let number, let ranges):
            number == document && (ranges?.contains { $0.contains(segment) } ?? true)
        }
    }
}
