import OrderedCollections

/// What a call on backups answers with.
package struct BackupOverview: Sendable {
    package let backups: [Backup]
    package let nextVersion: Int64
    /// When the newest complete backup was begun.
    package var lastBackedUp: Timestamp? { backups.last { $0.status == .ready }?.createdOn }
}

/// Backups of a project (project reference 4.6). The work is done by jobs; see `SnapshotSweep`.
extension AssetService {
    /// The most backups of a project, and the longest name in bytes.
    package static let maximumBackups = 1000
    private static let maximumNameBytes = 255

    /// Begins a backup.
    /// - Throws: `unprocessable` for a name of the form `Backup <n>` with a number other than its own.
    package func createBackup(
        _ caller: Caller, createdBy: String, name: String?
    ) async throws -> (backup: Backup, job: GID) {
        try caller.require(.write)
        guard !createdBy.isEmpty, createdBy.utf8.count <= Self.maximumNameBytes else {
            throw AssetError.badParameter("created_by", "Use 1 to \(Self.maximumNameBytes) bytes")
        }
        return try await begin(.backup, caller) { tx, now in
            try Self.checkBackupName(name, version: try tx.nextBackup(of: caller.project.id))
            return (try tx.newBackup(of: caller.project, name: name, createdBy: createdBy, now: now), [:])
        }
    }

    /// Begins to make the project what a backup says. What there is now is backed up first, so that the restore can be taken back;
    /// until then it can be cancelled, and afterwards goes to its end.
    /// - Throws: `unprocessable` when there is no such backup; `processFailed` when it is not complete yet.
    package func restoreBackup(_ caller: Caller, version: Int64) async throws -> (backup: Backup, job: GID) {
        try caller.require([.write, .delete, .purge])
        return try await begin(.restore, caller) { tx, now in
            let backup = try tx.requireBackup(version, of: caller.project)
            guard backup.status == .ready else {
                throw AssetError(.processFailed, "The backup is not complete yet", parameter: "restore")
            }
            let undo = try tx.newBackup(
                of: caller.project, name: "Before restoring version \(version)", createdBy: caller.user.name, now: now)
            return (undo, ["restore": .int(backup.id.rawValue)])
        }
    }

    package func renameBackup(_ caller: Caller, version: Int64, to name: String) async throws {
        try caller.require(.write)
        try Self.checkBackupName(name, version: version)
        try await catalog.write(.project(caller.project.id)) { tx in
            let backup = try tx.requireBackup(version, of: caller.project)
            try tx.setName(of: backup.id, to: name)
            try tx.appendUpdate(of: caller.project)
        }
    }

    /// Deletes backups; versions that do not exist, or are being made, are skipped.
    package func deleteBackups(_ caller: Caller, versions: [Int64]) async throws {
        try caller.require(.purge)
        let versions = Set(versions)
        try await catalog.write(.project(caller.project.id)) { tx in
            for backup in try tx.backups(of: caller.project.id)
            where versions.contains(backup.version) && backup.status == .ready {
                try tx.setStatus(of: backup.id, to: .deleting)
            }
            try tx.appendUpdate(of: caller.project)
        }
    }

    private func begin(
        _ kind: Job.Kind, _ caller: Caller,
        _ body: @escaping @Sendable (any CatalogTransaction, Timestamp) throws -> (Backup, JSON.Object)
    ) async throws -> (backup: Backup, job: GID) {
        let result = try await catalog.write(.project(caller.project.id)) { [clock] tx -> (Backup, GID) in
            let now = clock.now()
            var (backup, parameters) = try body(tx, now)
            parameters["backup"] = .int(backup.id.rawValue)
            let job = try tx.insertJob(
                kind, project: caller.project.id, user: caller.user.id, parameters: .object(parameters),
                isSilent: false, now: now)
            try tx.report(job, in: caller.project)
            try tx.appendUpdate(of: caller.project)
            return (backup, job.token)
        }
        signal.wake()
        return result
    }

    /// `Backup <n>` is the name of version n alone (project reference 4.6).
    private static func checkBackupName(_ name: String?, version: Int64) throws(AssetError) {
        guard let name else { return }
        guard !name.isEmpty, name.utf8.count <= maximumNameBytes else {
            throw .badParameter("name", "Use 1 to \(maximumNameBytes) bytes")
        }
        if name.hasPrefix("Backup "), let number = Int64(digits: name.dropFirst("Backup ".count)), number != version {
            throw .unprocessable("'\(name)' is the name of another backup")
        }
    }
}

extension BackupTables {
    fileprivate func newBackup(of project: Project, name: String?, createdBy: String, now: Timestamp) throws -> Backup {
        guard try backups(of: project.id).count < AssetService.maximumBackups else {
            throw AssetError.unprocessable("The project has \(AssetService.maximumBackups) backups")
        }
        return try insertBackup(of: project.id, name: name, createdBy: createdBy, isExport: false, now: now)
    }

    fileprivate func requireBackup(_ version: Int64, of project: Project) throws -> Backup {
        guard let backup = try backups(of: project.id).first(where: { $0.version == version }) else {
            throw AssetError.unprocessable("There is no backup of version \(version)")
        }
        return backup
    }
}
