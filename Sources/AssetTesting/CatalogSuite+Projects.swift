import AssetCore
import OrderedCollections
import Testing

extension CatalogSuite {
    func oldVersions(_ set: CatalogSet) async throws {
        let file = try await set.file("file.txt")
        for number in 1...4 {
            try await set.write { tx in
                let old = try #require(try tx.asset(file.id))
                _ = try tx.replaceContent(
                    of: old, with: try set.content(tx), keeping: 3, now: CatalogSet.now.adding(seconds: Double(number)))
            }
        }
        let old = try await set.read { try $0.oldVersions(of: file.id) }
        #expect(old.map(\.version) == [4, 3])
        #expect(old.map(\.replacedOn) == [4.0, 3.0].map { CatalogSet.now.adding(seconds: $0) })
        // The first two are looked at by the sweeper; the kept ones stay, also when they are looked at.
        let blobs = old.map(\.content.blob)
        let later = CatalogSet.now.adding(seconds: 1000)
        try await set.write { tx in _ = try tx.releaseBlobs(before: later, now: later, limit: 100) }
        #expect(try await set.read { tx in try blobs.allSatisfy { try tx.blob($0) != nil } })
        let first = try #require(file.content).blob
        #expect(try await set.read { try $0.blob(first) } == nil)
        // With the file its old versions go.
        try await set.write { tx in
            try tx.purge([file.id], childrenOf: set.root, project: set.project.id, files: true, now: later)
            _ = try tx.releaseBlobs(before: later.adding(seconds: 1), now: later, limit: 100)
        }
        #expect(try await set.read { tx in try blobs.allSatisfy { try tx.blob($0) == nil } })
    }

    func texts(_ set: CatalogSet) async throws {
        let file = try await set.file("file.txt")
        let folder = try await set.folder("folder")
        _ = try await set.file("bare.txt")
        try await set.write { tx in
            var asset = file
            asset.title = ["en": "Blue jacket", "nl": "Blauw jasje"]
            asset.metadata = .raw(#"{"a.b":{"type":"text","is_localized":false,"value":"needle"}}"#)
            asset.transforms = ["_main_": nil]
            let updated = try tx.update(asset, now: CatalogSet.now)
            #expect(updated.updatedOn > file.updatedOn)
            var other = folder
            other.description = ["nl": "map"]
            _ = try tx.update(other, now: CatalogSet.now)
        }
        let stored = try #require(try await set.asset(file))
        #expect(stored.title == ["en": "Blue jacket", "nl": "Blauw jasje"])
        #expect(stored.transforms.text == #"{"_main_":null}"#)
        func texts(_ first: Int64, _ last: AssetID) async throws -> [AssetID] {
            let first = AssetID(rawValue: first)
            return try await set.read { try $0.assetsWithTexts(in: set.project.id, after: first, upTo: last) }
        }
        #expect(try await texts(0, AssetID(rawValue: 1000)) == [file.id, folder.id])
        #expect(try await texts(file.id.rawValue, AssetID(rawValue: 1000)) == [folder.id])
        #expect(try await texts(0, file.id) == [file.id])
        let finds: [(String, String, Bool)] = [
            ("en", "jacket", true), ("nl", "jacket", false), ("nl", "jas", true), ("en", "needle", true),
            ("de", "needle", true),
        ]
        for (language, q, isFound) in finds {
            let query = try SearchQuery(parsing: ["language": .string(language), "q": .string(q)])
            let found = try await set.read { try $0.search(query, in: set.project.id, now: CatalogSet.now) }
            #expect(found == (isFound ? [file.id] : []), "\(language) \(q)")
        }
    }

    func queries(_ set: CatalogSet) async throws {
        let project = set.project.id
        let first = SavedQuery(gid: GID(), kind: .asset, name: "one", q: "+a", filter: ["type", "is", "image"])
        let other = SavedQuery(gid: GID(), kind: .record, name: "one", q: "", filter: [])
        try await set.write { tx in
            try tx.save(first, in: project)
            try tx.save(other, in: project)
        }
        #expect(try await set.read { try $0.queries(of: project) } == [first, other])
        #expect(try await set.read { try $0.queries(of: set.strangeProject.id) } == [])
        #expect(try await set.read { try $0.query(first.gid, in: set.strangeProject.id) } == nil)
        func isTaken(_ name: String, _ kind: SavedQuery.Kind, butBy gid: GID) async throws -> Bool {
            try await set.read { try $0.isQueryName(name, of: kind, takenIn: project, butBy: gid) }
        }
        #expect(try await isTaken("one", .asset, butBy: GID()))
        #expect(try await !isTaken("one", .asset, butBy: first.gid))
        #expect(try await !isTaken("one", .schema, butBy: GID()))
        let renamed = SavedQuery(gid: first.gid, kind: .asset, name: "two", q: "", filter: [])
        try await set.write { try $0.save(renamed, in: project) }
        #expect(try await set.read { try $0.query(first.gid, in: project) } == renamed)
        try await set.write { try $0.deleteQuery(first.gid, in: project) }
        #expect(try await set.read { try $0.queries(of: project) } == [other])

        let option = RecordOption(gid: GID(), kind: .channel, name: "web")
        try await set.write { try $0.insert(option, in: project) }
        #expect(try await set.read { try $0.recordOptions(of: project) } == [option])
        #expect(try await !set.write { try $0.deleteRecordOption(option.gid, kind: .ordering, in: project) })
        #expect(
            try await !set.write { try $0.deleteRecordOption(option.gid, kind: .channel, in: set.strangeProject.id) })
        #expect(try await set.write { try $0.deleteRecordOption(option.gid, kind: .channel, in: project) })
    }

