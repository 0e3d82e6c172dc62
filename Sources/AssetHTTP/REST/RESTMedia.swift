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
        let name = try query.text("filename").flatMap { $0.isEmpty ? nil : $0 }
        let files = try await receive(request, limit: limit, isSingle: true, name: name)
        let token = try await service.storeFiles(user, files)[0]
        return Response(json: ["result": ["token": .string(token), "name": .string(files[0].name)]])
    }

    @Sendable private func uploadSeveral(_ request: Request, _ context: AppContext) async throws -> Response {
        let user = try await sessions.user(request)
        let files = try await receive(request, limit: .max, isSingle: false, name: nil)
        return Response(json: ["tokens": .array(try await service.storeFiles(user, files).map(JSON.string))])
    }

    /// Reads all parts to the end of the body; a body that breaks off leaves nothing behind.
    /// - Throws: `badParameter("file")` when no part has a file name, or a file is over the limit: in this dialect that is a wrong
    ///   parameter (U11).
    private func receive(
        _ request: Request, limit: Int64, isSingle: Bool, name: String?
    ) async throws -> [(file: IngestedFile, name: String)] {
        var files: [(file: IngestedFile, name: String)] = []
        do {
            let reader = try UploadBody.reader(request)
            while let part = try await reader.nextPart() {
                guard let partName = part.filename, !isSingle || files.isEmpty else { continue }
                let name = name ?? partName
                files.append((try await service.ingestFile(reader.chunks, named: name, limit: limit), name))
            }
            if files.isEmpty { throw AssetError.badParameter("file", "A part with a file name is required") }
            return files
        } catch {
            for file in files { await service.discard(file.file) }
            if let error = error as? AssetError, error.code == .tooLarge {
                throw AssetError.badParameter("file", error.message)
            }
            throw error
        }
    }

    @Sendable private func get(_ request: Request, _ context: AppContext) async throws -> Response {
        let user = try await sessions.user(request)
        let file = try await service.file(user, token: try context.parameters.require("token"))
        return try await delivery.response(
            to: request, context,
            Delivery.File(
                blob: file.blob, name: UploadBody.baseName(file.name), type: nil, modifiedOn: nil,
                caching: .token))
    }
}
