import AssetCore
import Foundation
import HTTPTypes
import Hummingbird

/// `/media/…`: what is read without a token (project reference 11.5).
struct PublicMedia: Sendable {
    let service: AssetService
    let delivery: Delivery

    func mount(in routes: inout RouteTable) {
        func mount(_ path: String, _ handler: @escaping RouteTable.Handler) {
            routes.mount(path, [.get: handler, .head: handler])
        }
        for kind in PictureKind.allCases {
            mount("/media/\(kind.rawValue)/{file}") { try await picture(kind, $0, $1) }
        }
        mount("/media/p-{project}/src/{file}") { try await file($0, $1) }
        mount("/media/p-{project}/t/{file}") { try await rendition($0, $1) }
        // The router wants one name for what stands at one place: the asset, here.
        mount("/media/p-{project}/t/{file}/{rendition}") { try await renditionOfAsset($0, $1) }
        mount("/media/s/{token}/{file}") { try await signed($0, $1) }
    }

    /// The same name gets other bytes when the picture is changed: short-lived in caches, and asked for again by its ETag.
    private func picture(_ kind: PictureKind, _ request: Request, _ context: AppContext) async throws -> Response {
        let name = try context.parameters.require("file")
        let blob = try await service.picture(kind, named: name)
        return try await delivery.response(
            to: request, context,
            Delivery.File(blob: blob, name: name, type: nil, modifiedOn: nil, caching: .publicShort))
    }

    private func file(_ request: Request, _ context: AppContext) async throws -> Response {
        let (project, name) = try place(context, "file")
        // `<gid>.<ext>` or, for an old version, `<gid>~<version>.<ext>`. The extension says nothing.
        let base = name.prefix { $0 != "." }
        let storage = StorageName(base)
        guard let gid = storage?.gid ?? GID(base) else { throw Self.missing }
        var version = storage?.version
        if let text = request.uri.queryParameters["v"] {
            // One form of each number: every other would be kept in caches for ever as well.
            guard let number = Int64(digits: text), String(number) == text, version == nil || version == number else {
                throw Self.missing
            }
            version = number
        }
        return try await send(try await service.publicFile(in: project, gid, version: version), request, context)
    }

    private func rendition(_ request: Request, _ context: AppContext) async throws -> Response {
        let (project, name) = try place(context, "file")
        return try await rendition(request, context, project, name, of: nil)
    }

    private func renditionOfAsset(_ request: Request, _ context: AppContext) async throws -> Response {
        let (project, name) = try place(context, "rendition")
        guard let asset = GID(try context.parameters.require("file")) else { throw Self.missing }
        return try await rendition(request, context, project, name, of: asset)
    }

    private func rendition(
        _ request: Request, _ context: AppContext, _ project: GID, _ name: String, of asset: GID?
    ) async throws -> Response {
        let revision = request.uri.queryParameters["v"].map(String.init)
        return try await send(
            try await service.publicRendition(in: project, name, of: asset, revision: revision), request, context)
    }

    private func signed(_ request: Request, _ context: AppContext) async throws -> Response {
        let (access, file, blob) = try await service.signedFile(try context.parameters.require("token"))
        let seconds = Int((access.expiresOn.seconds - service.clock.now().seconds).rounded(.down))
        let caching = Delivery.Caching.privateUntil(seconds: min(max(seconds, 0), 60))
        guard let size = access.previewSize else {
            return try await delivery.response(
                to: request, context,
                Delivery.File(
                    blob: blob, name: file.asset.name, type: file.content.type, modifiedOn: file.asset.updatedOn,
                    caching: caching))
        }
        return try await delivery.response(
            to: request, context, try await service.preview(file, size: size), caching: caching)
    }

    private func send(_ file: DeliveredFile, _ request: Request, _ context: AppContext) async throws -> Response {
        var response = try await delivery.response(
            to: request, context,
            Delivery.File(
                blob: file.blob, name: file.name, type: file.type, modifiedOn: file.modifiedOn,
                caching: file.isImmutable ? .publicForEver : .publicShort))
        // Pages of other sites may use what everybody may read, fonts and scripted images too.
        response.headers[.accessControlAllowOrigin] = "*"
        return response
    }

    private static let missing = AssetError(.fileNotFound, "The requested file does not exist.")

    private func place(_ context: AppContext, _ name: String) throws -> (project: GID, name: String) {
        guard let project = GID(try context.parameters.require("project")),
            let name = try context.parameters.require(name).removingPercentEncoding, !name.utf8.contains(0)
        else { throw Self.missing }
        return (project, name.precomposedStringWithCanonicalMapping)
    }
}
