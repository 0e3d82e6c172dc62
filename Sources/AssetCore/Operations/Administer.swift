import OrderedCollections

/// What the command line does: it acts for the administrator of the machine, so that nothing here asks for rights.
extension AssetService {
    /// - Throws: `badParameter` for a code that is not 1 to 64 letters, digits, `-`, `_` or `.`; `unprocessable` when it is taken.
    package func createAccount(code: String) async throws {
        guard (1...64).contains(code.utf8.count), code.unicodeScalars.allSatisfy({ Self.isCodeScalar($0) }) else {
            throw AssetError.badParameter("code", "Use 1 to 64 of the characters A-Z a-z 0-9 - _ .")
        }
        _ = try await catalog.write { [clock] tx in try tx.insertAccount(code: code, now: clock.now()) }
    }

    private static func isCodeScalar(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            || "-_.".unicodeScalars.contains(scalar)
    }

    /// Makes a manager or worker with a key.
    /// - Throws: `unprocessable` when the account does not exist or the username is taken; `badParameter` for an empty username
    ///   or a password under 8 characters.
    package func createUser(
        account code: String, username: String, email: String?, name: String?, level: User.Level, password: String
    ) async throws -> (user: User, key: String) {
        guard !username.isEmpty, username.utf8.count <= 255 else {
            throw AssetError.badParameter("username", "Use 1 to 255 bytes")
        }
        guard password.count >= Passwords.minimumLength else {
            throw AssetError.badParameter("password", "Use at least \(Passwords.minimumLength) characters")
        }
        let hash = try await Passwords.hash(password, logRounds: settings.passwordLogRounds)
        return try await catalog.write { [clock, secrets] tx in
            guard let account = try tx.account(code: code) else {
                throw AssetError.unprocessable("The account '\(code)' does not exist")
            }
            let user = try tx.insertUser(
                UserDraft(
                    account: account, level: level, username: username, email: email, name: name ?? username,
                    passwordHash: hash),
                now: clock.now())
            let key = try secrets.newKey()
            try tx.setKey(key, of: user.id)
            try tx.append(.insert, .users, key: user.gid.description, data: nil, for: .user(user.id))
            return (user, try secrets.unseal(key.sealed))
        }
    }

    /// - Throws: `unprocessable` when account or owner do not exist, or the number is taken; `badParameter` for the languages.
    package func createProject(
        account code: String, owner username: String, name: String, number: Int64?, languages: [String]
    ) async throws -> Project {
        let languages = try Self.checked(languages)
        if let number, !(1...Project.maximumNumber).contains(number) {
            throw AssetError.badParameter("number", "Use a number from 1 to \(Project.maximumNumber)")
        }
        return try await catalog.write { [clock] tx in
            guard let account = try tx.account(code: code) else {
                throw AssetError.unprocessable("The account '\(code)' does not exist")
            }
            guard let owner = try tx.user(username: username), owner.account == account, owner.level == .manager else {
                throw AssetError.unprocessable("The account has no manager '\(username)'")
            }
            return try tx.addProject(
                ProjectDraft(
                    account: account, owner: owner, name: name, number: number, languages: languages,
                    timezone: "Europe/Amsterdam", createdOn: clock.now()))
        }
    }

    /// Language codes: lower case, a region after a hyphen (project reference 1.7).
    static func checked(_ languages: [String]) throws -> [String] {
        let codes = OrderedSet(languages.map { $0.lowercased() })
        guard !codes.isEmpty else { throw AssetError.badParameter("languages", "At least one language is needed") }
        for code in codes {
            let parts = code.split(separator: "-", omittingEmptySubsequences: false)
            let isCode = parts.allSatisfy { part in
                (2...8).contains(part.count) && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            }
            guard isCode, parts.count <= 3, parts[0].count <= 3 else {
                throw AssetError.badParameter("languages", "'\(code)' is not a language code")
            }
        }
        return Array(codes)
    }

    /// - Throws: `unprocessable` when project or user do not exist, or belong to different accounts.
    package func addMember(_ username: String, to project: ProjectName, role: Member.Role) async throws {
        try await catalog.write { tx in
            let (project, user) = try tx.resolve(project, username)
            guard user.account == project.account else {
                throw AssetError.unprocessable("User and project belong to different accounts")
            }
            guard (role == .owner) == (user.gid == project.owner) else {
                throw AssetError.unprocessable("A project has one owner, who stays it")
            }
            guard user.level != .worker else {
                throw AssetError.unprocessable("A worker sees only translation jobs: see 'stockroom jobscope add'")
            }
            _ = try tx.addMember(user, to: project, role: role)
        }
    }

    /// - Throws: `unprocessable` when project or user do not exist, the user is no member, or is the owner.
    package func removeMember(_ username: String, from project: ProjectName) async throws {
        try await catalog.write { tx in
            let (project, user) = try tx.resolve(project, username)
            try tx.removeMember(user, from: project)
        }
    }

