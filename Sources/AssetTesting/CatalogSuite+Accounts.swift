import AssetCore
import Testing

extension CatalogSuite {
    func segments(_ set: CatalogSet) async throws {
        let project = set.project.id
        try await set.write { tx in
            _ = try tx.registerDocument(10, project: project, isFlex: false)
            _ = try tx.registerDocument(11, project: project, isFlex: true)
            try tx.addSegments([100...199, 300...399], to: 10)
            try tx.addSegments([200...299], to: 11)
        }
        func document(_ segment: Int64) async throws -> Int64? {
            try await set.read { try $0.document(ofSegment: segment) }?.number
        }
        let rows: [(Int64, Int64?)] = [
            (99, nil), (100, 10), (199, 10), (200, 11), (299, 11), (300, 10), (399, 10), (400, nil), (0, nil),
            (-5, nil),
        ]
        for (segment, number) in rows { #expect(try await document(segment) == number, "segment \(segment)") }
        #expect(
            try await set.read { try $0.document(11) } == SegmentDocument(number: 11, project: project, isFlex: true))
        #expect(try await set.read { try $0.document(12) } == nil)
        // Ranges that overlap or touch become one; those that it has already are fine.
        try await set.write { try $0.addSegments([400...450, 380...420, 100...199, 600...600], to: 10) }
        #expect(try await set.read { try $0.segmentRanges(of: 10) } == [100...199, 300...450, 600...600])
        try await set.write { try $0.addSegments([440...700], to: 10) }
        #expect(try await set.read { try $0.segmentRanges(of: 10) } == [100...199, 300...700])
        #expect(try await set.read { try $0.segmentRanges(of: 12) } == [])
    }

    func segmentOverlap(_ set: CatalogSet) async throws {
        let (project, other) = (set.project.id, set.strangeProject.id)
        try await set.write { tx in
            _ = try tx.registerDocument(10, project: project, isFlex: false)
            _ = try tx.registerDocument(11, project: project, isFlex: false)
            try tx.addSegments([100...199], to: 10)
            try tx.addSegments([500...599], to: 11)
        }
        for range: ClosedRange<Int64> in [199...250, 50...100, 150...160, 1...1000, 100...100] {
            let code = await set.code { try $0.addSegments([600...650, range], to: 11) }
            #expect(code == .unprocessable, "\(range)")
        }
        // Nothing is half-done.
        #expect(try await set.read { try $0.segmentRanges(of: 11) } == [500...599])
        #expect(try await set.read { try $0.segmentRanges(of: 10) } == [100...199])
        // Neighbours are no overlap, and stay two documents.
        try await set.write { try $0.addSegments([200...250], to: 11) }
        #expect(try await set.read { try $0.segmentRanges(of: 11) } == [200...250, 500...599])
        #expect(await set.code { _ = try $0.registerDocument(10, project: other, isFlex: false) } == .unprocessable)
        #expect(await set.code { _ = try $0.registerDocument(10, project: project, isFlex: true) } == .unprocessable)
        #expect(await set.code { _ = try $0.registerDocument(10, project: project, isFlex: false) } == nil)
    }

    func jobScopes(_ set: CatalogSet) async throws {
        let project = set.project.id
        let (whole, part) = (JobNumber(kind: .standard, number: 7), JobNumber(kind: .codyt, number: 7))
        let document = try await set.write { tx in
            let document = try tx.registerDocument(10, project: project, isFlex: true)
            try tx.saveJobScope(JobScope(job: whole, document: document, ranges: nil))
            try tx.saveJobScope(JobScope(job: part, document: document, ranges: [1...5, 9...9]))
            try tx.assign(set.user.id, to: whole)
            try tx.assign(set.user.id, to: whole)
            return document
        }
        #expect(try await set.read { try $0.jobScope(whole) } == JobScope(job: whole, document: document, ranges: nil))
        let partScope = JobScope(job: part, document: document, ranges: [1...5, 9...9])
        #expect(try await set.read { try $0.jobScope(part) } == partScope)
        #expect(try await set.read { try $0.jobScope(JobNumber(kind: .codyt, number: 8)) } == nil)
        #expect(try await set.read { try $0.isAssigned(set.user.id, to: whole) })
        #expect(try await set.read { try $0.isAssigned(set.user.id, to: part) } == false)
        #expect(try await set.read { try $0.isAssigned(set.stranger.id, to: whole) } == false)
        #expect(try await set.read { try $0.jobScopes(on: 10, assignedTo: set.user.id) }.map(\.job) == [whole])
        #expect(try await set.read { try $0.jobScopes(on: 11, assignedTo: set.user.id) }.isEmpty)
        try await set.write { try $0.saveJobScope(JobScope(job: part, document: document, ranges: nil)) }
        #expect(try await set.read { try $0.jobScope(part) }?.ranges == nil)
    }

