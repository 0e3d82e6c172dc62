import AssetCore
import Testing

extension CatalogSuite {
    private func insertJob(_ set: CatalogSet, _ kind: Job.Kind = .bulkDelete) async throws -> Job {
        try await set.write { tx in
            try tx.insertJob(
                kind, project: set.project.id, user: set.user.id, parameters: ["selection": ["x"]], isSilent: false,
                now: CatalogSet.now)
        }
    }

    private func claim(_ set: CatalogSet, _ owner: String, after seconds: Double = 0) async throws -> Job? {
        let now = CatalogSet.now.adding(seconds: seconds)
        return try await set.write { try $0.claimJob(owner: owner, now: now, until: now.adding(seconds: 30)) }
    }

    func claimJob(_ set: CatalogSet) async throws {
        #expect(try await claim(set, "a") == nil)
        let first = try await insertJob(set)
        let second = try await insertJob(set, .bulkMove)
        let claimed = try #require(try await claim(set, "a"))
        #expect(claimed.id == first.id)
        #expect(claimed.token == first.token)
        #expect(claimed.kind == .bulkDelete)
        #expect(claimed.status == .queued)
        #expect(claimed.parameters == ["selection": ["x"]])
        #expect(claimed.total == nil)
        #expect(claimed.createdOn == CatalogSet.now)
        #expect(try await claim(set, "b")?.id == second.id)
        #expect(try await claim(set, "c") == nil)
        // What is done is not claimed again.
        try await set.write { tx in
            var job = claimed
            job.status = .done
            try tx.save(job)
        }
        #expect(try await claim(set, "c", after: 60)?.id == second.id)
        #expect(try await claim(set, "d", after: 60) == nil)
    }

    func leases(_ set: CatalogSet) async throws {
        let job = try await insertJob(set)
        func renew(_ owner: String, after seconds: Double) async throws -> JobID? {
            let until = CatalogSet.now.adding(seconds: seconds + 30)
            return try await set.write { try $0.renewLease(job.id, owner: owner, until: until) }?.id
        }
        _ = try await claim(set, "a")
        #expect(try await claim(set, "b", after: 29) == nil)
        #expect(try await renew("b", after: 29) == nil)
        #expect(try await renew("a", after: 29) == job.id)
        #expect(try await claim(set, "b", after: 58) == nil)
        // Run out: another takes it, and the first one can do nothing more.
        #expect(try await claim(set, "b", after: 59)?.id == job.id)
        #expect(try await renew("a", after: 60) == nil)
        try await set.write { try $0.releaseLease(job.id, owner: "a") }
        #expect(try await claim(set, "c", after: 60) == nil)
        // Given back: at once free for all.
        try await set.write { try $0.releaseLease(job.id, owner: "b") }
        #expect(try await renew("b", after: 60) == nil)
        #expect(try await claim(set, "c", after: 60)?.id == job.id)
        try await set.write { try $0.releaseAllLeases() }
        #expect(try await claim(set, "d")?.id == job.id)
    }

    func saveJob(_ set: CatalogSet) async throws {
        var job = try await insertJob(set)
        let folder = try await set.folder("folder")
        job.selection = try await set.write { tx in
            try tx.createSelection(project: set.project.id, user: set.user.id, now: CatalogSet.now, expiresOn: nil).id
        }
        job.status = .processing
        job.position = 7
        job.folder = folder.id
        job.afterName = "é"
        job.isInFiles = true
        job.total = 100
        job.succeeded = 40
        job.failed = 2
        job.error = "error"
        job.updatedOn = CatalogSet.now.adding(seconds: 1)
        job.reportedOn = CatalogSet.now.adding(seconds: 2)
        let saved = job
        try await set.write { try $0.save(saved) }
        let stored = try #require(try await set.read { try $0.job(saved.id) })
        #expect(stored.status == .processing)
        #expect(stored.selection == saved.selection)
        #expect(stored.position == 7)
        #expect(stored.folder == folder.id)
        #expect(stored.afterName == "é")
        #expect(stored.isInFiles)
        #expect(stored.total == 100)
        #expect(stored.succeeded == 40)
        #expect(stored.failed == 2)
        #expect(stored.error == "error")
        #expect(stored.updatedOn == saved.updatedOn)
        #expect(stored.reportedOn == saved.reportedOn)
        #expect(!stored.isSilent)
    }

