import AssetCore
import HTTPTypes
import Hummingbird

/// `/media/…`: files that everybody may read, without a token (project reference 11.5).
struct PublicMedia: Sendable {
    let service: AssetService
    let delivery: Delivery

    func mount(in routes: inout RouteTable) {
        for kind in PictureKind.allCases {
            let handler: RouteTable.Handler = { request, context in try await picture(kind, request, context) }
            routes.mount("/media/\(kind.rawValue)/{file}", [.get: handler, .head: handler])
        }
    }

    /// The same name gets other bytes when the picture is changed: short-lived in caches, and asked for again by its ETag.
    private func picture(_ kind: PictureKind, _ request: Request, _ context: AppContext) async throws -> Response {
        let name = try context.parameters.require("file")
        let blob = try await service.picture(kind, named: name)
        return try delivery.response(
            to: request, context,
            Delivery.File(blob: blob, name: name, modifiedOn: nil, cacheControl: "public, max-age=60"))
    }
}
