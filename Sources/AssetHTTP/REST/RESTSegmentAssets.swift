import AssetCore
import Foundation
import HTTPTypes
import Hummingbird

/// The files of segments: the project family `/api/resources/assets/…` and the Flex family
/// `/api/apps/wbflex/documents/{id}/assets/…` (segment reference 6, 7).
///
/// The order of checks is that of 6.1: token, scope, right, segment, other parameters, action.
struct RESTSegmentAssets: Sendable {
    let service: AssetService
    let sessions: RESTSessions
    let delivery: Delivery
    let settings: ServerSettings

    /// What a call is allowed to reach, and how its family prints a file.
    private struct Door: Sendable {
        let caller: Caller
        /// nil for the Flex family.
        let scope: SegmentScope?
        let base: String

        func json(_ file: SegmentFile) -> JSON {
            if let scope { return RESTModels.asset(file, project: caller.project, scope: scope, base: base) }
            return RESTModels.flexAsset(file, project: caller.project, base: base)
        }
    }

    private enum Family: Sendable {
        case project, flex

        var root: String {
            switch self {
            case .project: "/api/resources/assets"
            case .flex: "/api/apps/wbflex/documents/{id}/assets"
            }
        }
    }

    func mount(in routes: inout RouteTable) {
        for family in [Family.project, .flex] {
            let download: RouteTable.Handler = { try await self.download(family, $0, $1) }
            routes.mount("\(family.root)/list", [.get: { try await self.listSeveral(family, $0, $1) }])
            routes.mount(
                "\(family.root)/{segmentid}",
                [
                    .post: { try await self.upload(family, $0, $1) }, .get: download, .head: download,
                    .delete: { try await self.delete(family, $0, $1) },
                ])
            routes.mount("\(family.root)/{segmentid}/list", [.get: { try await self.list(family, $0, $1) }])
        }
    }

    private func open(
        _ family: Family, _ request: Request, _ context: AppContext, needs rights: Rights
    ) async throws -> (door: Door, query: RESTQuery) {
        let user = try await sessions.user(request)
        let query = try RESTQuery(request)
        let base = settings.baseURL(of: request)
        switch family {
        case .project:
            let scope = try SegmentScope(parsing: try query.require("scope"))
            let caller = try await service.caller(user, scope: scope)
            try caller.require(rights)
            return (Door(caller: caller, scope: scope, base: base), query)
        case .flex:
            let id = try context.parameters.require("id")
            let caller = try await service.caller(user, flexDocument: id).caller
            try caller.require(rights)
            return (Door(caller: caller, scope: nil, base: base), query)
        }
    }

    private func segment(_ context: AppContext) throws -> Int64 {
        let text = try context.parameters.require("segmentid")
        guard let segment = Int64(digits: text) else {
            throw AssetError.badParameter("segmentid", "Expected a whole number")
        }
        return segment
    }

    private func upload(_ family: Family, _ request: Request, _ context: AppContext) async throws -> Response {
        let (door, _) = try await open(family, request, context, needs: .write)
        let segment = try segment(context)
        try await service.requireSegment(door.caller, segment)
        let body = RESTQuery(try await request.jsonObject(limit: 64 << 10))
        let file = try await service.attach(
            door.caller, segment: segment, token: try body.require("filetoken"), locale: try body.text("locale"),
            relativePath: try body.text("relativePath"))
        return Response(json: door.json(file))
    }

    private func list(_ family: Family, _ request: Request, _ context: AppContext) async throws -> Response {
        let (door, _) = try await open(family, request, context, needs: .read)
        let files = try await service.files(door.caller, ofSegment: try segment(context))
        return Response(json: .array(files.map(door.json)))
    }

    /// The most segments in one list (U36).
    private static let maximumSegments = 500

    private func listSeveral(_ family: Family, _ request: Request, _ context: AppContext) async throws -> Response {
        let (door, query) = try await open(family, request, context, needs: .read)
        let texts = try query.require("segmentIds").split(separator: ",", omittingEmptySubsequences: false)
        guard texts.count <= Self.maximumSegments else {
            throw AssetError.badParameter("segmentIds", "More than \(Self.maximumSegments) ids")
        }
        let segments = try texts.map { text in
            guard let segment = Int64(digits: text.trimmingCharacters(in: .whitespaces)) else {
                throw AssetError.badParameter("segmentIds", "Expected whole numbers separated by commas")
            }
            return segment
        }
        let files = try await service.files(door.caller, ofSegments: segments)
        return Response(json: .array(files.map(door.json)))
    }

    private func download(_ family: Family, _ request: Request, _ context: AppContext) async throws -> Response {
        let (door, query) = try await open(family, request, context, needs: .read)
        let (asset, blob) = try await service.file(door.caller, segment: try segment(context), try query.segmentFile())
        let isCacheable = try family == .flex || query.isVersioned()
        return try await delivery.response(
            to: request, context,
            Delivery.File(
                blob: blob, name: asset.name, type: nil, modifiedOn: asset.updatedOn,
                caching: .segment(isVersioned: isCacheable)))
    }

    private func delete(_ family: Family, _ request: Request, _ context: AppContext) async throws -> Response {
        let (door, query) = try await open(family, request, context, needs: [.delete, .purge])
        let segment = try segment(context)
        try await service.requireSegment(door.caller, segment)
        // A mistyped call must not destroy all files (U41).
        if ["filename", "locale", "relativePath"].contains(where: query.contains) {
            try await service.deleteFile(door.caller, segment: segment, try query.segmentFile())
        } else {
            try await service.deleteFiles(door.caller, ofSegment: segment)
        }
        return Response(status: .ok)
    }
}

extension RESTQuery {
    /// The file that a call is about.
    func segmentFile() throws(AssetError) -> AssetService.SegmentFileReference {
        AssetService.SegmentFileReference(
            fileName: try require("filename"), relativePath: try text("relativePath"), locale: try text("locale"))
    }

    /// Whether the URL names a version (segment reference 6.6).
    func isVersioned() throws(AssetError) -> Bool { try text("v")?.isEmpty == false }
}
