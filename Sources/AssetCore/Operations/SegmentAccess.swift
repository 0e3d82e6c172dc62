/// Which segments a call of the segment dialect reaches, and as whom.
extension AssetService {
    /// The caller in a scope (segment reference 3.2, 3.5).
    /// - Throws: `badParameter("scope")` when the project or job does not exist in the user's account; `forbidden` without a
    ///   right to it: managers need a membership of the project, workers an assignment to the job.
    package func caller(_ user: User, scope: SegmentScope) async throws -> Caller {
        try await access.scopes.value(.init(user: user.id, scope: scope), catalog.feedSignal) {
            try await catalog.lookUp { tx in
                switch scope {
                case .project(let number):
                    guard let project = try tx.project(number: number), project.account == user.account,
                        project.isActive
                    else { throw AssetError.badParameter("scope", "Project \(number) does not exist") }
                    return try tx.memberCaller(user, project, .project)
                case .job(let job):
                    guard let scope = try tx.jobScope(job), let project = try tx.project(scope.document.project),
                        project.account == user.account, project.isActive
                    else { throw AssetError.badParameter("scope", "Job \(job) does not exist") }
                    return try tx.caller(user, project, scope)
                }
            }
        }
    }

    /// What `caller` would answer, when that is known without a look at the database.
    package func knownCaller(_ user: User, scope: SegmentScope) -> Caller? {
        access.scopes.known(.init(user: user.id, scope: scope), catalog.feedSignal)
    }

    /// The caller in a Flex document, named by its number or by the number of a job on it (segment reference 7.2).
    /// - Throws: `badParameter("id")` when it does not exist in the user's account or is no Flex document; `forbidden` without a
    ///   right to it.
    package func caller(_ user: User, flexDocument id: String) async throws -> (
        caller: Caller, document: SegmentDocument
    ) {
        try await catalog.lookUp { tx in
            let scope = try JobNumber(id).flatMap { try tx.jobScope($0) }
            let found = try scope?.document ?? Int64(digits: id).flatMap { try tx.document($0) }
            guard let document = found, document.isFlex, let project = try tx.project(document.project),
                project.account == user.account, project.isActive
            else { throw AssetError.badParameter("id", "'\(id)' is not a Flex document") }
            if let scope { return (try tx.caller(user, project, scope), document) }
            guard user.level == .worker else {
                return (try tx.memberCaller(user, project, .document(document.number, ranges: nil)), document)
            }
            let scopes = try tx.jobScopes(on: document.number, assignedTo: user.id)
            guard !scopes.isEmpty else { throw AssetError(.forbidden, "No job on this document is assigned to you") }
            let all = scopes.contains { $0.ranges == nil }
            let ranges = all ? nil : scopes.flatMap { $0.ranges ?? [] }
            return (tx.workerCaller(user, project, .document(document.number, ranges: ranges)), document)
        }
    }

    /// Checks that a segment is within reach, before other parameters are looked at (segment reference 6.1).
    /// - Throws: `badParameter("segmentid")`.
    package func requireSegment(_ caller: Caller, _ segment: Int64) async throws {
        try await catalog.lookUp { tx in _ = try document(ofSegment: segment, caller, tx) }
    }

    /// Checks that a segment is within reach, and finds its document.
    /// - Throws: `badParameter("segmentid")` (segment reference U26).
    func document(ofSegment segment: Int64, _ caller: Caller, _ tx: any CatalogTransaction) throws -> Int64 {
        guard let document = try tx.document(ofSegment: segment), document.project == caller.project.id,
            caller.segments.includes(segment: segment, of: document.number)
        else { throw AssetError.badParameter("segmentid", "Segment \(segment) does not exist in this scope") }
        return document.number
    }
}

extension AccountTables where Self: SegmentTables {
    /// A manager or API user needs a membership; a worker has none that counts here.
    fileprivate func memberCaller(_ user: User, _ project: Project, _ segments: SegmentAccess) throws -> Caller {
        guard user.level != .worker, let member = try member(user.id, of: project.id), member.status == .active else {
            throw AssetError(.forbidden, "You have no access to this project")
        }
        return Caller(user: user, project: project, rights: member.role.rights, segments: segments)
    }

    /// Within a job assigned to them, workers may do everything with its files.
    fileprivate func workerCaller(_ user: User, _ project: Project, _ segments: SegmentAccess) -> Caller {
        Caller(user: user, project: project, rights: [.read, .write, .delete, .purge], segments: segments)
    }

    fileprivate func caller(_ user: User, _ project: Project, _ scope: JobScope) throws -> Caller {
        let segments = SegmentAccess.document(scope.document.number, ranges: scope.ranges)
        guard user.level == .worker else { return try memberCaller(user, project, segments) }
        guard try isAssigned(user.id, to: scope.job) else {
            throw AssetError(.forbidden, "This job is not assigned to you")
        }
        return workerCaller(user, project, segments)
    }
}
