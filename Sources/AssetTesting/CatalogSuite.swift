package import AssetCore
import Testing

/// What every `Catalog` must do. A back end's test runs all checks, each on an empty catalog of its own:
///
/// ```swift
/// @Test(arguments: CatalogSuite.Check.allCases)
/// func conforms(to check: CatalogSuite.Check) async throws {
///     try await CatalogSuite { try await emptyCatalog() }.run(check)
/// }
/// ```
package struct CatalogSuite: Sendable {
    package enum Check: String, CaseIterable, Sendable {
        case failedWrite, snapshot, uniqueNames, counts, children, walkingUp, assetsByID, subtreeCounts
        case statusChange, statusOfNeighbours, statusOfScattered, statusOfRuns
        case purge, move, replaceContent, cursors, globalFeed
        case claimBlob, releaseBlobs, unknownLocations, fileTokens
        case selections, selectionExpiry
        case searchTerms, searchWords, searchFilters, searchOrder, searchCommonWords, searchBounds
        case claimJob, leases, saveJob, deleteJob, jobFolders, changedFolders
        case segments, segmentOverlap, jobScopes
        case accounts, projects, members, keys, sessions, signingKeys
        case oldVersions, texts, searchProperties, changedByJob
        case queries, settings, pictures, purgeProject
        case backups, backupBlobs, restore, snapshotChanges
        case publicFiles, renditions, renditionBlobs, examinations
        case privateLines, feedLines, projectJobs, exclusiveJobs, jobRecords
    }

    let makeCatalog: @Sendable () async throws -> any Catalog

    /// - Parameter makeCatalog: makes an empty catalog with its schema.
    package init(makeCatalog: @escaping @Sendable () async throws -> any Catalog) { self.makeCatalog = makeCatalog }

    package func run(_ check: Check) async throws {
        let set = try await CatalogSet.make(try await makeCatalog())
        switch check {
        case .failedWrite: try await failedWrite(set)
        case .snapshot: try await snapshot(set)
        case .uniqueNames: try await uniqueNames(set)
        case .counts: try await counts(set)
        case .children: try await children(set)
        case .walkingUp: try await walkingUp(set)
        case .assetsByID: try await assetsByID(set)
        case .subtreeCounts: try await subtreeCounts(set)
        case .statusChange: try await statusChange(set)
        case .statusOfNeighbours: try await statusOfChildren(set, isDense: true)
        case .statusOfScattered: try await statusOfChildren(set, isDense: false)
        case .statusOfRuns: try await statusOfRuns(set)
        case .purge: try await purge(set)
        case .move: try await move(set)
        case .replaceContent: try await replaceContent(set)
        case .cursors: try await cursors(set)
        case .globalFeed: try await globalFeed(set)
        case .claimBlob: try await claimBlob(set)
        case .releaseBlobs: try await releaseBlobs(set)
        case .unknownLocations: try await unknownLocations(set)
        case .fileTokens: try await fileTokens(set)
        case .selections: try await selections(set)
        case .selectionExpiry: try await selectionExpiry(set)
        case .searchTerms: try await searchTerms(set)
        case .searchWords: try await searchWords(set)
        case .searchFilters: try await searchFilters(set)
        case .searchOrder: try await searchOrder(set)
        case .searchCommonWords: try await searchCommonWords(set)
        case .searchBounds: try await searchBounds(set)
        case .claimJob: try await claimJob(set)
        case .leases: try await leases(set)
        case .saveJob: try await saveJob(set)
        case .deleteJob: try await deleteJob(set)
        case .jobFolders: try await jobFolders(set)
        case .changedFolders: try await changedFolders(set)
        case .segments: try await segments(set)
        case .segmentOverlap: try await segmentOverlap(set)
        case .jobScopes: try await jobScopes(set)
        case .accounts: try await accounts(set)
        case .projects: try await projects(set)
        case .members: try await members(set)
        case .keys: try await keys(set)
        case .sessions: try await sessions(set)
        case .signingKeys: try await signingKeys(set)
        case .oldVersions: try await oldVersions(set)
        case .texts: try await texts(set)
        case .searchProperties: try await searchProperties(set)
        case .queries: try await queries(set)
        case .settings: try await settings(set)
        case .pictures: try await pictures(set)
        case .purgeProject: try await purgeProject(set)
        case .backups: try await backups(set)
        case .backupBlobs: try await backupBlobs(set)
        case .restore: try await restore(set)
        case .snapshotChanges: try await snapshotChanges(set)
        case .publicFiles: try await publicFiles(set)
        case .renditions: try await renditions(set)
        case .renditionBlobs: try await renditionBlobs(set)
        case .examinations: try await examinations(set)
        case .privateLines: try await privateLines(set)
        case .feedLines: try await feedLines(set)
        case .projectJobs: try await projectJobs(set)
        case .exclusiveJobs: try await exclusiveJobs(set)
        case .jobRecords: try await jobRecords(set)
        case .changedByJob: try await changedByJob(set)
        }
    }
}