    func settings(_ set: CatalogSet) async throws {
        try await set.write { tx in
            var project = set.project
            project.name = "New"
            project.languages = ["de"]
            project.isActive = false
            try tx.update(project)
            var user = set.user
            user.username = "renamed"
            user.timezone = "UTC"
            try tx.update(user)
            try tx.setPasswordHash(of: user.id, to: "other")
        }
        let (project, user) = try await set.read { tx in
            (try #require(try tx.project(set.project.id)), try #require(try tx.user(set.user.id)))
        }
        #expect((project.name, project.languages, project.isActive) == ("New", ["de"], false))
        #expect((user.username, user.timezone) == ("renamed", "UTC"))
        #expect(try await set.read { try $0.passwordHash(of: set.user.id) } == "other")
        #expect(
            await set.code { tx in
                var stranger = set.stranger
                stranger.username = "renamed"
                try tx.update(stranger)
            } == .unprocessable)
    }

    func pictures(_ set: CatalogSet) async throws {
        let (icon, name) = (GID().bytes + GID().bytes, "\(set.project.gid).png")
        let avatarName = "\(set.user.gid).jpg"
        let blobs = try await set.write { tx in
            let one = try tx.claimBlob(CatalogSet.stored(hash: icon), now: CatalogSet.now)
            let two = try tx.claimBlob(CatalogSet.stored(), now: CatalogSet.now)
            try tx.setIcon(of: set.project.id, to: (name, one.id), now: CatalogSet.now)
            try tx.setAvatar(of: set.user.id, to: (avatarName, two.id), now: CatalogSet.now)
            return (one, two)
        }
        func picture(_ kind: PictureKind, _ name: String) async throws -> Blob? {
            try await set.read { try $0.picture(kind, named: name) }
        }
        #expect(try await picture(.icons, name) == blobs.0)
        #expect(try await picture(.avatars, avatarName) == blobs.1)
        for (kind, wrong) in [
            (PictureKind.icons, avatarName), (.avatars, name), (.icons, "\(set.project.gid).jpg"), (.icons, "x"),
            (.icons, ""), (.icons, "\(GID()).png"),
        ] {
            #expect(try await picture(kind, wrong) == nil, "\(kind) \(wrong)")
        }
        let later = CatalogSet.now.adding(seconds: 10)
        try await set.write { tx in
            try tx.setIcon(of: set.project.id, to: nil, now: CatalogSet.now)
            // Setting the same again makes the bytes a candidate as well: they are used, and stay.
            try tx.setAvatar(of: set.user.id, to: (avatarName, blobs.1.id), now: CatalogSet.now)
            _ = try tx.releaseBlobs(before: later, now: later, limit: 10)
        }
        #expect(try await picture(.icons, name) == nil)
        #expect(try await set.read { try $0.blob(blobs.0.id) } == nil)
        #expect(try await picture(.avatars, avatarName) == blobs.1)
    }