    func deleteJob(_ set: CatalogSet) async throws {
        var done = try await insertJob(set)
        let open = try await insertJob(set)
        let folder = try await set.folder("folder")
        done.status = .done
        done.selection = try await set.write { tx in
            let selection = try tx.createSelection(
                project: set.project.id, user: set.user.id, now: CatalogSet.now, expiresOn: nil)
            try tx.append(Array(repeating: folder.id, count: 2 * selectionChunk), to: selection.id, from: 0)
            return selection.id
        }
        let finished = done
        try await set.write { tx in
            try tx.save(finished)
            try tx.pushFolders([folder.id], of: finished.id)
            try tx.pushFolders([folder.id], of: open.id)
        }
        let (now, later) = (CatalogSet.now, CatalogSet.now.adding(seconds: 1))
        #expect(try await set.write { try $0.deleteFinishedJobs(before: now, limit: 10) } == 0)
        // A folder and the chunks of its selection, which are rows too, need not go all at once.
        #expect(try await set.write { try $0.deleteFinishedJobs(before: later, limit: 2) } == 2)
        #expect(try await set.read { try $0.job(finished.id) }?.id == finished.id)
        #expect(try await set.write { try $0.deleteFinishedJobs(before: later, limit: 10) } == 2)
        #expect(try await set.write { try $0.deleteFinishedJobs(before: later, limit: 10) } == 0)
        let selection = try #require(finished.selection)
        #expect(try await set.read { try $0.job(finished.id) }?.id == nil)
        #expect(try await set.read { try $0.selectionCount(selection) } == 0)
        #expect(try await set.read { try $0.selectionItems(selection, from: 0) } == [])
        #expect(try await set.read { try $0.nextFolders(of: finished.id, limit: 9) } == [])
        #expect(try await set.read { try $0.nextFolders(of: open.id, limit: 9) } == [folder.id])
        try await set.write { try $0.deleteJob(open.id) }
        #expect(try await set.read { try $0.job(open.id) }?.id == nil)
    }

