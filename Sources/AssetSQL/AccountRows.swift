import AssetCore

extension SQLTransaction: AccountTables {
    static let userColumns = """
        users.id, users.gid, users.account_id, users.level, users.username, users.email, users.name, users.avatar,
        users.is_active, users.timezone
        """

    static func user(_ row: any SQLRow) throws -> User { try user(row, from: 0) }

    static func user(_ row: any SQLRow, from first: Int) throws -> User {
        User(
            id: row.id(first), gid: try row.gid(first + 1), account: row.id(first + 2), level: try row.raw(first + 3),
            username: row.text(ifAny: first + 4), email: row.text(ifAny: first + 5), name: row.text(first + 6),
            avatar: row.text(ifAny: first + 7), isActive: row.int(first + 8) == 1, timezone: row.text(first + 9))
    }

    func account(code: String) throws -> AccountID? {
        try db.first("SELECT id FROM accounts WHERE code = ?", [.text(code)]) { $0.id(0) }
    }

    func accountCode(_ id: AccountID) throws -> String {
        try db.first("SELECT code FROM accounts WHERE id = ?", [.id(id)]) { $0.text(0) } ?? ""
    }

    func insertAccount(code: String, now: Timestamp) throws -> AccountID {
        let id = try db.insertUnlessTaken(
            "INSERT INTO accounts (code, created_on) VALUES (?, ?)", [.text(code), .time(now)])
        guard let id else { throw AssetError.unprocessable("The account '\(code)' exists") }
        return AccountID(rawValue: id)
    }

    func user(_ id: UserID) throws -> User? {
        try db.first("SELECT \(Self.userColumns) FROM users WHERE id = ?", [.id(id)], Self.user)
    }

    func user(_ gid: GID) throws -> User? {
        try db.first("SELECT \(Self.userColumns) FROM users WHERE gid = ?", [.gid(gid)], Self.user)
    }

    func user(username: String) throws -> User? {
        try db.first("SELECT \(Self.userColumns) FROM users WHERE username = ?", [.text(username)], Self.user)
    }

    func passwordHash(of user: UserID) throws -> String? {
        try db.first("SELECT password_hash FROM users WHERE id = ?", [.id(user)]) { $0.text(ifAny: 0) } ?? nil
    }

    func insertUser(_ draft: UserDraft, now: Timestamp) throws -> User {
        let gid = GID()
        let id = try db.insertUnlessTaken(
            """
            INSERT INTO users (gid, account_id, level, username, email, name, password_hash, created_on)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .gid(gid), .id(draft.account), .text(draft.level.rawValue), .text(ifAny: draft.username),
                .text(ifAny: draft.email), .text(draft.name), .text(ifAny: draft.passwordHash), .time(now),
            ])
        guard let id else { throw AssetError.unprocessable("The username '\(draft.username ?? "")' is taken") }
        guard let user = try user(UserID(rawValue: id)) else { throw CorruptRow(column: 0, what: "user") }
        return user
    }

    func usersSharingProjects(with user: UserID) throws -> [User] {
        try db.all(
            """
            SELECT \(Self.userColumns) FROM users WHERE id = ? OR id IN (
                SELECT other.user_id FROM members mine
                JOIN members other ON other.project_id = mine.project_id
                WHERE mine.user_id = ? AND mine.status = 'active'
            )
            ORDER BY id
            """, [.id(user), .id(user)], Self.user)
    }

    func storedKey(of user: UserID) throws -> StoredKey? {
        try db.first(
            "SELECT key_hash, key_sealed FROM users WHERE id = ? AND key_hash IS NOT NULL", [.id(user)]
        ) { StoredKey(hash: $0.blob(0), sealed: $0.blob(1)) }
    }

    func setKey(_ key: StoredKey, of user: UserID) throws {
        try db.execute(
            "UPDATE users SET key_hash = ?, key_sealed = ? WHERE id = ?",
            [.blob(key.hash), .blob(key.sealed), .id(user)])
    }

    func user(keyHash: [UInt8]) throws -> User? {
        try db.first("SELECT \(Self.userColumns) FROM users WHERE key_hash = ?", [.blob(keyHash)], Self.user)
    }

    func session(tokenHash: [UInt8], now: Timestamp) throws -> Session? {
        try db.first(
            """
            SELECT \(Self.userColumns), accounts.code, sessions.expires_on FROM sessions
            JOIN users ON users.id = sessions.user_id JOIN accounts ON accounts.id = users.account_id
            WHERE token_hash = ? AND sessions.expires_on > ?
            """, [.blob(tokenHash), .time(now)]
        ) { Session(user: try Self.user($0), accountCode: $0.text(10), expiresOn: $0.time(11)) }
    }

    func insertSession(tokenHash: [UInt8], user: UserID, expiresOn: Timestamp) throws {
        try db.execute(
            "INSERT INTO sessions (token_hash, user_id, expires_on) VALUES (?, ?, ?)",
            [.blob(tokenHash), .id(user), .time(expiresOn)])
    }

    func extendSession(tokenHash: [UInt8], to moment: Timestamp) throws {
        try db.execute(
            "UPDATE sessions SET expires_on = ? WHERE token_hash = ? AND expires_on < ?",
            [.time(moment), .blob(tokenHash), .time(moment)])
    }

    func deleteSession(tokenHash: [UInt8]) throws -> Bool {
        try db.execute("DELETE FROM sessions WHERE token_hash = ?", [.blob(tokenHash)]) > 0
    }

    func deleteExpiredSessions(now: Timestamp, limit: Int) throws -> Int {
        try db.execute(
            """
            DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_on <= ? LIMIT ?)
            """, [.time(now), .count(limit)])
    }

    func signingKeys() throws -> [SigningKey] {
        try db.all("SELECT id, sealed, created_on FROM signing_keys ORDER BY created_on DESC, id", []) {
            SigningKey(id: $0.text(0), sealed: $0.blob(1), createdOn: $0.time(2))
        }
    }

    func insertSigningKey(_ key: SigningKey) throws {
        try db.execute(
            "INSERT INTO signing_keys (id, sealed, created_on) VALUES (?, ?, ?)",
            [.text(key.id), .blob(key.sealed), .time(key.createdOn)])
    }

    func deleteSigningKeys(createdBefore moment: Timestamp) throws {
        try db.execute("DELETE FROM signing_keys WHERE created_on < ?", [.time(moment)])
    }
}
