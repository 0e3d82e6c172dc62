package protocol JobTables {
    func insertJob(
        _ kind: Job.Kind, project: ProjectID, user: UserID, parameters: JSON, isSilent: Bool, now: Timestamp
    ) throws -> Job
    /// Takes the oldest job that waits, or whose lease has run out, for `owner` until `until`.
    func claimJob(owner: String, now: Timestamp, until: Timestamp) throws -> Job?
    /// The job with its position as last saved, if `owner` still holds its lease; the lease then runs until `until`.
    func renewLease(_ id: JobID, owner: String, until: Timestamp) throws -> Job?
    /// Gives back all leases: only a process that is alone on this database may do so, at its start.
    func releaseAllLeases() throws
    /// Gives one job back, so that any runner may claim it at once.
    func releaseLease(_ id: JobID, owner: String) throws
    /// Writes status, parameters, position and counts.
    func save(_ job: Job) throws
    func job(_ id: JobID) throws -> Job?
    /// Deletes the row and all that belongs to it.
    func deleteJob(_ id: JobID) throws
    /// Deletes finished jobs that were last touched before `moment`, at most `limit`; answers how many.
    func deleteFinishedJobs(before moment: Timestamp, limit: Int) throws -> Int

    /// Folders whose content a job has yet to work through, in the order in which they were added.
    func pushFolders(_ folders: [AssetID], of job: JobID) throws
    func popFolder(of job: JobID) throws -> AssetID?
}
