/// A document of the translation platform: its number is unique on the server; it belongs to one project.
package struct SegmentDocument: Sendable, Equatable {
    package let number: Int64
    package let project: ProjectID
    package let isFlex: Bool

    package init(number: Int64, project: ProjectID, isFlex: Bool) {
        self.number = number
        self.project = project
        self.isFlex = isFlex
    }
}

/// A translation job's number, unique within its kind: `s773` and `c773` are different jobs (segment reference 3.1).
package struct JobNumber: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case standard = "s"
        case codyt = "c"
    }

    package let kind: Kind
    package let number: Int64

    package init(kind: Kind, number: Int64) {
        self.kind = kind
        self.number = number
    }

    /// Reads `s773` or `c2002`, in any letter case.
    package init?(_ text: some StringProtocol) {
        guard let first = text.first, let kind = Kind(rawValue: first.lowercased()),
            let number = Int64(digits: text.dropFirst())
        else { return nil }
        self.init(kind: kind, number: number)
    }

    package var description: String { kind.rawValue + String(number) }
}

/// A translation job: one document, or some of its segments, assigned to users.
package struct JobScope: Sendable, Equatable {
    package let job: JobNumber
    package let document: SegmentDocument
    /// nil = all segments of the document.
    package let ranges: [ClosedRange<Int64>]?

    package init(job: JobNumber, document: SegmentDocument, ranges: [ClosedRange<Int64>]?) {
        self.job = job
        self.document = document
        self.ranges = ranges
    }
}

/// The `scope` of the segment dialect: `pr7214`, `jbs773`, `jbc2002`, in any letter case (segment reference 3.2, U10).
package enum SegmentScope: Hashable, Sendable, CustomStringConvertible {
    case project(Int64)
    case job(JobNumber)

    package init(parsing text: String) throws(AssetError) {
        let lower = text.lowercased()
        if lower.hasPrefix("pr"), let number = Int64(digits: lower.dropFirst(2)) {
            self = .project(number)
        } else if lower.hasPrefix("jb"), let job = JobNumber(lower.dropFirst(2)) {
            self = .job(job)
        } else {
            throw .badParameter("scope", "Expected pr{number}, jbs{number} or jbc{number}")
        }
    }

    package var description: String {
        switch self {
        case .project(let number): "pr\(number)"
        case .job(let job): "jb\(job)"
        }
    }
}

extension Int64 {
    /// Reads a whole number written with ASCII digits only: no sign, no space.
    package init?(digits text: some StringProtocol) {
        // What is no String is read in a much slower way.
        let text = String(text)
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        self.init(text)
    }
}