    func purgeProject(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let inner = try await set.folder("inner", in: folder)
        let hash = GID().bytes + GID().bytes
        let file = try await set.file("file.txt", in: inner, hash: hash)
        _ = try await set.file("other.txt")
        let stranger = try await set.write { tx in
            try tx.insert(
                AssetDraft(
                    project: set.strangeProject.id, parent: set.strangeProject.root, name: "theirs.txt",
                    content: try set.content(tx), createdOn: CatalogSet.now))
        }
        let project = set.project.id
        try await set.write { tx in
            try tx.append(.insert, .assets, [file.gid], in: project)
            try tx.append(.update, .projects, key: "x", data: nil, for: .project(project))
            _ = try tx.insertJob(
                .bulkDelete, project: project, user: set.user.id, parameters: [:], isSilent: false, now: CatalogSet.now)
            _ = try tx.createSelection(project: project, user: set.user.id, now: CatalogSet.now, expiresOn: nil)
            try tx.save(SavedQuery(gid: GID(), kind: .asset, name: "q", q: "", filter: []), in: project)
            try tx.insert(RecordOption(gid: GID(), kind: .channel, name: "c"), in: project)
            let document = try tx.registerDocument(5, project: project, isFlex: false)
            try tx.addSegments([1...9], to: 5)
            let job = JobNumber(kind: .standard, number: 1)
            try tx.saveJobScope(JobScope(job: job, document: document, ranges: nil))
            try tx.assign(set.user.id, to: job)
            let backup = try tx.insertBackup(
                of: project, name: nil, createdBy: "x", isExport: false, now: CatalogSet.now)
            _ = try tx.copyAssets(to: backup, after: AssetID(rawValue: 0), window: 1000)
            let key = try tx.insertUser(
                UserDraft(
                    account: set.user.account, level: .api, username: nil, email: nil, name: "key", passwordHash: nil),
                now: CatalogSet.now)
            try tx.setMember(key.id, of: project, role: .api, status: .active)
        }
        // Only what is hidden can be purged.
        #expect(try await set.write { try $0.purge(project, limit: 10, now: CatalogSet.now) } == nil)
        #expect(try await set.asset(file) != nil)
        try await set.write { try $0.hideProject(project, since: CatalogSet.now) }
        #expect(try await set.read { try $0.project(set.project.gid) } == nil)
        #expect(try await set.read { try $0.project(number: set.project.number) } == nil)
        #expect(try await set.read { try $0.memberships(of: set.user.id) }.isEmpty)
        #expect(try await set.read { try $0.hiddenProjects(before: CatalogSet.now) } == [])
        let later = CatalogSet.now.adding(seconds: 1)
        #expect(try await set.read { try $0.hiddenProjects(before: later) } == [project])
        var steps = 0
        while try await set.write({ try $0.purge(project, limit: 1, now: CatalogSet.now) }) != nil {
            steps += 1
            try #require(steps < 100)
        }
        #expect(steps > 8)
        #expect(try await set.read { try $0.project(project) } == nil)
        #expect(try await set.read { try $0.document(5) } == nil)
        #expect(try await set.asset(file) == nil)
        #expect(try await set.read { try $0.user(set.user.id) } != nil)
        #expect(try await set.asset(stranger) != nil)
        // Its bytes are free, the others' are not.
        try await set.write { _ = try $0.releaseBlobs(before: later, now: later, limit: 100) }
        let (mine, theirs) = (try #require(file.content).blob, try #require(stranger.content).blob)
        #expect(try await set.read { try $0.blob(mine) } == nil)
        #expect(try await set.read { try $0.blob(theirs) } != nil)
    }
}
