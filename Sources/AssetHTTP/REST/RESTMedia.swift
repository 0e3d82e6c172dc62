import AssetCore
import HTTPTypes
import Hummingbird

/// `/api/media/…`: the store of files that wait to be attached (segment reference 4).
struct RESTMedia: Sendable {
    let service: AssetService
    let sessions: RESTSessions
    let delivery: Delivery

    func mount(in routes: inout RouteTable) {
        routes.mount("/api/media/upload", [.post: upload])
        routes.mount("/api/media/upload/multi", [.post: uploadSeveral])
        routes.mount("/api/media/get/{token}", [.get: get, .head: get])
    }

    /// Takes the first part that has a file name (4.1).
    @Sendable private func upload(_ request: Request, _ context: AppContext) async throws -> Response {
        let user = try await sessions.user(request)
        let query = try RESTQuery(request)
        var limit = Int64.max
        if let text = try query.text("maxsize") {
            guard let bytes = Int64(digits: text) else {
                throw AssetError.badParameter("maxsize", "Expected a number of bytes")
            }
            limit = bytes
        }
        let reader = try UploadBody.reader(request)
        while let part = try await reader.nextPart() {
            guard let partName = part.filename else { continue }
            let name = try query.text("filename").flatMap { $0.isEmpty ? nil : $0 } ?? partName
            let token = try await store(user, reader, named: name, limit: limit)
            // What follows is read to its end, so that a body that breaks off is not taken for a whole one.
            while try await reader.nextPart() != nil {}
            return Response(json: ["result": ["token": .string(token), "name": .string(name)]])
        }
        throw AssetError.badParameter("file", "A part with a file name is required")
    }

    @Sendable private func uploadSeveral(_ request: Request, _ context: AppContext) async throws -> Response {
        let user = try await sessions.user(request)
        let reader = try UploadBody.reader(request)
        var tokens: [JSON] = []
        while let part = try await reader.nextPart() {
            guard let name = part.filename else { continue }
            tokens.append(.string(try await store(user, reader, named: name, limit: .max)))
        }
        guard !tokens.isEmpty else { throw AssetError.badParameter("file", "A part with a file name is required") }
        return Response(json: ["tokens": .array(tokens)])
    }

    /// A file over the limit is a wrong parameter in this dialect (U11).
    private func store(
        _ user: User, _ reader: MultipartReader<RequestBody>, named name: String, limit: Int64
    ) async throws -> String {
        do {
            return try await service.storeFile(user, reader.chunks, named: name, limit: limit)
        } catch let error as AssetError where error.code == .tooLarge {
            throw AssetError.badParameter("file", error.message)
        }
    }

    @Sendable private func get(_ request: Request, _ context: AppContext) async throws -> Response {
        let user = try await sessions.user(request)
        let file = try await service.file(user, token: try context.parameters.require("token"))
        return try delivery.response(
            to: request,
            Delivery.File(
                blob: file.blob, name: UploadBody.baseName(file.name), modifiedOn: nil, cacheControl: "private, no-cache"))
    }
}
