/// The names and keys of the demonstration set.
package struct DemoSet: Sendable {
    package let account: String
    package let user: String
    package let password: String
    package let key: String
    package let worker: (user: String, key: String)
    package let project: Project
    package let apiKey: String
}

extension AssetService {
    private static let demoPassword = "demo-stockroom"
    private static let demoKeyName = "Demo"

    /// Makes the demonstration set, or completes it, and shows its keys again: account `demo` with manager `demo` and worker
    /// `worker`, project 7214 in English and Dutch with two documents, and translation job `s773` for the worker.
    package func demo() async throws -> DemoSet {
        let code = "demo"
        if try await catalog.read({ try $0.account(code: code) }) == nil { try await createAccount(code: code) }
        let key = try await demoUser("demo", in: code, .manager)
        let workerKey = try await demoUser("worker", in: code, .worker)
        let number: Int64 = 7214
        let project: Project
        if let known = try await catalog.read({ try $0.project(number: number) }) {
            project = known
        } else {
            project = try await createProject(
                account: code, owner: "demo", name: "Demo", number: number, languages: ["en", "nl"])
        }
        let name = ProjectName.gid(project.gid)
        _ = try await addDocument(19641, project: name, segments: [27_665_601...27_665_700], isFlex: false)
        _ = try await addDocument(19914, project: name, segments: [27_667_801...27_667_900], isFlex: true)
        try await addJobScope(
            JobNumber(kind: .standard, number: 773), project: name, document: 19641, ranges: nil, assignee: "worker")
        return DemoSet(
            account: code, user: "demo", password: Self.demoPassword, key: key, worker: ("worker", workerKey),
            project: project, apiKey: try await demoAPIKey(of: project))
    }

    private func demoUser(_ username: String, in account: String, _ level: User.Level) async throws -> String {
        if let user = try await catalog.read({ try $0.user(username: username) }) {
            return try await storedKey(of: user)
        }
        return try await createUser(
            account: account, username: username, email: nil, name: nil, level: level, password: Self.demoPassword
        ).key
    }

    private func demoAPIKey(of project: Project) async throws -> String {
        let known = try await catalog.read { tx in
            try tx.members(of: project.id).first { $0.user.level == .api && $0.user.name == Self.demoKeyName }
        }
        if let known { return try await storedKey(of: known.user) }
        return try await createAPIKey(project: .gid(project.gid), name: Self.demoKeyName).key
    }

    private func storedKey(of user: User) async throws -> String {
        guard let key = try await catalog.read({ try $0.storedKey(of: user.id) }) else {
            throw AssetError.unprocessable("'\(user.name)' has no key")
        }
        return try secrets.unseal(key.sealed)
    }
}