/// A catalog with an account, its manager and a project; and another account that has the same.
struct CatalogSet: Sendable {
    let catalog: any Catalog
    let user: User
    let project: Project
    let stranger: User
    let strangeProject: Project

    static let now = Timestamp(microseconds: 1_763_718_063_029_170)

    var root: AssetID { project.root }

    static func make(_ catalog: any Catalog) async throws -> CatalogSet {
        try await catalog.write { tx in
            let (user, project) = try tenant("one", tx)
            let (stranger, strangeProject) = try tenant("two", tx)
            return CatalogSet(
                catalog: catalog, user: user, project: project, stranger: stranger, strangeProject: strangeProject)
        }
    }

    private static func tenant(_ code: String, _ tx: any CatalogTransaction) throws -> (User, Project) {
        let account = try tx.insertAccount(code: code, now: now)
        let user = try tx.insertUser(draft(account, "\(code)-manager"), now: now)
        let project = try tx.insertProject(
            ProjectDraft(
                account: account, owner: user, name: code, number: nil, languages: ["en", "nl"], timezone: "UTC",
                createdOn: now))
        return (user, project)
    }

    static func draft(_ account: AccountID, _ username: String) -> UserDraft {
        UserDraft(
            account: account, level: .manager, username: username, email: nil, name: username, passwordHash: "hash")
    }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await catalog.read(body) }

    @discardableResult
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any CatalogTransaction) throws -> Value
    ) async throws -> Value { try await catalog.write(body) }

    func asset(_ asset: Asset) async throws -> Asset? { try await read { try $0.asset(asset.id) } }

    func folder(_ name: String, in parent: Asset? = nil) async throws -> Asset {
        let draft = AssetDraft(
            project: project.id, parent: parent?.id ?? root, name: name, content: nil, createdOn: Self.now)
        return try await write { try $0.insert(draft) }
    }

    /// A file with bytes of its own, unless `hash` says otherwise.
    func file(_ name: String, in parent: Asset? = nil, type: String? = "txt", hash: [UInt8]? = nil) async throws
        -> Asset
    {
        let parent = parent?.id ?? root
        let project = project.id
        return try await write { tx in
            try tx.insert(
                AssetDraft(
                    project: project, parent: parent, name: name, content: try content(tx, type: type, hash: hash),
                    createdOn: Self.now))
        }
    }

    func content(_ tx: any CatalogTransaction, type: String? = "txt", hash: [UInt8]? = nil) throws -> Asset.Content {
        let blob = try tx.claimBlob(Self.stored(hash: hash), now: Self.now)
        return Asset.Content(blob: blob.id, size: blob.size, type: type, info: ["width": 3])
    }

    /// Bytes at a place of their own.
    static func stored(hash: [UInt8]? = nil) -> StoredBlob {
        StoredBlob(hash: hash ?? GID().bytes + GID().bytes, size: 5, location: GID().description)
    }

    /// An error's code; nil when there was none.
    func code(_ body: @escaping @Sendable (any CatalogTransaction) throws -> Void) async -> AssetError.Code? {
        do {
            try await write(body)
            return nil
        } catch {
            return AssetError(wrapping: error).code
        }
    }
}