    /// Accepts an invitation for the invited user.
    /// - Throws: `unprocessable` when the user is not invited.
    package func acceptInvite(of username: String, to project: ProjectName) async throws {
        try await catalog.write { tx in
            let (project, user) = try tx.resolve(project, username)
            _ = try tx.answerInvite(of: user, to: project, with: .active)
        }
    }

    package func createAPIKey(project: ProjectName, name: String) async throws -> (user: User, key: String) {
        try await catalog.write { [clock, secrets] tx in
            let member = try tx.createAPIUser(
                name: name, in: try tx.resolve(project), secrets: secrets, now: clock.now())
            guard let key = try tx.storedKey(of: member.user.id) else {
                throw AssetError.unprocessable("The key does not exist")
            }
            return (member.user, try secrets.unseal(key.sealed))
        }
    }

    /// Registers a document and its segments; widening is allowed. Answers all of its ranges.
    /// - Throws: `unprocessable` when the document or a segment belongs elsewhere.
    package func addDocument(
        _ number: Int64, project: ProjectName, segments: [ClosedRange<Int64>], isFlex: Bool
    ) async throws -> [ClosedRange<Int64>] {
        try await catalog.write { tx in
            let project = try tx.resolve(project)
            let document = try tx.registerDocument(number, project: project.id, isFlex: isFlex)
            try tx.addSegments(segments, to: document.number)
            return try tx.segmentRanges(of: document.number)
        }
    }

    /// Registers a translation job, or changes it, and assigns it to a user.
    /// - Throws: `unprocessable` when something does not exist, or does not belong together.
    package func addJobScope(
        _ job: JobNumber, project: ProjectName, document: Int64, ranges: [ClosedRange<Int64>]?, assignee: String
    ) async throws {
        try await catalog.write { tx in
            let (project, user) = try tx.resolve(project, assignee)
            guard let document = try tx.document(document), document.project == project.id else {
                throw AssetError.unprocessable("The project has no document \(document)")
            }
            guard user.account == project.account else {
                throw AssetError.unprocessable("User and project belong to different accounts")
            }
            if let known = try tx.jobScope(job), known.document.number != document.number {
                throw AssetError.unprocessable("Job \(job) is on document \(known.document.number)")
            }
            let all = try tx.segmentRanges(of: document.number)
            for range in ranges ?? []
            where !all.contains(where: { $0.contains(range.lowerBound) && $0.contains(range.upperBound) }) {
                throw AssetError.unprocessable(
                    "Segments \(range.lowerBound)-\(range.upperBound) are not in the document")
            }
            try tx.saveJobScope(JobScope(job: job, document: document, ranges: ranges))
            try tx.assign(user.id, to: job)
        }
    }
}

/// How the command line names a project.
package enum ProjectName: Sendable, CustomStringConvertible {
    case gid(GID)
    case number(Int64)

    /// A gid, a number, or a number with `pr` before it.
    package init?(_ text: String) {
        let digits = text.lowercased().hasPrefix("pr") ? text.dropFirst(2) : text[...]
        if let gid = GID(text) {
            self = .gid(gid)
        } else if let number = Int64(digits: digits) {
            self = .number(number)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .gid(let gid): gid.description
        case .number(let number): String(number)
        }
    }
}

extension AccountTables {
    func resolve(_ name: ProjectName) throws -> Project {
        let found: Project? =
            switch name {
            case .gid(let gid): try project(gid)
            case .number(let number): try project(number: number)
            }
        guard let found else { throw AssetError.unprocessable("The project \(name) does not exist") }
        return found
    }

    fileprivate func resolve(_ name: ProjectName, _ username: String) throws -> (Project, User) {
        guard let user = try user(username: username) else {
            throw AssetError.unprocessable("The user '\(username)' does not exist")
        }
        return (try resolve(name), user)
    }
}

extension AssetService {
    /// What was made of a project's files, or of one of them: their gids, with each rendition.
    /// - Throws: `unprocessable` when the project or the asset does not exist.
    package func renditions(of project: ProjectName, asset gid: GID?) async throws -> [(GID, Rendition)] {
        try await catalog.read { tx in
            let project = try tx.resolve(project)
            let asset = try gid.map { try tx.require(.gid($0), in: project) }
            var found: [(GID, Rendition)] = []
            var last: (asset: AssetID, file: String)?
            while true {
                let page = try tx.renditions(in: project.id, of: asset?.id, after: last, limit: 1000)
                guard let end = page.last else { return found }
                let assets = try tx.assets(Array(Set(page.map(\.asset))))
                let gids = Dictionary(uniqueKeysWithValues: assets.map { ($0.id, $0.gid) })
                found += page.compactMap { rendition in gids[rendition.asset].map { ($0, rendition) } }
                last = (end.asset, end.file)
            }
        }
    }
}
