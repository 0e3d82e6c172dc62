/// Documents, segments and translation jobs: what the segment dialect resolves its numbers with.
package protocol SegmentTables {
    func document(_ number: Int64) throws -> SegmentDocument?
    /// Registers a document, or finds it; its project and kind never change.
    /// - Throws: `unprocessable` when it belongs to another project or is of the other kind.
    func registerDocument(_ number: Int64, project: ProjectID, isFlex: Bool) throws -> SegmentDocument
    /// Adds segments to a document; those it already has are fine.
    /// - Throws: `unprocessable` when one of them belongs to another document.
    func addSegments(_ ranges: [ClosedRange<Int64>], to document: Int64) throws
    /// The document that a segment belongs to.
    func document(ofSegment segment: Int64) throws -> SegmentDocument?
    func segmentRanges(of document: Int64) throws -> [ClosedRange<Int64>]

    /// By number.
    func documents(of project: ProjectID) throws -> [SegmentDocument]
    func jobScopes(on document: Int64) throws -> [JobScope]

    func jobScope(_ job: JobNumber) throws -> JobScope?
    /// Registers a translation job, or replaces its document and ranges.
    func saveJobScope(_ scope: JobScope) throws
    func assign(_ user: UserID, to job: JobNumber) throws
    func isAssigned(_ user: UserID, to job: JobNumber) throws -> Bool
    /// The jobs on a document that are assigned to a user.
    func jobScopes(on document: Int64, assignedTo user: UserID) throws -> [JobScope]
}
