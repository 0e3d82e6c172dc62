import AssetCore
import Hummingbird
import NIOCore
import OrderedCollections

/// The two calls whose body is `multipart/form-data` (project reference 5.9, 5.10). Parts come in any order; the file goes straight
/// into the blob store.
enum RPCUploads {
    static func upload(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        try caller.require(.write)
        let (file, name, fields) = try await receive(call, fields: ["parent", "pathname"])
        let parent: AssetReference
        do {
            if let text = fields["parent"] {
                guard let gid = GID(text) else {
                    throw AssetError.badParameter("parent", "'\(text.prefix(80))' is not a gid")
                }
                parent = .gid(gid)
            } else if let text = fields["pathname"] {
                parent = .pathname(try AssetPath(parsing: text, parameter: "pathname"))
            } else {
                throw AssetError.badParameter("parent", "This parameter is required")
            }
        } catch {
            await call.service.discard(file)
            throw error
        }
        return RPCAssets.withParent(try await call.service.addFile(caller, file, named: name, in: parent), caller)
    }

    static func update(_ call: RPCCall) async throws -> RPCReply {
        let caller = try call.requireCaller()
        try caller.require(.write)
        let (file, _, fields) = try await receive(call, fields: ["asset"])
        guard let text = fields["asset"], let gid = GID(text) else {
            await call.service.discard(file)
            throw AssetError.badParameter(
                "asset", fields["asset"] == nil ? "This parameter is required" : "Expected a gid")
        }
        let pair = try await call.service.replaceFile(caller, file, of: .gid(gid))
        var reply = RPCAssets.withParent(pair, caller)
        reply.result["parent"] = nil
        return reply
    }

    /// Reads all parts: the first file, and the named text fields. When anything is wrong, nothing stays behind.
    static func receive(
        _ call: RPCCall, fields names: Set<String>, limit: Int64 = .max
    ) async throws -> (file: IngestedFile, name: AssetName, fields: [String: String]) {
        var received: (file: IngestedFile, name: AssetName)?
        var fields: [String: String] = [:]
        do {
            let reader = try UploadBody.reader(call.request)
            while let part = try await reader.nextPart() {
                if let fileName = part.filename, part.name == "upload_file", received == nil {
                    let name = try AssetName(fileName, parameter: "upload_file")
                    received = (try await call.service.ingest(reader.chunks, named: name, limit: limit), name)
                } else if let name = part.name, names.contains(name) {
                    fields[name] = try await reader.readText(limit: 16 << 10)
                }
            }
        } catch {
            if let received { await call.service.discard(received.file) }
            // 413 is never on the wire of this dialect (1.4): a file that is too large is an invalid upload.
            if let error = error as? AssetError, error.code == .tooLarge {
                throw AssetError.unprocessable(error.message)
            }
            throw error
        }
        guard let received else { throw AssetError.badParameter("upload_file", "A file is required") }
        return (received.file, received.name, fields)
    }
}