    func jobFolders(_ set: CatalogSet) async throws {
        let (a, b) = (try await insertJob(set), try await insertJob(set))
        let ids = (1...5).map { AssetID(rawValue: Int64(10 - $0)) }
        try await set.write { tx in
            try tx.pushFolders(Array(ids[..<2]), of: a.id)
            try tx.pushFolders([ids[4]], of: b.id)
            try tx.pushFolders(Array(ids[2..<4]), of: a.id)
        }
        #expect(try await set.read { try $0.nextFolders(of: a.id, limit: 3) } == Array(ids[..<3]))
        // From number to number, in both directions.
        var number: Int64 = 0
        for id in ids[..<4] {
            let after = number
            let next = try #require(try await set.read { try $0.folder(of: a.id, after: after) })
            #expect(next.folder == id)
            number = next.number
        }
        let last = number
        #expect(try await set.read { try $0.folder(of: a.id, after: last) } == nil)
        let behind = try await set.read { try $0.folders(of: a.id, before: .max, limit: 2) }
        #expect(behind.map(\.folder) == [ids[3], ids[2]])
        #expect(
            try await set.read { try $0.folders(of: a.id, before: behind[1].number, limit: 9) }.map(\.folder) == [
                ids[1], ids[0],
            ])
        try await set.write { try $0.dropFolders(3, of: a.id) }
        #expect(try await set.read { try $0.nextFolders(of: a.id, limit: 3) } == [ids[3]])
        try await set.write { try $0.dropFolders(3, of: a.id) }
        #expect(try await set.read { try $0.nextFolders(of: a.id, limit: 3) } == [])
        #expect(try await set.read { try $0.nextFolders(of: b.id, limit: 3) } == [ids[4]])
    }

    func changedFolders(_ set: CatalogSet) async throws {
        let job = try await insertJob(set)
        let (a, b) = (try await set.folder("a"), try await set.folder("b"))
        let inside = [
            try await set.folder("1", in: a), try await set.folder("2", in: a), try await set.folder("3", in: b),
        ]
        let file = try await set.file("file.txt", in: a)
        let elsewhere = try await set.folder("elsewhere", in: inside[0])
        let change = StatusChange(
            project: set.project.id, from: .published, to: .deleted, job: job.id, now: CatalogSet.now)
        try await set.write { tx in
            _ = try tx.apply(change, to: [inside[0].id, inside[2].id, file.id, elsewhere.id])
            try tx.setStatus(of: inside[1].id, to: .deleted, now: CatalogSet.now)
            try tx.pushFolders(in: [a.id, b.id], with: .published, of: job.id)
            try tx.pushFolders(in: [], with: .deleted, of: job.id)
        }
        #expect(try await set.read { try $0.nextFolders(of: job.id, limit: 9) } == [])
        try await set.write { try $0.pushFolders(in: [a.id, b.id], with: .deleted, of: job.id) }
        let next = try await set.read { try $0.nextFolders(of: job.id, limit: 9) }
        #expect(Set(next) == [inside[0].id, inside[2].id])
        #expect(next.count == 2)
    }

    func selections(_ set: CatalogSet) async throws {
        let ids = (0..<2500).map { AssetID(rawValue: Int64(1_000_000 - $0 * 7)) }
        let selection = try await set.write { tx in
            let selection = try tx.createSelection(
                project: set.project.id, user: set.user.id, now: CatalogSet.now, expiresOn: nil)
            try tx.append(Array(ids[..<selectionChunk]), to: selection.id, from: 0)
            try tx.append(Array(ids[selectionChunk...]), to: selection.id, from: Int64(selectionChunk))
            return selection.id
        }
        #expect(try await set.read { try $0.selectionCount(selection) } == 2500)
        // From anywhere, what comes is what stands there, and something always comes before the end.
        for position in [0, 1, 999, 1000, 1001, 1999, 2000, 2499] {
            let items = try await set.read { try $0.selectionItems(selection, from: Int64(position)) }
            #expect(!items.isEmpty)
            #expect(items == Array(ids[position...].prefix(items.count)))
        }
        for position: Int64 in [2500, 2501, 3000, 1 << 40] {
            #expect(try await set.read { try $0.selectionItems(selection, from: position) } == [])
        }
        var walked: [AssetID] = []
        while case let position = Int64(walked.count),
            case let items = try await set.read({ try $0.selectionItems(selection, from: position) }), !items.isEmpty
        { walked += items }
        #expect(walked == ids)
        try await set.write { try $0.deleteSelection(selection) }
        #expect(try await set.read { try $0.selectionCount(selection) } == 0)
        #expect(try await set.read { try $0.selectionItems(selection, from: 0) } == [])
    }

    func selectionExpiry(_ set: CatalogSet) async throws {
        let now = CatalogSet.now
        let end = now.adding(seconds: 60)
        let (project, user) = (set.project.id, set.user.id)
        let (id, token) = try await set.write {
            try $0.createSelection(project: project, user: user, now: now, expiresOn: end)
        }
        func find(
            _ token: GID, project: ProjectID? = nil, user: UserID? = nil, at moment: Timestamp = now
        ) async throws -> OpenSelection? {
            let (project, user) = (project ?? set.project.id, user ?? set.user.id)
            return try await set.read { try $0.selection(token: token, project: project, user: user, now: moment) }
        }
        #expect(try await find(token) == OpenSelection(id: id, expiresOn: end))
        #expect(try await find(GID()) == nil)
        #expect(try await find(token, project: set.strangeProject.id) == nil)
        #expect(try await find(token, user: set.stranger.id) == nil)
        #expect(try await find(token, at: end) == nil)
        #expect(try await set.write { try $0.deleteExpiredSelections(now: now, limit: 10) } == 0)
        try await set.write { try $0.setExpiry(of: id, to: end.adding(seconds: 60)) }
        #expect(try await find(token, at: end)?.id == id)
        #expect(try await set.write { try $0.deleteExpiredSelections(now: end, limit: 10) } == 0)
        // One that never expires belongs to a job: no cursor reaches it, no sweeper removes it.
        try await set.write { try $0.setExpiry(of: id, to: nil) }
        #expect(try await find(token, at: end) == nil)
        #expect(try await set.write { try $0.deleteExpiredSelections(now: end.adding(seconds: 9999), limit: 10) } == 0)
        try await set.write { try $0.setExpiry(of: id, to: end) }
        try await set.write { tx in
            try tx.append((1...Int64(2 * selectionChunk)).map { AssetID(rawValue: $0) }, to: id, from: 0)
        }
        #expect(try await set.write { try $0.deleteExpiredSelections(now: end, limit: 1) } == 1)
        // Whoever has read it before it expired cannot make it last longer.
        try await set.write { try $0.setExpiry(of: id, to: end.adding(seconds: 60)) }
        #expect(try await find(token, at: now) == nil)
        #expect(try await set.write { try $0.deleteExpiredSelections(now: end, limit: 1) } == 1)
        #expect(try await set.read { try $0.selectionItems(id, from: Int64(selectionChunk)) } == [])
        #expect(try await set.write { try $0.deleteExpiredSelections(now: end, limit: 10) } == 1)
        #expect(try await find(token) == nil)
    }
}

