/// A new user, before it has a row.
package struct UserDraft: Sendable {
    package var account: AccountID
    package var level: User.Level
    package var username: String?
    package var email: String?
    package var name: String
    package var passwordHash: String?

    package init(
        account: AccountID, level: User.Level, username: String?, email: String?, name: String, passwordHash: String?
    ) {
        self.account = account
        self.level = level
        self.username = username
        self.email = email
        self.name = name
        self.passwordHash = passwordHash
    }
}

/// A new project, before it has a row.
package struct ProjectDraft: Sendable {
    package var account: AccountID
    package var owner: User
    package var name: String
    /// nil takes the next free number.
    package var number: Int64?
    package var languages: [String]
    package var timezone: String
    package var createdOn: Timestamp
    /// Its own gid, and that of its root folder.
    package var gid = GID()
    package var root = GID()

    package init(
        account: AccountID, owner: User, name: String, number: Int64?, languages: [String], timezone: String,
        createdOn: Timestamp
    ) {
        self.account = account
        self.owner = owner
        self.name = name
        self.number = number
        self.languages = languages
        self.timezone = timezone
        self.createdOn = createdOn
    }
}

/// An API key as it is stored: looked up by hash, shown again by unsealing.
package struct StoredKey: Sendable {
    /// SHA-256 of the key.
    package let hash: [UInt8]
    /// The key, encrypted.
    package let sealed: [UInt8]

    package init(hash: [UInt8], sealed: [UInt8]) {
        self.hash = hash
        self.sealed = sealed
    }
}

/// Accounts, users, projects, members, and the secrets by which they are recognised.
package protocol AccountTables {
    func account(code: String) throws -> AccountID?
    func accountCode(_ id: AccountID) throws -> String
    /// - Throws: `unprocessable` when the code is taken.
    func insertAccount(code: String, now: Timestamp) throws -> AccountID

    func user(_ id: UserID) throws -> User?
    func user(_ gid: GID) throws -> User?
    func user(username: String) throws -> User?
    /// The stored form of a user's password.
    func passwordHash(of user: UserID) throws -> String?
    /// - Throws: `unprocessable` when the username is taken.
    func insertUser(_ draft: UserDraft, now: Timestamp) throws -> User
    /// The users that share an active project with `user`, and `user`.
    func usersSharingProjects(with user: UserID) throws -> [User]

    func storedKey(of user: UserID) throws -> StoredKey?
    func setKey(_ key: StoredKey, of user: UserID) throws
    func user(keyHash: [UInt8]) throws -> User?

    func project(_ id: ProjectID) throws -> Project?
    func project(_ gid: GID) throws -> Project?
    func project(number: Int64) throws -> Project?
    /// Makes the project with its root folder; the owner becomes a member.
    /// - Throws: `unprocessable` when the number or the gid is taken.
    func insertProject(_ draft: ProjectDraft) throws -> Project
    func members(of project: ProjectID) throws -> [Member]
    func member(_ user: UserID, of project: ProjectID) throws -> Member?
    /// The memberships of a user that are active, or invitations.
    func memberships(of user: UserID) throws -> [Member]
    func setMember(_ user: UserID, of project: ProjectID, role: Member.Role, status: Member.Status) throws
    /// Whether there was one.
    func removeMember(_ user: UserID, of project: ProjectID) throws -> Bool

    /// A session of the segment dialect; an expired one counts as absent.
    func session(tokenHash: [UInt8], now: Timestamp) throws -> Session?
    func insertSession(tokenHash: [UInt8], user: UserID, expiresOn: Timestamp) throws
    func extendSession(tokenHash: [UInt8], to moment: Timestamp) throws
    /// Whether there was one.
    func deleteSession(tokenHash: [UInt8]) throws -> Bool
    /// Deletes what has expired, at most `limit` of them; answers how many.
    func deleteExpiredSessions(now: Timestamp, limit: Int) throws -> Int

    /// The keys that sign JWTs, newest first, sealed.
    func signingKeys() throws -> [SigningKey]
    func insertSigningKey(_ key: SigningKey) throws
    func deleteSigningKeys(createdBefore moment: Timestamp) throws
}

/// A logged-in user of the segment dialect.
package struct Session: Sendable {
    package let user: User
    package let accountCode: String
    package let expiresOn: Timestamp

    package init(user: User, accountCode: String, expiresOn: Timestamp) {
        self.user = user
        self.accountCode = accountCode
        self.expiresOn = expiresOn
    }
}

/// A secret that signs JWTs.
package struct SigningKey: Sendable {
    package let id: String
    package let sealed: [UInt8]
    package let createdOn: Timestamp

    package init(id: String, sealed: [UInt8], createdOn: Timestamp) {
        self.id = id
        self.sealed = sealed
        self.createdOn = createdOn
    }
}
