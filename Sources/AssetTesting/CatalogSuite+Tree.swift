import AssetCore
import Testing

extension CatalogSuite {
    func failedWrite(_ set: CatalogSet) async throws {
        let (root, project) = (set.root, set.project.id)
        let before = try await set.read { try $0.projectCursor(project) }
        let error = await #expect(throws: AssetError.self) {
            try await set.write { tx in
                let asset = try tx.insert(
                    AssetDraft(
                        project: project, parent: root, name: "half.txt", content: try set.content(tx),
                        createdOn: CatalogSet.now))
                try tx.append(.insert, .assets, [asset.gid], in: project)
                _ = try tx.insertJob(
                    .bulkDelete, project: project, user: set.user.id, parameters: .emptyObject, isSilent: false,
                    now: CatalogSet.now)
                throw TestFailure()
            }
        }
        #expect(error?.code == .internalError)
        #expect(error?.detail?.contains("TestFailure") == true)
        let query = try SearchQuery(parsing: ["language": "en", "q": "half"])
        let after = try await set.read { tx in
            (
                try tx.child(of: root, named: "half.txt"), try tx.asset(root)?.fileCount,
                try tx.search(query, in: project, now: .init(microseconds: 0)), try tx.projectCursor(project),
                try tx.changes(in: project, after: 0, limit: 100)
            )
        }
        #expect(after.0 == nil)
        #expect(after.1 == 0)
        #expect(after.2.isEmpty)
        #expect(after.3 == before)
        #expect(after.4.isEmpty)
        let job = try await set.write { tx in
            try tx.claimJob(owner: "a", now: CatalogSet.now, until: CatalogSet.now.adding(seconds: 1))
        }
        #expect(job == nil)
    }

    /// Writers add files in pairs; no reader ever sees half a pair, or a count that does not fit its rows.
    func snapshot(_ set: CatalogSet) async throws {
        let (root, project) = (set.root, set.project.id)
        let pairs = 20
        try await withThrowingTaskGroup { group in
            for pair in 0..<pairs {
                group.addTask {
                    try await set.write { tx in
                        for half in ["a", "b"] {
                            let asset = try tx.insert(
                                AssetDraft(
                                    project: project, parent: root, name: "\(pair)\(half)", content: nil,
                                    createdOn: CatalogSet.now))
                            try tx.append(.insert, .assets, [asset.gid], in: project)
                        }
                    }
                }
                group.addTask {
                    let seen = try await set.read { tx in
                        let first = try tx.childIDs(of: root)
                        let cursor = try tx.projectCursor(project)
                        let count = try tx.asset(root)?.folderCount ?? -1
                        return (first, try tx.childIDs(of: root), cursor, count)
                    }
                    #expect(seen.0 == seen.1)
                    #expect(seen.0.count.isMultiple(of: 2))
                    #expect(seen.2 == Int64(seen.0.count))
                    #expect(seen.3 == Int64(seen.0.count))
                }
            }
            try await group.waitForAll()
        }
        #expect(try await set.read { try $0.childIDs(of: root) }.count == 2 * pairs)
    }

    func uniqueNames(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let taken = try await set.file("name", in: folder)
        let (project, content) = (set.project.id, taken.content)
        for content in [content, nil] {
            let draft = AssetDraft(
                project: project, parent: folder.id, name: "name", content: content, createdOn: CatalogSet.now)
            #expect(await set.code { _ = try $0.insert(draft) } == .unprocessable)
        }
        let other = try await set.file("name")
        #expect(
            await set.code { try $0.move(other, to: folder.id, name: "name", now: CatalogSet.now) } == .unprocessable)
        // A transaction can go on after it was refused a name.
        let added = try await set.write { tx -> Asset in
            do {
                try tx.move(other, to: folder.id, name: "name", now: CatalogSet.now)
            } catch let error as AssetError where error.code == .unprocessable {
                try tx.move(other, to: folder.id, name: "name 2", now: CatalogSet.now)
            }
            return try #require(try tx.child(of: folder.id, named: "name 2"))
        }
        #expect(added.id == other.id)
        #expect(try await set.asset(folder)?.fileCount == 2)
        // Names differ by letter case.
        _ = try await set.file("NAME", in: folder)
    }

    func counts(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let sub = try await set.folder("sub", in: folder)
        let file = try await set.file("file", in: folder)
        _ = try await set.file("second", in: folder)
        func expectCounts(_ asset: Asset, files: Int64, folders: Int64, _ location: SourceLocation = #_sourceLocation)
            async throws
        {
            let found = try #require(try await set.asset(asset))
            #expect(found.fileCount == files, sourceLocation: location)
            #expect(found.folderCount == folders, sourceLocation: location)
        }
        try await expectCounts(folder, files: 2, folders: 1)
        try await expectCounts(sub, files: 0, folders: 0)
        // A move changes both folders; one within a folder changes none.
        try await set.write { try $0.move(file, to: sub.id, name: "file", now: CatalogSet.now) }
        try await expectCounts(folder, files: 1, folders: 1)
        try await expectCounts(sub, files: 1, folders: 0)
        let moved = try #require(try await set.asset(file))
        try await set.write { try $0.move(moved, to: sub.id, name: "renamed", now: CatalogSet.now) }
        try await expectCounts(sub, files: 1, folders: 0)
        // What is in the trash still counts.
        try await set.write { try $0.setStatus(of: file.id, to: .deleted, now: CatalogSet.now) }
        try await expectCounts(sub, files: 1, folders: 0)
        let project = set.project.id
        try await set.write {
            try $0.purge([file.id], childrenOf: sub.id, project: project, files: true, now: CatalogSet.now)
        }
        try await expectCounts(sub, files: 0, folders: 0)
        try await set.write {
            try $0.purge([sub.id], childrenOf: folder.id, project: project, files: false, now: CatalogSet.now)
        }
        try await expectCounts(folder, files: 1, folders: 0)
    }

    func children(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let files = ["a", "B", "é", "z", "aa", "a.txt", "Z", "10", "9", "日"]
        let folders = ["zz", "Y", "b"]
        for name in files { _ = try await set.file(name, in: folder) }
        for name in folders { _ = try await set.folder(name, in: folder) }
        func byBytes(_ names: [String]) -> [String] {
            names.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        }
        let expected = byBytes(folders) + byBytes(files)
        let all = try await set.read { try $0.children(of: folder.id, top: 0, size: 100) }
        #expect(all.map(\.name) == expected)
        #expect(try await set.read { try $0.childIDs(of: folder.id) } == all.map(\.id))
        var paged: [String] = []
        for top in stride(from: 0, to: 15, by: 5) {
            paged += try await set.read { try $0.children(of: folder.id, top: top, size: 5) }.map(\.name)
        }
        #expect(paged == expected)
        // From either end.
        for top in 0...expected.count {
            for size in [1, 3, 20] {
                let page = try await set.read { try $0.children(of: folder.id, top: top, size: size) }
                #expect(page.map(\.name) == Array(expected.dropFirst(top).prefix(size)))
            }
        }
        #expect(try await set.read { try $0.children(of: folder.id, top: 14, size: 5) }.isEmpty)
        #expect(try await set.read { try $0.children(of: all[12].id, top: 0, size: 5) }.isEmpty)
        // Walking by name, one kind at a time.
        for (files, expected) in [(true, byBytes(files)), (false, byBytes(folders))] {
            var names: [String] = []
            while true {
                let last = names.last
                let page = try await set.read { try $0.children(of: folder.id, files: files, after: last, limit: 3) }
                if page.isEmpty { break }
                names += page.map(\.name)
            }
            #expect(names == expected)
        }
    }

    func walkingUp(_ set: CatalogSet) async throws {
        let a = try await set.folder("a")
        let b = try await set.folder("b", in: a)
        let file = try await set.file("c.txt", in: b)
        let root = set.root
        let found = try await set.read { tx in
            (
                try tx.names(to: file.id), try tx.names(to: root), try tx.ancestors(of: file.id),
                try tx.ancestors(of: root), try tx.child(of: b.id, named: "c.txt")?.id,
                try tx.child(of: a.id, named: "c.txt")?.id
            )
        }
        #expect(found.0 == ["a", "b", "c.txt"])
        #expect(found.1 == [])
        #expect(found.2 == [b.id, a.id, root])
        #expect(found.3 == [])
        #expect(found.4 == file.id)
        #expect(found.5 == nil)
    }

    func assetsByID(_ set: CatalogSet) async throws {
        let first = try await set.file("first.svg", type: "svg")
        let second = try await set.folder("second")
        let (project, other) = (set.project.id, set.strangeProject.id)
        let unknown = AssetID(rawValue: 1 << 40)
        let found = try await set.read { tx in
            (
                try tx.assets([second.id, unknown, first.id]).map(\.id),
                Set(try tx.assets([first.gid, GID(), second.gid], in: project).map(\.id)),
                try tx.assets([first.gid], in: other).count, try tx.asset(first.gid, in: other)?.id,
                try tx.asset(first.gid, in: project), try tx.assets([AssetID]()).count
            )
        }
        #expect(found.0 == [second.id, first.id])
        #expect(found.1 == [first.id, second.id])
        #expect(found.2 == 0)
        #expect(found.3 == nil)
        #expect(found.5 == 0)
        let asset = try #require(found.4)
        #expect(asset.name == "first.svg")
        #expect(asset.status == .published)
        #expect(asset.version == 1)
        #expect(asset.createdOn == CatalogSet.now)
        #expect(asset.gid.description.prefix(13) == GID(madeOn: CatalogSet.now).description.prefix(13))
        #expect(asset.updatedOn == CatalogSet.now)
        #expect(asset.content?.size == 5)
        #expect(asset.content?.type == "svg")
        #expect(asset.content?.info.text == #"{"width":3}"#)
        #expect(second.content == nil)
        let states = try await set.read { try $0.states(of: [second.id, unknown, first.id]) }
        #expect(states.map(\.id) == [second.id, first.id])
        #expect(states.map(\.isFile) == [false, true])
        #expect(states.map(\.parent) == [set.root, set.root])
        #expect(states.map(\.parentStatus) == [.published, .published])
        #expect(states.map(\.statusJob) == [nil, nil])
    }

    func subtreeCounts(_ set: CatalogSet) async throws {
        let a = try await set.folder("a")
        let b = try await set.folder("b", in: a)
        let inside = try await set.file("1", in: b)
        _ = try await set.file("2", in: b)
        _ = try await set.file("3", in: a)
        let outside = try await set.file("4")
        let root = set.root
        #expect(try await set.read { try $0.height(of: root) } == 4)
        #expect(try await set.read { try $0.height(of: a.id) } == 3)
        #expect(try await set.read { try $0.height(of: b.id) } == 2)
        #expect(try await set.read { try $0.countDescendants(of: a.id, limit: .max) } == 4)
        #expect(try await set.read { try $0.countDescendants(of: root, limit: .max) } == 6)
        #expect(try await set.read { try $0.countDescendants(of: root, limit: 2) } >= 2)
        // Each once, however often it is covered.
        for (ids, total) in [
            ([a.id], 5), ([a.id, b.id, inside.id], 5), ([inside.id, b.id], 3), ([outside.id, inside.id], 2),
            ([root], 7), ([], 0),
        ] as [([AssetID], Int64)] {
            let count = try await set.write { tx in
                let selection = try tx.createSelection(
                    project: set.project.id, user: set.user.id, now: CatalogSet.now, expiresOn: nil)
                try tx.append(ids, to: selection.id, from: 0)
                return try tx.countSubtrees(of: selection.id)
            }
            #expect(count == total)
        }
    }

    func statusChange(_ set: CatalogSet) async throws {
        let files = try await [set.file("1"), set.file("2"), set.file("3")]
        try await set.write { try $0.setStatus(of: files[1].id, to: .deleted, now: CatalogSet.now) }
        let (project, other) = (set.project.id, set.strangeProject.id)
        let job = JobID(rawValue: 77)
        let later = CatalogSet.now.adding(seconds: 5)
        let before = try await set.read { try $0.projectCursor(project) }
        let ids = files.map(\.id) + [set.root]
        let change = StatusChange(project: project, from: .published, to: .deleted, job: job, now: later)
        #expect(try await set.write { try $0.apply(change, to: ids) } == 2)
        let lines = try await set.read { try $0.changes(in: project, after: before, limit: 100) }
        #expect(lines.map(\.cursor) == [before + 1, before + 2])
        #expect(Set(lines.map(\.key)) == [files[0].gid, files[2].gid])
        #expect(lines.allSatisfy { $0.action == .update && $0.dataType == .assets })
        let states = try await set.read { try $0.states(of: ids) }
        #expect(states.map(\.status) == [.deleted, .deleted, .deleted, .published])
        #expect(states.map(\.statusJob) == [job, nil, job, nil])
        #expect(try await set.asset(files[0])?.updatedOn == later)
        #expect(try await set.asset(files[1])?.updatedOn == CatalogSet.now)
        // Nothing to change: no lines, no cursor used.
        #expect(try await set.write { try $0.apply(change, to: ids) } == 0)
        #expect(try await set.write { try $0.apply(change, to: []) } == 0)
        let foreign = StatusChange(project: other, from: .deleted, to: .published, job: nil, now: later)
        #expect(try await set.write { try $0.apply(foreign, to: ids) } == 0)
        #expect(try await set.read { try $0.projectCursor(project) } == before + 2)
    }

    /// `isDense`: whether the rows stand together in the table, or what lies in other folders stands between them.
    func statusOfChildren(_ set: CatalogSet, isDense: Bool) async throws {
        let (a, b, other) = (try await set.folder("a"), try await set.folder("b"), try await set.folder("other"))
        var inside: [Asset] = []
        for number in 0..<6 {
            let folder = number.isMultiple(of: 2) ? a : b
            inside.append(
                number == 3 ? try await set.folder("sub", in: folder) : try await set.file("\(number)", in: folder))
            for count in 0..<(isDense ? 0 : 4) { _ = try await set.file("\(number) \(count)", in: other) }
        }
        let (gone, ids) = (inside[4], inside.map(\.id))
        let deep = try await set.file("deep", in: inside[3])
        let (project, later) = (set.project.id, CatalogSet.now.adding(seconds: 5))
        let job = JobID(rawValue: 77)
        try await set.write { try $0.setStatus(of: gone.id, to: .deleted, now: CatalogSet.now) }
        let before = try await set.read { try $0.projectCursor(project) }
        let change = StatusChange(project: project, from: .published, to: .deleted, job: job, now: later)
        #expect(try await set.write { try $0.apply(change, toChildrenOf: [a.id, b.id]) } == 5)
        let lines = try await set.read { try $0.changes(in: project, after: before, limit: 100) }
        #expect(lines.map(\.cursor) == Array(before + 1...before + 5))
        #expect(Set(lines.map(\.key)) == Set(inside.map(\.gid)).subtracting([gone.gid]))
        #expect(lines.allSatisfy { $0.action == .update && $0.dataType == .assets })
        let states = try await set.read { try $0.states(of: ids) }
        #expect(states.allSatisfy { $0.status == .deleted })
        #expect(states.map(\.statusJob) == inside.map { $0.id == gone.id ? nil : job })
        #expect(try await set.asset(inside[0])?.updatedOn == later)
        #expect(try await set.asset(gone)?.updatedOn == CatalogSet.now)
        for asset in [a, b, other, deep] { #expect(try await set.asset(asset)?.status == .published) }
        #expect(try await !set.read { try $0.hasChildren(other.id, with: .deleted) })
        // Nothing to change: no lines, no cursor used.
        #expect(try await set.write { try $0.apply(change, toChildrenOf: [a.id, b.id]) } == 0)
        #expect(try await set.write { try $0.apply(change, toChildrenOf: []) } == 0)
        let foreign = StatusChange(
            project: set.strangeProject.id, from: .deleted, to: .published, job: nil, now: later)
        #expect(try await set.write { try $0.apply(foreign, toChildrenOf: [a.id, b.id]) } == 0)
        #expect(try await set.read { try $0.projectCursor(project) } == before + 5)
    }

    /// Folders whose content stands together: one that is changed whole, one of which a file has been changed before, a small one.
    func statusOfRuns(_ set: CatalogSet) async throws {
        let folders = [try await set.folder("whole"), try await set.folder("mixed"), try await set.folder("small")]
        var inside: [[Asset]] = []
        for (folder, count) in zip(folders, [100, 50, 2]) {
            var files: [Asset] = []
            for number in 0..<count { files.append(try await set.file("\(folder.name) \(number)", in: folder)) }
            inside.append(files)
        }
        let (gone, outside) = (inside[1][20], try await set.file("outside"))
        let (project, later) = (set.project.id, CatalogSet.now.adding(seconds: 5))
        try await set.write { try $0.setStatus(of: gone.id, to: .deleted, now: CatalogSet.now) }
        let before = try await set.read { try $0.projectCursor(project) }
        let job = JobID(rawValue: 77)
        let change = StatusChange(project: project, from: .published, to: .deleted, job: job, now: later)
        let ids = folders.map(\.id)
        #expect(try await set.write { try $0.apply(change, toChildrenOf: ids) } == 151)
        let lines = try await set.read { try $0.changes(in: project, after: before, limit: 1000) }
        #expect(lines.map(\.cursor) == Array(before + 1...before + 151))
        let all = inside.flatMap(\.self)
        #expect(Set(lines.map(\.key)) == Set(all.map(\.gid)).subtracting([gone.gid]))
        #expect(lines.allSatisfy { $0.action == .update && $0.dataType == .assets })
        #expect(try await set.read { try $0.projectCursor(project) } == before + 151)
        for asset in all {
            let now = try #require(try await set.asset(asset))
            #expect(now.status == .deleted)
            #expect(now.updatedOn == (asset.id == gone.id ? CatalogSet.now : later))
        }
        let states = try await set.read { try $0.states(of: all.map(\.id)) }
        #expect(states.filter { $0.statusJob == job }.count == 151)
        for asset in folders + [outside] { #expect(try await set.asset(asset)?.status == .published) }
        let foreign = StatusChange(
            project: set.strangeProject.id, from: .deleted, to: .published, job: nil, now: later)
        #expect(try await set.write { try $0.apply(foreign, toChildrenOf: ids) } == 0)
    }

    func purge(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let first = try await set.file("word1", in: folder)
        let second = try await set.file("word2", in: folder)
        let elsewhere = try await set.file("word3")
        let project = set.project.id
        let before = try await set.read { try $0.projectCursor(project) }
        try await set.write { tx in
            try tx.purge(
                [first.id, second.id], childrenOf: folder.id, project: project, files: true, now: CatalogSet.now)
        }
        let lines = try await set.read { try $0.changes(in: project, after: before, limit: 100) }
        #expect(Set(lines.map(\.key)) == [first.gid, second.gid])
        #expect(lines.allSatisfy { $0.action == .delete })
        #expect(lines.map(\.cursor) == [before + 1, before + 2])
        #expect(try await set.asset(first) == nil)
        #expect(try await set.asset(elsewhere) != nil)
        #expect(try await set.asset(folder)?.fileCount == 0)
        let query = try SearchQuery(parsing: ["language": "en", "q": "word"])
        #expect(try await set.read { try $0.search(query, in: project, now: .init(microseconds: 0)) } == [elsewhere.id])
        // The name is free again; a folder with content stays whatever happens.
        _ = try await set.file("word1", in: folder)
        let root = set.root
        let code = await set.code {
            try $0.purge([folder.id], childrenOf: root, project: project, files: false, now: CatalogSet.now)
        }
        #expect(code == .internalError)
        #expect(try await set.asset(folder) != nil)
    }

    func move(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let sub = try await set.folder("sub", in: folder)
        let file = try await set.file("alpha.txt", in: sub)
        let later = CatalogSet.now.adding(seconds: 5)
        let (root, project) = (set.root, set.project.id)
        try await set.write { try $0.move(sub, to: root, name: "moved", now: later) }
        #expect(try await set.read { try $0.names(to: file.id) } == ["moved", "alpha.txt"])
        #expect(try await set.asset(sub)?.updatedOn == later)
        try await set.write { try $0.move(file, to: root, name: "beta.txt", now: later) }
        let found = try await set.read { tx in
            try ["alpha", "beta"].map { term in
                try tx.search(
                    SearchQuery(parsing: ["language": "en", "q": .string(term)]), in: project,
                    now: .init(microseconds: 0))
            }
        }
        #expect(found == [[], [file.id]])
    }

    func replaceContent(_ set: CatalogSet) async throws {
        let file = try await set.file("file")
        try await set.write { try $0.setStatus(of: file.id, to: .deleted, now: CatalogSet.now) }
        // The clock stands still, then goes back.
        var last = file
        for (step, seconds) in [0.0, 0, -60].enumerated() {
            let old = last
            last = try await set.write { tx in
                var content = try set.content(tx, type: "png")
                content.size = Int64(100 + step)
                return try tx.replaceContent(
                    of: old, with: content, keeping: 10, now: CatalogSet.now.adding(seconds: seconds))
            }
            let stored = try #require(try await set.asset(file))
            #expect(stored.version == old.version + 1)
            #expect(stored.updatedOn > old.updatedOn)
            #expect(stored.updatedOn == last.updatedOn)
            #expect(stored.createdOn == CatalogSet.now)
            #expect(stored.status == .published)
            #expect(stored.content?.blob == last.content?.blob)
            #expect(stored.content?.blob != old.content?.blob)
            #expect(stored.content?.size == Int64(100 + step))
            #expect(stored.content?.type == "png")
            #expect(stored.name == "file")
        }
        #expect(last.version == 4)
    }

    func cursors(_ set: CatalogSet) async throws {
        let (project, other) = (set.project.id, set.strangeProject.id)
        let gids = (0..<5).map { _ in GID() }
        let start = try await set.read { try $0.projectCursor(project) }
        try await set.write { tx in
            try tx.append(.insert, .assets, Array(gids[..<3]), in: project)
            try tx.append(.delete, .queries, [gids[3]], in: project)
            try tx.append(.update, .assets, [], in: project)
            try tx.append(.update, .assets, [gids[4]], in: other)
        }
        let lines = try await set.read { try $0.changes(in: project, after: start, limit: 100) }
        #expect(
            lines == [
                ProjectChange(cursor: start + 1, action: .insert, dataType: .assets, key: gids[0]),
                ProjectChange(cursor: start + 2, action: .insert, dataType: .assets, key: gids[1]),
                ProjectChange(cursor: start + 3, action: .insert, dataType: .assets, key: gids[2]),
                ProjectChange(cursor: start + 4, action: .delete, dataType: .queries, key: gids[3]),
            ])
        #expect(try await set.read { try $0.projectCursor(project) } == start + 4)
        #expect(try await set.read { try $0.changes(in: project, after: start + 1, limit: 2) } == Array(lines[1...2]))
        #expect(try await set.read { try $0.changes(in: project, after: start + 4, limit: 2) }.isEmpty)
        // Everything below a folder, each once, not the folder itself.
        let folder = try await set.folder("folder")
        let sub = try await set.folder("sub", in: folder)
        let file = try await set.file("file", in: sub)
        #expect(try await set.write { try $0.appendUpdates(below: folder.id, in: project) } == 2)
        let below = try await set.read { try $0.changes(in: project, after: start + 4, limit: 100) }
        #expect(below.map(\.cursor) == [start + 5, start + 6])
        #expect(Set(below.map(\.key)) == [sub.gid, file.gid])
        #expect(below.allSatisfy { $0.action == .update })
    }

    func globalFeed(_ set: CatalogSet) async throws {
        let (project, other) = (set.project.id, set.strangeProject.id)
        let start = try await set.read { try $0.globalCursor() }
        let colleague = try await set.write { tx in
            let user = try tx.insertUser(CatalogSet.draft(set.user.account, "colleague"), now: CatalogSet.now)
            try tx.setMember(user.id, of: project, role: .viewer, status: .active)
            return user
        }
        let outsider = try await set.write { tx in
            let user = try tx.insertUser(CatalogSet.draft(set.user.account, "outsider"), now: CatalogSet.now)
            try tx.setMember(user.id, of: project, role: .member, status: .deactivated)
            return user
        }
        try await set.write { tx in
            try tx.append(.update, .projects, key: "mine", data: nil, for: .project(project))
            try tx.append(.update, .projects, key: "theirs", data: nil, for: .project(other))
            try tx.append(.update, .users, key: "me", data: nil, for: .user(set.user.id))
            try tx.append(.update, .jobs, key: "job", data: ["n": 1], for: .project(project))
        }
        func keys(_ user: User, after cursor: Int64 = start, limit: Int = 100) async throws -> [String] {
            try await set.read { try $0.globalChanges(for: user.id, after: cursor, limit: limit) }.map(\.key)
        }
        #expect(try await keys(set.user) == ["mine", "me", "job"])
        #expect(try await keys(colleague) == ["mine", "me", "job"])
        #expect(try await keys(outsider) == [])
        #expect(try await keys(set.stranger) == ["theirs"])
        #expect(try await keys(set.user, limit: 2) == ["mine", "me"])
        let lines = try await set.read { try $0.globalChanges(for: set.user.id, after: start, limit: 100) }
        #expect(lines.map(\.cursor) == [start + 1, start + 3, start + 4])
        #expect(lines.map(\.dataType) == [.projects, .users, .jobs])
        #expect(lines.map { $0.data?.text } == [nil, nil, #"{"n":1}"#])
        #expect(try await keys(set.user, after: start + 3) == ["job"])
        #expect(try await set.read { try $0.globalCursor() } == start + 4)
        // Whoever leaves sees nothing any more.
        _ = try await set.write { try $0.removeMember(colleague.id, of: project) }
        #expect(try await keys(colleague) == [])
    }
}