extension CatalogSuite {
    func projectJobs(_ set: CatalogSet) async throws {
        let project = set.project.id
        func insert(_ kind: Job.Kind, isSilent: Bool = false) async throws -> Job {
            try await set.write { tx in
                try tx.insertJob(
                    kind, project: project, user: set.user.id, parameters: [:], isSilent: isSilent, now: CatalogSet.now)
            }
        }
        let (one, two) = (try await insert(.bulkDelete), try await insert(.bulkMove))
        let backup = try await insert(.backup, isSilent: false)
        let silent = try await insert(.bulkDelete, isSilent: true)
        let pathnames = try await insert(.tellPathnames, isSilent: true)
        let (jobs, total) = try await set.read { try $0.jobs(in: project, top: 0, size: 10) }
        #expect(jobs.map(\.id) == [backup.id, two.id, one.id])
        #expect(total == 3)
        #expect(try await set.read { try $0.jobs(in: project, top: 2, size: 10) }.jobs.map(\.id) == [one.id])
        #expect(try await set.read { try $0.job(token: one.token, in: project) }?.id == one.id)
        #expect(try await set.read { try $0.job(token: silent.token, in: project) } == nil)
        #expect(try await set.read { try $0.job(token: one.token, in: set.strangeProject.id) } == nil)

        #expect(try await set.write { try $0.cancelJob(one.id) })
        #expect(try await set.read { try $0.job(one.id) }?.isCancelled == true)
        try await set.write { tx in
            var job = one
            job.status = .done
            try tx.save(job)
            // What has begun, and what came before the one that is excepted.
            for var begun in [silent, pathnames] {
                begun.status = .processing
                try tx.save(begun)
            }
            try tx.cancelJobs(in: project, except: backup.id)
        }
        #expect(try await !set.write { try $0.cancelJob(one.id) })
        // Saving does not take the wish back.
        #expect(try await set.read { try $0.job(one.id) }?.isCancelled == true)
        #expect(try await set.read { try $0.job(two.id) }?.isCancelled == true)
        // What stands behind a call works on assets as well; a backup does not.
        #expect(try await set.read { try $0.job(backup.id) }?.isCancelled == false)
        #expect(try await set.read { try $0.job(silent.id) }?.isCancelled == true)
        #expect(try await set.read { try $0.job(pathnames.id) }?.isCancelled == false)
        let later = try await insert(.bulkDelete)
        try await set.write { try $0.cancelJobs(in: project, except: backup.id) }
        #expect(try await set.read { try $0.job(later.id) }?.isCancelled == false)
    }

