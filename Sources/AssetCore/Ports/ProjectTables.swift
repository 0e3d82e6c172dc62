/// The settings of projects and users, saved queries, and what makes a project come and go.
package protocol ProjectTables {
    /// Writes name, timezone, languages and status.
    func update(_ project: Project) throws
    /// Sets the file name under which the icon is public, and its bytes; nil takes it away.
    func setIcon(of project: ProjectID, to icon: (name: String, blob: BlobID)?, now: Timestamp) throws
    /// Writes username, name and timezone.
    /// - Throws: `unprocessable` when the username is taken.
    func update(_ user: User) throws
    func setPasswordHash(of user: UserID, to hash: String) throws
    /// Sets the file name under which the avatar is public, and its bytes; nil takes it away.
    func setAvatar(of user: UserID, to avatar: (name: String, blob: BlobID)?, now: Timestamp) throws
    /// The bytes of the public icon or avatar of this file name.
    func picture(_ kind: PictureKind, named name: String) throws -> Blob?
    /// The users of an account with this e-mail address, in any letter case.
    func users(email: String, in account: AccountID) throws -> [User]

    /// By kind and name.
    func queries(of project: ProjectID) throws -> [SavedQuery]
    func query(_ gid: GID, in project: ProjectID) throws -> SavedQuery?
    func isQueryName(_ name: String, of kind: SavedQuery.Kind, takenIn project: ProjectID, butBy gid: GID) throws
        -> Bool
    /// How many queries a project has, and how long their filters are together.
    func querySize(of project: ProjectID) throws -> (count: Int64, bytes: Int64)
    /// Writes a new query, or one that is there.
    /// - Throws: `unprocessable` when the gid is that of another project's query.
    func save(_ query: SavedQuery, in project: ProjectID) throws
    func deleteQuery(_ gid: GID, in project: ProjectID) throws

    /// In the order in which they were made.
    func recordOptions(of project: ProjectID) throws -> [RecordOption]
    func insert(_ option: RecordOption, in project: ProjectID) throws
    /// Whether there was one.
    func deleteRecordOption(_ gid: GID, kind: RecordOption.Kind, in project: ProjectID) throws -> Bool

    /// Hides a project from everybody, `since` then; nil shows it. A hidden project is found by `hiddenProjects` only, and by its
    /// row number.
    func hideProject(_ project: ProjectID, since: Timestamp?) throws
    func hiddenProjects(before moment: Timestamp) throws -> [ProjectID]
    /// Removes a hidden project with all that belongs to it, about `limit` rows at a time; answers how many, nil when it is gone.
    func purge(_ project: ProjectID, limit: Int, now: Timestamp) throws -> Int?
}

/// Pictures that are public (project reference 11.5).
package enum PictureKind: String, Sendable, CaseIterable {
    case icons, avatars
}
