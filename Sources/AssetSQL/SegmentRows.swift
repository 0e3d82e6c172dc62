import AssetCore

extension SQLTransaction: SegmentTables {
    private static func document(_ row: any SQLRow) -> SegmentDocument {
        SegmentDocument(number: row.int(0), project: row.id(1), isFlex: row.int(2) == 1)
    }

    func document(_ number: Int64) throws -> SegmentDocument? {
        try db.first(
            "SELECT number, project_id, is_flex FROM documents WHERE number = ?", [.int(number)], Self.document)
    }

    func registerDocument(_ number: Int64, project: ProjectID, isFlex: Bool) throws -> SegmentDocument {
        if let known = try document(number) {
            guard known.project == project else {
                throw AssetError.unprocessable("Document \(number) belongs to another project")
            }
            guard known.isFlex == isFlex else {
                throw AssetError.unprocessable("Document \(number) is \(known.isFlex ? "" : "not ")a Flex document")
            }
            return known
        }
        try db.execute(
            "INSERT INTO documents (number, project_id, is_flex) VALUES (?, ?, ?)",
            [.int(number), .id(project), .bool(isFlex)])
        return SegmentDocument(number: number, project: project, isFlex: isFlex)
    }

    /// Ranges of one document that touch or overlap become one row.
    func addSegments(_ ranges: [ClosedRange<Int64>], to document: Int64) throws {
        for range in ranges {
            var first = range.lowerBound
            var last = range.upperBound
            guard first > 0, last < .max else { throw AssetError.badParameter("segments", "A number is out of range") }
            let overlapping = try db.all(
                """
                SELECT first, last, document FROM segments
                WHERE first <= ? AND last >= ? AND (document = ? OR (first <= ? AND last >= ?))
                """, [.int(last + 1), .int(first - 1), .int(document), .int(last), .int(first)]
            ) { ($0.int(0), $0.int(1), $0.int(2)) }
            for (otherFirst, otherLast, other) in overlapping {
                guard other == document else {
                    throw AssetError.unprocessable(
                        "Segments \(max(first, otherFirst))-\(min(last, otherLast)) belong to document \(other)")
                }
                first = min(first, otherFirst)
                last = max(last, otherLast)
            }
            for (otherFirst, _, _) in overlapping {
                try db.execute("DELETE FROM segments WHERE first = ?", [.int(otherFirst)])
            }
            try db.execute(
                "INSERT INTO segments (first, last, document) VALUES (?, ?, ?)",
                [.int(first), .int(last), .int(document)])
        }
    }

    func document(ofSegment segment: Int64) throws -> SegmentDocument? {
        try db.first(
            """
            SELECT documents.number, documents.project_id, documents.is_flex
            FROM (SELECT last, document FROM segments WHERE first <= ? ORDER BY first DESC LIMIT 1) nearest
            JOIN documents ON documents.number = nearest.document
            WHERE nearest.last >= ?
            """, [.int(segment), .int(segment)], Self.document)
    }

    func segmentRanges(of document: Int64) throws -> [ClosedRange<Int64>] {
        try db.all("SELECT first, last FROM segments WHERE document = ? ORDER BY first", [.int(document)]) {
            $0.int(0)...$0.int(1)
        }
    }

    func documents(of project: ProjectID) throws -> [SegmentDocument] {
        try db.all(
            "SELECT number, project_id, is_flex FROM documents WHERE project_id = ? ORDER BY number", [.id(project)],
            Self.document)
    }

    func jobScopes(on document: Int64) throws -> [JobScope] {
        try db.all(
            """
            SELECT number, project_id, is_flex, ranges, job_scopes.job FROM job_scopes
            JOIN documents ON number = document WHERE document = ? ORDER BY job_scopes.job
            """, [.int(document)], Self.namedScope)
    }

    func jobScope(_ job: JobNumber) throws -> JobScope? {
        try db.first(
            """
            SELECT number, project_id, is_flex, ranges FROM job_scopes JOIN documents ON number = document
            WHERE job = ?
            """, [.text(job.description)]
        ) { try Self.scope(job, $0) }
    }

    private static func scope(_ job: JobNumber, _ row: any SQLRow) throws -> JobScope {
        let ranges = try row.text(ifAny: 3).map { text in
            try JSON(parsing: text).arrayValue?.compactMap { pair -> ClosedRange<Int64>? in
                guard let first = pair.arrayValue?.first?.intValue, let last = pair.arrayValue?.last?.intValue else {
                    return nil
                }
                return first...last
            } ?? []
        }
        return JobScope(job: job, document: document(row), ranges: ranges)
    }

    func saveJobScope(_ scope: JobScope) throws {
        touched.value.isAccess = true
        let ranges = scope.ranges.map { ranges in
            JSON.array(ranges.map { [.int($0.lowerBound), .int($0.upperBound)] }).text
        }
        try db.execute(
            """
            INSERT INTO job_scopes (job, document, ranges) VALUES (?, ?, ?)
            ON CONFLICT (job) DO UPDATE SET document = excluded.document, ranges = excluded.ranges
            """, [.text(scope.job.description), .int(scope.document.number), .text(ifAny: ranges)])
    }

    func assign(_ user: UserID, to job: JobNumber) throws {
        try db.execute(
            "INSERT INTO assignments (job, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [.text(job.description), .id(user)])
    }

    func isAssigned(_ user: UserID, to job: JobNumber) throws -> Bool {
        try db.first(
            "SELECT 1 FROM assignments WHERE job = ? AND user_id = ?", [.text(job.description), .id(user)]
        ) { _ in true } ?? false
    }

    func jobScopes(on document: Int64, assignedTo user: UserID) throws -> [JobScope] {
        try db.all(
            """
            SELECT number, project_id, is_flex, ranges, job_scopes.job FROM job_scopes
            JOIN documents ON number = document JOIN assignments ON assignments.job = job_scopes.job
            WHERE document = ? AND user_id = ? ORDER BY job_scopes.job
            """, [.int(document), .id(user)], Self.namedScope)
    }

    private static func namedScope(_ row: any SQLRow) throws -> JobScope {
        guard let job = JobNumber(row.text(4)) else { throw CorruptRow(column: 4, what: "job number") }
        return try scope(job, row)
    }
}