    /// Backups, restores and language changes of one project wait for each other, and all that comes later for a restore.
    func exclusiveJobs(_ set: CatalogSet) async throws {
        func insert(_ kind: Job.Kind, _ project: Project, _ user: User) async throws -> JobID {
            try await set.write { tx in
                try tx.insertJob(
                    kind, project: project.id, user: user.id, parameters: [:], isSilent: false, now: CatalogSet.now
                ).id
            }
        }
        let backup = try await insert(.backup, set.project, set.user)
        let earlier = try await insert(.bulkDelete, set.project, set.user)
        let restore = try await insert(.restore, set.project, set.user)
        let language = try await insert(.addLanguage, set.project, set.user)
        let delete = try await insert(.bulkDelete, set.project, set.user)
        let other = try await insert(.backup, set.strangeProject, set.stranger)
        #expect(try await claim(set, "a")?.id == backup)
        #expect(try await claim(set, "b")?.id == earlier)
        #expect(try await claim(set, "c")?.id == other)
        #expect(try await claim(set, "d") == nil)
        #expect(try await set.read { try $0.isInRestore(set.project.id) })
        #expect(try await !set.read { try $0.isInRestore(set.strangeProject.id) })
        func finish(_ id: JobID) async throws {
            try await set.write { tx in
                var job = try #require(try tx.job(id))
                job.status = .done
                try tx.save(job)
            }
        }
        try await finish(backup)
        #expect(try await claim(set, "d")?.id == restore)
        #expect(try await claim(set, "e") == nil)
        try await finish(restore)
        #expect(try await !set.read { try $0.isInRestore(set.project.id) })
        #expect(try await claim(set, "e")?.id == language)
        #expect(try await claim(set, "f")?.id == delete)
    }

    func jobRecords(_ set: CatalogSet) async throws {
        let job = try await insertJob(set, .bulkMove)
        let other = try await insertJob(set)
        let failures = (0..<3).map { JobFailure(asset: GID(), reason: "reason \($0)") }
        let folder = try await set.folder("folder")
        let moves = (1...2).map { number in
            JobMove(
                asset: AssetID(rawValue: Int64(number)), fromParent: set.root, fromName: "from \(number)",
                toParent: folder.id, toName: "to \(number)")
        }
        try await set.write { tx in
            try tx.append(Array(failures.prefix(2)), to: job.id)
            try tx.append(Array(failures.suffix(1)), to: job.id)
            for move in moves { try tx.append(move, to: job.id) }
        }
        let (found, total) = try await set.read { try $0.failures(of: job.id, top: 1, size: 2) }
        #expect(found == Array(failures.suffix(2)))
        #expect(total == 3)
        #expect(try await set.read { try $0.failures(of: other.id, top: 0, size: 9) }.total == 0)
        let last = try #require(try await set.read { try $0.lastMove(of: job.id, before: .max) })
        #expect(last.move == moves[1])
        let first = try #require(try await set.read { try $0.lastMove(of: job.id, before: last.number) })
        #expect(first.move == moves[0])
        #expect(first.number >= 1)
        #expect(try await set.read { try $0.lastMove(of: job.id, before: first.number) } == nil)
        try await set.write { try $0.deleteJob(job.id) }
        #expect(try await set.read { try $0.failures(of: job.id, top: 0, size: 9) }.total == 0)
    }

    func changedByJob(_ set: CatalogSet) async throws {
        let files = [
            try await set.file("a.txt"), try await set.file("b.txt"), try await set.file("c.txt"),
            try await set.file("d.txt"),
        ]
        let folder = try await set.folder("folder")
        let inside = try await set.file("inside.txt", in: folder)
        let job = try await insertJob(set)
        let change = StatusChange(
            project: set.project.id, from: .published, to: .deleted, job: job.id, now: CatalogSet.now)
        try await set.write { tx in
            _ = try tx.apply(change, to: files.prefix(3).map(\.id) + [inside.id])
            // What is changed by something else is not the job's any more.
            try tx.setStatus(of: files[1].id, to: .published, now: CatalogSet.now)
            try tx.setStatus(of: files[1].id, to: .deleted, now: CatalogSet.now)
        }
        func found(after id: AssetID? = nil, limit: Int = 10, _ status: Asset.Status = .deleted) async throws
            -> [AssetID]
        {
            try await set.read { try $0.assets(changedBy: job.id, with: status, after: id, limit: limit) }.map(\.id)
        }
        #expect(try await found() == [files[0].id, files[2].id, inside.id])
        #expect(try await found(limit: 1) == [files[0].id])
        #expect(try await found(after: files[0].id) == [files[2].id, inside.id])
        #expect(try await found(.published) == [])
        #expect(try await set.read { try $0.hasChildren(folder.id, with: .deleted) })
        #expect(try await !set.read { try $0.hasChildren(folder.id, with: .published) })
        #expect(try await set.read { try $0.countFiles(of: set.root, with: .deleted) } == 3)
        #expect(try await set.read { try $0.countFiles(of: set.root, with: .published) } == 1)
    }
}
