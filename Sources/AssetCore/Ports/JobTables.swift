/// A selected item that a job could not change, and why.
package struct JobFailure: Sendable, Equatable {
    package let asset: GID
    package let reason: String

    package init(asset: GID, reason: String) {
        self.asset = asset
        self.reason = reason
    }
}

/// Where a job took an asset from, and where it put it.
package struct JobMove: Sendable, Equatable {
    package let asset: AssetID
    package let fromParent: AssetID
    package let fromName: String
    package let toParent: AssetID
    package let toName: String

    package init(asset: AssetID, fromParent: AssetID, fromName: String, toParent: AssetID, toName: String) {
        self.asset = asset
        self.fromParent = fromParent
        self.fromName = fromName
        self.toParent = toParent
        self.toName = toName
    }
}

package protocol JobTables {
    func insertJob(
        _ kind: Job.Kind, project: ProjectID, user: UserID, parameters: JSON, isSilent: Bool, now: Timestamp
    ) throws -> Job
    /// Takes the oldest job that waits, or whose lease has run out, for `owner` until `until`. Jobs on a whole project (backup,
    /// restore, languages) wait until the earlier ones of that project have ended, and all jobs wait for an earlier restore.
    func claimJob(owner: String, now: Timestamp, until: Timestamp) throws -> Job?
    /// The job with its position as last saved, if `owner` still holds its lease; the lease then runs until `until`.
    func renewLease(_ id: JobID, owner: String, until: Timestamp) throws -> Job?
    /// Gives back all leases, those of duties too: only a process that is alone on this database may do so, at its start.
    func releaseAllLeases() throws
    /// Gives one job back, so that any runner may claim it at once.
    func releaseLease(_ id: JobID, owner: String) throws
    /// Writes status, parameters, position and counts.
    func save(_ job: Job) throws
    func job(_ id: JobID) throws -> Job?
    /// A job that is not silent.
    func job(token: GID, in project: ProjectID) throws -> Job?
    /// The jobs of a project that are not silent, the newest first; without their parameters.
    func jobs(in project: ProjectID, top: Int, size: Int) throws -> (jobs: [Job], total: Int64)
    /// How many jobs of a project have not ended.
    func openJobs(in project: ProjectID) throws -> Int
    /// Asks a job to end; answers false when it has ended already.
    func cancelJob(_ id: JobID) throws -> Bool
    /// Asks the other jobs of a project to end that have begun to work on its assets or were made before that one, the silent ones
    /// too; backups and restores go on.
    func cancelJobs(in project: ProjectID, except id: JobID) throws
    /// Whether a restore of the project waits or runs.
    func isInRestore(_ project: ProjectID) throws -> Bool
    func append(_ failures: [JobFailure], to job: JobID) throws
    /// In the order in which they were appended.
    func failures(of job: JobID, top: Int, size: Int) throws -> (failures: [JobFailure], total: Int64)
    func append(_ move: JobMove, to job: JobID) throws
    /// The last move before the one of this number.
    func lastMove(of job: JobID, before number: Int64) throws -> (number: Int64, move: JobMove)?
    /// Deletes the row and all that belongs to it.
    func deleteJob(_ id: JobID) throws
    /// Deletes finished jobs that were last touched before `moment`, with what belongs to them: at most `limit` rows; answers how
    /// many.
    func deleteFinishedJobs(before moment: Timestamp, limit: Int) throws -> Int

    /// Folders whose content a job has yet to work through, in the order in which they were added.
    func pushFolders(_ folders: [AssetID], of job: JobID) throws
    /// Adds those folders directly in `folders` that the job was the last to change, and that still are `status`.
    func pushFolders(in folders: [AssetID], with status: Asset.Status, of job: JobID) throws
    /// The first folders, at most `limit`.
    func nextFolders(of job: JobID, limit: Int) throws -> [AssetID]
    /// The next folder behind a number; numbers grow in the order in which the folders were added, from 1 on.
    func folder(of job: JobID, after number: Int64) throws -> (number: Int64, folder: AssetID)?
    /// The folders before a number, the last first.
    func folders(of job: JobID, before number: Int64, limit: Int) throws -> [(number: Int64, folder: AssetID)]
    /// Takes out the first `count` folders.
    func dropFolders(_ count: Int, of job: JobID) throws
}