    func accounts(_ set: CatalogSet) async throws {
        let account = set.user.account
        #expect(try await set.read { try $0.account(code: "one") } == account)
        #expect(try await set.read { try $0.account(code: "ONE") } == nil)
        #expect(try await set.read { try $0.accountCode(account) } == "one")
        #expect(await set.code { _ = try $0.insertAccount(code: "one", now: CatalogSet.now) } == .unprocessable)
        let draft = CatalogSet.draft(set.stranger.account, "one-manager")
        #expect(await set.code { _ = try $0.insertUser(draft, now: CatalogSet.now) } == .unprocessable)
        let user = try #require(try await set.read { try $0.user(username: "one-manager") })
        #expect(user.id == set.user.id)
        #expect(user.gid == set.user.gid)
        #expect(user.account == account)
        #expect(user.level == .manager)
        #expect(user.isActive)
        #expect(try await set.read { try $0.user(user.gid) }?.id == user.id)
        #expect(try await set.read { try $0.user(user.id) }?.name == "one-manager")
        #expect(try await set.read { try $0.user(GID()) }?.id == nil)
        #expect(try await set.read { try $0.passwordHash(of: user.id) } == "hash")
    }

    func projects(_ set: CatalogSet) async throws {
        let project = set.project
        #expect(project.number == 1)
        #expect(set.strangeProject.number == 2)
        #expect(project.languages == ["en", "nl"])
        #expect(project.owner == set.user.gid)
        let root = try #require(try await set.read { try $0.asset(project.root) })
        #expect(root.isRoot)
        #expect(root.name == "")
        #expect(!root.isFile)
        #expect(try await set.read { try $0.project(project.gid) }?.id == project.id)
        #expect(try await set.read { try $0.project(number: 1) }?.gid == project.gid)
        #expect(try await set.read { try $0.project(number: 9) }?.id == nil)
        let draft = ProjectDraft(
            account: set.user.account, owner: set.user, name: "x", number: 2, languages: ["en"], timezone: "UTC",
            createdOn: CatalogSet.now)
        #expect(await set.code { _ = try $0.insertProject(draft) } == .unprocessable)
    }

