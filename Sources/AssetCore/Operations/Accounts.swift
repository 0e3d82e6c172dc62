/// Who is who: the questions that every request begins with.
extension AssetService {
    /// The active user with this name and password.
    /// - Throws: `unknownUser`.
    package func logIn(username: String, password: String) async throws -> User {
        let (user, stored) = try await catalog.read { tx -> (User?, String?) in
            let user = try tx.user(username: username)
            return (user, try user.flatMap { try tx.passwordHash(of: $0.id) })
        }
        let isRight = try await logIns.pass {
            try await Passwords.verify(password, against: stored, logRounds: settings.passwordLogRounds)
        }
        guard isRight, let user, user.isActive else { throw AssetError(.unknownUser, "Unknown user") }
        return user
    }

    /// The API user of this project to whom the key belongs (project reference 4.1).
    /// - Throws: `unknownUser`, also for a project that does not exist.
    package func authenticate(apiKey: String, project gid: GID) async throws -> Caller {
        let caller = try await catalog.read { tx -> Caller? in
            guard let user = try tx.user(keyHash: Secrets.hash(apiKey)), user.level == .api else { return nil }
            return try tx.caller(user, in: gid)
        }
        guard let caller else { throw AssetError(.unknownUser, "Unknown user") }
        return caller
    }

    /// The user behind a verified token.
    /// - Throws: `unauthenticated` when the user is gone or not active.
    package func user(_ gid: GID) async throws -> User {
        try await access.users.value(gid, catalog.feedSignal) {
            guard let user = try await catalog.lookUp({ try $0.user(gid) }), user.isActive else {
                throw AssetError(.unauthenticated, "Permission denied")
            }
            return user
        }
    }

    /// A user in a project.
    /// - Throws: `unauthenticated` as `user`; `forbidden` when the user is not an active member, or the project does not exist.
    package func caller(_ user: GID, in project: GID) async throws -> Caller {
        try await access.members.value(.init(user: user, project: project), catalog.feedSignal) {
            let (user, caller) = try await catalog.lookUp { tx -> (User?, Caller?) in
                guard let user = try tx.user(user), user.isActive else { return (nil, nil) }
                return (user, try tx.caller(user, in: project))
            }
            guard user != nil else { throw AssetError(.unauthenticated, "Permission denied") }
            guard let caller else { throw AssetError(.forbidden, "You are not a member of this project") }
            return caller
        }
    }

    /// What `caller` would answer, when that is known without a look at the database.
    package func knownCaller(_ user: GID, in project: GID) -> Caller? {
        access.members.known(.init(user: user, project: project), catalog.feedSignal)
    }

    // MARK: Sessions of the segment dialect

    /// Opens a session for the user to whom the key belongs; answers its token (segment reference 2.1).
    /// - Throws: `unknownUser`: the same whether account or key is wrong.
    package func openSession(account: String, key: String) async throws -> String {
        // Its 122 random bits come from the system.
        let token = GID().description
        try await catalog.write(.rows) { [clock, settings] tx in
            guard let user = try tx.user(keyHash: Secrets.hash(key)), user.isActive,
                try tx.accountCode(user.account) == account
            else { throw AssetError(.unknownUser, "Invalid private key.") }
            try tx.insertSession(
                tokenHash: Secrets.hash(token), user: user.id,
                expiresOn: clock.now().adding(seconds: settings.sessionLifetime))
        }
        return token
    }

    /// How much an expiry may lag behind: an active session is written at most this often, in seconds.
    private static let sessionLag = 5.0

    /// The user of a session; each call lets the 30 minutes of inactivity begin again (segment reference 2.2).
    /// - Throws: `unauthenticated`: unknown, expired, or of another account.
    package func session(token: String, account: String) async throws -> User {
        let hash = Secrets.hash(token.lowercased())
        let now = clock.now()
        let session = try await access.sessions.value(hash, catalog.feedSignal) {
            guard let session = try await catalog.lookUp({ try $0.session(tokenHash: hash, now: now) }) else {
                throw AssetError(.unauthenticated, "Token invalid or expired.")
            }
            return session
        }
        guard session.user.isActive, session.accountCode == account, session.expiresOn > now else {
            throw AssetError(.unauthenticated, "Token invalid or expired.")
        }
        let expiry = now.adding(seconds: settings.sessionLifetime)
        if session.expiresOn < expiry {
            let moment = expiry.adding(seconds: Self.sessionLag)
            access.sessions.forget(hash)
            try await catalog.write(.rows) { try $0.extendSession(tokenHash: hash, to: moment) }
        }
        return session.user
    }

    /// What `session` would answer, when that is known without a look at the database, and nothing is to be written.
    package func knownSession(token: String, account: String) -> User? {
        let now = clock.now()
        guard let session = access.sessions.known(Secrets.hash(token.lowercased()), catalog.feedSignal),
            session.user.isActive, session.accountCode == account,
            session.expiresOn > now, session.expiresOn >= now.adding(seconds: settings.sessionLifetime)
        else { return nil }
        return session.user
    }

    /// Ends a session.
    package func closeSession(token: String) async throws {
        let hash = Secrets.hash(token.lowercased())
        _ = try await catalog.write(.rows) { try $0.deleteSession(tokenHash: hash) }
        access.sessions.forget(hash)
    }
}

extension AccountTables {
    /// A user's rights in a project, or nil without an active membership.
    func caller(_ user: User, in gid: GID) throws -> Caller? {
        guard user.isActive, let project = try project(gid), project.isActive,
            let member = try member(user.id, of: project.id), member.status == .active
        else { return nil }
        return Caller(user: user, project: project, rights: member.role.rights)
    }
}
