import AssetCore
import Testing

extension CatalogSuite {
    func privateLines(_ set: CatalogSet) async throws {
        let other = try await set.write { tx in
            let user = try tx.insertUser(CatalogSet.draft(set.user.account, "other"), now: CatalogSet.now)
            try tx.setMember(user.id, of: set.project.id, role: .member, status: .active)
            try tx.append(.update, .users, key: "shared", data: nil, for: .user(user.id))
            try tx.append(.delete, .projects, key: "private", data: nil, for: .only(user.id))
            return user
        }
        func keys(_ user: User) async throws -> [String] {
            try await set.read { try $0.globalChanges(for: user.id, after: 0, limit: 100) }.map(\.key)
        }
        #expect(try await keys(other) == ["shared", "private"])
        #expect(try await keys(set.user) == ["shared"])
        #expect(try await keys(set.stranger) == [])
    }

    func feedLines(_ set: CatalogSet) async throws {
        let project = set.project.id
        let (one, two) = (GID(), GID())
        try await set.write { tx in
            try tx.append(.insert, .assets, [one, two], in: project)
            try tx.append(.update, .queries, [one], in: project)
            try tx.append(.delete, .assets, [two], in: set.strangeProject.id)
            for _ in 0..<2 { try tx.append(.update, .jobs, key: "job", data: ["n": 1], for: .project(project)) }
            try tx.append(.update, .jobs, key: "job", data: nil, for: .user(set.user.id))
            try tx.append(.update, .jobs, key: "job", data: nil, for: .only(set.user.id))
        }
        let lines = try await set.read { try $0.feedLines(of: .project(project), before: 100, limit: 2) }
        #expect(lines.map(\.cursor) == [3, 2])
        #expect(lines.map(\.action) == [.update, .insert])
        let rest = try await set.read { try $0.feedLines(of: .project(project), before: 2, limit: 10) }
        #expect(rest.map(\.cursor) == [1])
        #expect(rest[0].key == lines[0].key && rest[0].key != lines[1].key)
        // In the global feed the same key for others is another key.
        let global = try await set.read { try $0.feedLines(of: .global, before: .max, limit: 4) }
        #expect(global[2].key == global[3].key)
        #expect(Set(global.map(\.key)).count == 3)

        let feeds = try await set.read { try $0.feeds() }
        #expect(feeds.contains(Feed(name: .project(project), head: 3, compactedTo: 0, linesThen: 0)))
        #expect(feeds.contains { $0.name == .global && $0.head == global[0].cursor })
        try await set.write { tx in
            try tx.removeFeedLines(of: .project(project), [1, 3])
            try tx.removeFeedLines(of: .global, [global[3].cursor])
            try tx.markCompacted(.project(project), to: 3, lines: 1)
            try tx.markCompacted(.global, to: 9, lines: 8)
        }
        #expect(try await set.read { try $0.changes(in: project, after: 0, limit: 9) }.map(\.cursor) == [2])
        #expect(try await set.read { try $0.changes(in: set.strangeProject.id, after: 0, limit: 9) }.count == 1)
        let left = try await set.read { try $0.feedLines(of: .global, before: .max, limit: 4) }
        #expect(left.map(\.cursor) == global.prefix(3).map(\.cursor))
        let marked = try await set.read { try $0.feeds() }
        #expect(marked.contains(Feed(name: .project(project), head: 3, compactedTo: 3, linesThen: 1)))
        #expect(marked.contains { $0.name == .global && $0.compactedTo == 9 && $0.linesThen == 8 })
        // New lines come behind the ones that were removed.
        try await set.write { try $0.append(.update, .assets, [one], in: project) }
        #expect(try await set.read { try $0.changes(in: project, after: 0, limit: 9) }.map(\.cursor) == [2, 4])
    }
}