    func members(_ set: CatalogSet) async throws {
        let project = set.project.id
        let user = try await set.write {
            try $0.insertUser(CatalogSet.draft(set.user.account, "b"), now: CatalogSet.now)
        }
        func member() async throws -> Member? { try await set.read { try $0.member(user.id, of: project) } }
        #expect(try await member()?.role == nil)
        try await set.write { try $0.setMember(user.id, of: project, role: .viewer, status: .active) }
        #expect(try await member()?.role == .viewer)
        #expect(try await member()?.projectGID == set.project.gid)
        #expect(try await set.read { try $0.members(of: project) }.map(\.user.id) == [set.user.id, user.id])
        #expect(try await set.read { try $0.members(of: project) }.map(\.role) == [.owner, .viewer])
        #expect(try await set.read { try $0.memberships(of: user.id) }.map(\.project) == [project])
        #expect(try await set.read { try $0.usersSharingProjects(with: user.id) }.map(\.id) == [set.user.id, user.id])
        #expect(
            try await set.read { try $0.usersSharingProjects(with: set.stranger.id) }.map(\.id) == [set.stranger.id])
        try await set.write { try $0.setMember(user.id, of: project, role: .member, status: .deactivated) }
        #expect(try await member()?.status == .deactivated)
        #expect(try await set.read { try $0.memberships(of: user.id) }.isEmpty)
        #expect(try await set.read { try $0.usersSharingProjects(with: user.id) }.map(\.id) == [user.id])
        #expect(try await set.write { try $0.removeMember(user.id, of: project) })
        #expect(try await set.write { try $0.removeMember(user.id, of: project) } == false)
        #expect(try await member()?.role == nil)
    }

    func keys(_ set: CatalogSet) async throws {
        let (user, hash) = (set.user.id, [UInt8](repeating: 7, count: 32))
        #expect(try await set.read { try $0.storedKey(of: user) }?.hash == nil)
        #expect(try await set.read { try $0.user(keyHash: hash) }?.id == nil)
        try await set.write { try $0.setKey(StoredKey(hash: hash, sealed: [1, 2, 3]), of: user) }
        #expect(try await set.read { try $0.user(keyHash: hash) }?.id == user)
        #expect(try await set.read { try $0.storedKey(of: user) }?.sealed == [1, 2, 3])
        try await set.write { try $0.setKey(StoredKey(hash: [8] + hash, sealed: [4]), of: user) }
        #expect(try await set.read { try $0.user(keyHash: hash) }?.id == nil)
    }

    func sessions(_ set: CatalogSet) async throws {
        let (now, user) = (CatalogSet.now, set.user.id)
        let hashes = (1...3).map { [UInt8](repeating: UInt8($0), count: 32) }
        let end = now.adding(seconds: 60)
        try await set.write { tx in
            for (index, hash) in hashes.enumerated() {
                try tx.insertSession(tokenHash: hash, user: user, expiresOn: end.adding(seconds: Double(index)))
            }
        }
        func session(_ index: Int, at moment: Timestamp) async throws -> Session? {
            try await set.read { try $0.session(tokenHash: hashes[index], now: moment) }
        }
        let found = try #require(try await session(0, at: now))
        #expect(found.user.id == user)
        #expect(found.accountCode == "one")
        #expect(found.expiresOn == end)
        #expect(try await session(0, at: end)?.user.id == nil)
        // An expiry moves forwards only.
        try await set.write { try $0.extendSession(tokenHash: hashes[0], to: end.adding(seconds: 9)) }
        try await set.write { try $0.extendSession(tokenHash: hashes[0], to: now) }
        #expect(try await session(0, at: end)?.expiresOn == end.adding(seconds: 9))
        #expect(try await set.write { try $0.deleteExpiredSessions(now: end.adding(seconds: 2), limit: 1) } == 1)
        #expect(try await set.write { try $0.deleteExpiredSessions(now: end.adding(seconds: 2), limit: 9) } == 1)
        #expect(try await set.write { try $0.deleteExpiredSessions(now: end.adding(seconds: 2), limit: 9) } == 0)
        #expect(try await set.write { try $0.deleteSession(tokenHash: hashes[0]) })
        #expect(try await set.write { try $0.deleteSession(tokenHash: hashes[0]) } == false)
        #expect(try await session(0, at: now)?.user.id == nil)
    }

    func signingKeys(_ set: CatalogSet) async throws {
        #expect(try await set.read { try $0.signingKeys() }.isEmpty)
        try await set.write { tx in
            for day in [1.0, 3, 2] {
                let moment = CatalogSet.now.adding(seconds: day * 86400)
                try tx.insertSigningKey(SigningKey(id: "key \(Int(day))", sealed: [UInt8(day)], createdOn: moment))
            }
        }
        let keys = try await set.read { try $0.signingKeys() }
        #expect(keys.map(\.id) == ["key 3", "key 2", "key 1"])
        #expect(keys.map(\.sealed) == [[3], [2], [1]])
        #expect(keys.first?.createdOn == CatalogSet.now.adding(seconds: 3 * 86400))
        try await set.write { try $0.deleteSigningKeys(createdBefore: CatalogSet.now.adding(seconds: 2 * 86400)) }
        #expect(try await set.read { try $0.signingKeys() }.map(\.id) == ["key 3", "key 2"])
    }
}
