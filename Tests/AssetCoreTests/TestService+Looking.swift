import AssetTesting
import NIOCore
import Testing

@testable import AssetCore

/// A job's line in the feed, as a client reads it.
struct JobNotice: Equatable {
    let status: String
    var total: Int64?
    var remaining: Int64?
    var failed: Int64?
    var error: String?
}

/// How tests look at what an operation has done.
extension TestService {
    /// The asset as it is now; nil when it is gone.
    func now(_ asset: Asset) async throws -> Asset? {
        try await service.catalog.read { try $0.asset(asset.id) }
    }

    /// nil for what is gone.
    func statuses(_ assets: [Asset]) async throws -> [Asset.Status?] {
        try await service.catalog.read { tx in try assets.map { try tx.asset($0.id)?.status } }
    }

    func childNames(_ folder: Asset) async throws -> [String] {
        try await service.catalog.read { try $0.children(of: folder.id, top: 0, size: 10_000).map(\.name) }
    }

    func root() async throws -> Asset {
        let project = demo.project
        return try #require(try await service.catalog.read { try $0.asset(project.root) })
    }

    /// The newest cursors: where a test begins to read.
    func cursor() async throws -> Int64 {
        let project = demo.project.id
        return try await service.catalog.read { try $0.projectCursor(project) }
    }

    func changes(after cursor: Int64) async throws -> [ProjectChange] {
        let project = demo.project.id
        return try await service.catalog.read { try $0.changes(in: project, after: cursor, limit: 1_000_000) }
    }

    /// The keys of the feed's lines after `cursor` with this action, sorted, and whether there are only such lines.
    func changedKeys(_ action: ChangeAction, after cursor: Int64) async throws -> [String] {
        try await changes(after: cursor).filter { $0.action == action }.map(\.key.description).sorted()
    }

    /// What the feed says of a job, in order.
    func notices(of token: GID, seenBy user: User) async throws -> [JobNotice] {
        let lines = try await service.catalog.read { try $0.globalChanges(for: user.id, after: 0, limit: 1_000_000) }
        return try lines.filter { $0.dataType == .jobs && $0.key == token.description }.map { line in
            let data = try JSON(parsing: try #require(line.data).text)
            let info = try #require(data[key: "info"])
            return JobNotice(
                status: data[key: "status"]?.stringValue ?? "", total: info[key: "total"]?.intValue,
                remaining: info[key: "remaining"]?.intValue, failed: info[key: "failed"]?.intValue,
                error: info[key: "error"]?.stringValue)
        }
    }

    /// The last line of the feed about a job, which must be its end.
    func end(of token: GID, seenBy user: User) async throws -> JobNotice {
        let last = try #require(try await notices(of: token, seenBy: user).last)
        #expect(last.status == "done")
        return last
    }

    /// Puts many files into a folder, quickly: all with the same bytes.
    func files(_ count: Int, in folder: Asset, prefix: String = "f") async throws -> [Asset] {
        let body = OneBuffer(ByteBuffer(string: "many"))
        let stored = try await service.ingest(body, named: AssetName("many.txt"))
        let now = service.clock.now()
        return try await service.catalog.write { tx in
            let blob = try tx.claimBlob(stored.stored, now: now)
            let content = Asset.Content(blob: blob.id, size: blob.size, type: "txt", info: .emptyObject)
            return try (0..<count).map { number in
                try tx.insert(
                    AssetDraft(
                        project: folder.project, parent: folder.id, name: "\(prefix)\(number).txt", content: content,
                        createdOn: now))
            }
        }
    }

    /// A member of the demonstration project with this role.
    func member(_ role: Member.Role, named name: String) async throws -> Caller {
        let project = demo.project
        let code = demo.account
        let now = service.clock.now()
        return try await service.catalog.write { tx in
            let account = try #require(try tx.account(code: code))
            let user = try tx.insertUser(
                UserDraft(
                    account: account, level: .manager, username: name, email: nil, name: name, passwordHash: nil),
                now: now)
            try tx.setMember(user.id, of: project.id, role: role, status: .active)
            return Caller(user: user, project: project, rights: role.rights)
        }
    }
}

/// Runs `body`, which must fail with an error of this code; answers the error.
@discardableResult
func expectError(
    _ code: AssetError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async -> AssetError? {
    do {
        _ = try await body()
        Issue.record("Nothing was thrown; expected \(code)", sourceLocation: sourceLocation)
    } catch let error as AssetError {
        #expect(error.code == code, sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

extension JSON {
    static func gids(_ assets: Asset...) -> JSON { .array(assets.map { JSON($0.gid) }) }
}
