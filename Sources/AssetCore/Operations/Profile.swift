/// What users change of themselves (project reference 3), and the public pictures of users and projects.
extension AssetService {
    /// What is nil stays.
    package struct ProfileEdit: Sendable {
        package var username: String?
        package var password: String?
        package var name: String?
        package var timezone: String?

        package init() {}
    }

    /// - Throws: `validation` that names the field: a username that is taken or not usable, a password that is too weak;
    ///   `badParameter` for name or timezone; `forbidden` for API users, who have neither name nor password to log in with.
    package func updateProfile(_ user: User, _ edit: ProfileEdit) async throws -> User {
        if edit.username != nil || edit.password != nil, user.level == .api {
            throw AssetError(.forbidden, "An API user has no username and no password")
        }
        if let username = edit.username {
            guard !username.isEmpty, username.utf8.count <= 255 else {
                throw AssetError(.validation, "Use 1 to 255 bytes", parameter: "username")
            }
            // A name that is somebody else's address would get that person's invitations.
            guard !username.contains("@") || username.lowercased() == user.email?.lowercased() else {
                throw AssetError(.validation, "Only one's own e-mail address may have an '@'", parameter: "username")
            }
        }
        let name = try edit.name.map(Self.checkedName)
        let timezone = try edit.timezone.map(Self.checkedTimezone)
        var hash: String?
        if let password = edit.password {
            guard password.count >= Passwords.minimumLength, password.utf8.count <= Passwords.maximumBytes else {
                throw AssetError(
                    .validation, "Use \(Passwords.minimumLength) characters to \(Passwords.maximumBytes) bytes",
                    parameter: "password")
            }
            hash = try await logIns.pass {
                try await Passwords.hash(password, logRounds: settings.passwordLogRounds)
            }
        }
        return try await catalog.write { [hash] tx in
            // What is remembered of the user may be older than what another server has just written.
            guard var changed = try tx.user(user.id) else { throw AssetError.unprocessable("The user does not exist") }
            changed.username = edit.username ?? changed.username
            changed.name = name ?? changed.name
            changed.timezone = timezone ?? changed.timezone
            if let username = edit.username, let other = try tx.user(username: username), other.id != user.id {
                throw AssetError(.validation, "This username is taken", parameter: "username")
            }
            try tx.update(changed)
            if let hash { try tx.setPasswordHash(of: user.id, to: hash) }
            try tx.appendUpdate(of: changed)
            return changed
        }
    }

    /// The largest icon or avatar, in bytes, and the types that it can have: what every browser shows, and nothing that runs.
    package static let maximumPicture: Int64 = 10 << 20
    package static let pictureTypes = ["gif", "jpg", "png", "webp"]

    /// - Throws: `unprocessable` when the file is not a picture; the bytes are discarded then.
    package func setAvatar(_ user: User, _ file: IngestedFile) async throws -> User {
        try await commitPicture(file, of: user.gid) { tx, picture, now in
            try tx.setAvatar(of: user.id, to: picture, now: now)
            return try tx.changed(user)
        }
    }

    package func deleteAvatar(_ user: User) async throws -> User {
        try await catalog.write { [clock] tx in
            try tx.setAvatar(of: user.id, to: nil, now: clock.now())
            return try tx.changed(user)
        }
    }

    /// - Throws: `forbidden` for everybody but the owner; `unprocessable` when the file is not a picture. The bytes are discarded
    ///   then.
    package func setIcon(_ caller: Caller, _ file: IngestedFile) async throws -> Project {
        do {
            try caller.require(.administer)
        } catch {
            await discard(file)
            throw error
        }
        return try await commitPicture(file, of: caller.project.gid) { tx, picture, now in
            try tx.setIcon(of: caller.project.id, to: picture, now: now)
            return try tx.changed(caller.project)
        }
    }

    package func deleteIcon(_ caller: Caller) async throws -> Project {
        try caller.require(.administer)
        return try await catalog.write { [clock] tx in
            try tx.setIcon(of: caller.project.id, to: nil, now: clock.now())
            return try tx.changed(caller.project)
        }
    }

    private func commitPicture<Value: Sendable>(
        _ file: IngestedFile, of gid: GID,
        _ body: @escaping @Sendable (any CatalogTransaction, (name: String, blob: BlobID), Timestamp) throws -> Value
    ) async throws -> Value {
        guard let type = file.inspection.type, Self.pictureTypes.contains(type) else {
            await discard(file)
            throw AssetError.unprocessable("Expected a picture: \(Self.pictureTypes.joined(separator: ", "))")
        }
        return try await commit(.everything, file) { tx, content, now in
            try body(tx, ("\(gid).\(type)", content.blob), now)
        }
    }

    /// The bytes of a public picture (project reference 11.5).
    /// - Throws: `fileNotFound`.
    package func picture(_ kind: PictureKind, named name: String) async throws -> Blob {
        guard let blob = try await catalog.read({ try $0.picture(kind, named: name) }) else {
            throw AssetError(.fileNotFound, "The requested file does not exist.")
        }
        return blob
    }
}

extension AccountTables where Self: ChangeTables {
    func appendUpdate(of user: User) throws {
        try append(.update, .users, key: user.gid.description, data: nil, for: .user(user.id))
    }

    fileprivate func changed(_ old: User) throws -> User {
        try appendUpdate(of: old)
        return try user(old.id) ?? old
    }

    fileprivate func changed(_ old: Project) throws -> Project {
        try appendUpdate(of: old)
        return try project(old.id) ?? old
    }
}
