import AssetCore
import Foundation
import HTTPTypes
import Hummingbird
import OrderedCollections

/// `/dam/p/<project>/…`: publishing, information, transforms and previews (project reference 11).
///
/// These are GET requests with a JWT, which is never renewed here.
struct RPCMedia: Sendable {
    let service: AssetService
    let settings: ServerSettings
    let tokens: TokenIssuer
    let delivery: Delivery

    private typealias Call = @Sendable (RPCMedia, Request, AppContext, Caller, StorageName) async throws -> Response

    static let root = "/dam/p/{project}"

    func mount(in routes: inout RouteTable) {
        let calls: [(path: String, call: Call)] = [
            ("publish/{storage}", { try await $0.publish($1, $3, $4) }),
            ("unpublish/{storage}", { try await $0.unpublish($3, $4) }),
            ("info/{storage}", { try await $0.info($3, $4) }),
            ("transform/{storage}", { try await $0.transform($1, $3, $4) }),
            ("transform/{storage}/**", { try await $0.transform($1, $3, $4) }),
            ("preview/{storage}", { try await $0.preview($1, $2, $3, $4) }),
        ]
        for (path, call) in calls {
            let handler: RouteTable.Handler = { request, context in
                let caller = try await caller(request, context)
                guard let storage = StorageName(try context.parameters.require("storage")) else {
                    throw AssetError.unprocessable("The asset does not exist")
                }
                return try await call(self, request, context, caller, storage)
            }
            // What answers bytes answers HEAD too.
            routes.mount(
                "\(Self.root)/\(path)", path.hasPrefix("preview") ? [.get: handler, .head: handler] : [.get: handler])
        }
    }

    private func caller(_ request: Request, _ context: AppContext) async throws -> Caller {
        let user = try await tokens.verify(request.headers[.authorization]).user
        guard let project = GID(try context.parameters.require("project")) else {
            throw AssetError(.forbidden, "You are not a member of this project")
        }
        return try await service.caller(user, in: project)
    }

    private func answer(_ result: OrderedDictionary<String, JSON>) -> Response {
        Response(json: RPCReply(result).json, headers: [.cacheControl: "no-store"])
    }

    // MARK: Calls

    private func publish(_ request: Request, _ caller: Caller, _ storage: StorageName) async throws -> Response {
        let file = try await service.publish(caller, storage)
        let links = MediaLinks(settings, request, caller.project)
        let url = links.file(file)
        return answer([
            "public_url": .string(url),
            "versioned_url": .string(file.isNewest ? "\(url)?v=\(file.version)" : url),
        ])
    }

    private func unpublish(_ caller: Caller, _ storage: StorageName) async throws -> Response {
        try await service.unpublish(caller, storage)
        return answer(["public_url": .null])
    }

    private func info(_ caller: Caller, _ storage: StorageName) async throws -> Response {
        let info = try JSON(parsing: try await service.mediaInfo(caller, storage).text)
        return answer(info.objectValue ?? [:])
    }

    private func transform(_ request: Request, _ caller: Caller, _ storage: StorageName) async throws -> Response {
        let options = try TransformOptions(Self.options(request))
        let (source, rendition) = try await service.transform(
            caller, storage, options, accept: request.headers[.accept])
        let url = MediaLinks(settings, request, caller.project).rendition(rendition, of: source.asset)
        return answer([
            "public_url": .string(url), "versioned_url": .string("\(url)?v=\(rendition.revision)"),
            "format": .string(rendition.format.rawValue), "filesize": .int(rendition.blob.size),
            "width": JSON(rendition.width), "height": JSON(rendition.height),
        ])
    }

    /// The segments behind the storage name. They are split before they are decoded, so that an encoded slash is part of a value.
    private static func options(_ request: Request) throws(AssetError) -> [(name: String, value: String)] {
        // "dam", "p", project, "transform", storage
        let segments = request.uri.path.split(separator: "/").dropFirst(5)
        var options: [(name: String, value: String)] = []
        for segment in segments {
            guard let text = String(segment).removingPercentEncoding else {
                throw .badParameter("options", "A segment is not UTF-8 in percent encoding")
            }
            guard let equals = text.firstIndex(of: "=") else {
                throw .badParameter("options", "'\(text.prefix(80))' is not of the form option=value")
            }
            options.append((String(text[..<equals]), String(text[text.index(after: equals)...])))
        }
        return options
    }

    private func preview(
        _ request: Request, _ context: AppContext, _ caller: Caller, _ storage: StorageName
    ) async throws -> Response {
        let size = try PreviewSize.edge(request.uri.queryParameters["size"].map(String.init))
        let preview = try await service.preview(caller, storage, size: size)
        return try await delivery.response(to: request, context, preview, caching: .preview)
    }
}

/// The edges that previews are made in, so that a file has few of them.
enum PreviewSize {
    static let standard = 256
    private static let steps = [32, 64, 128, 256, 512, 1024]
    static let range = 16...1024

    static func edge(_ text: String?) throws(AssetError) -> Int {
        guard let text else { return standard }
        guard let number = Int(text) else { throw .badParameter("size", "Expected a whole number") }
        return edge(number)
    }

    /// The next larger step.
    static func edge(_ number: Int) -> Int {
        let wanted = min(max(number, range.lowerBound), range.upperBound)
        return steps.first { $0 >= wanted } ?? range.upperBound
    }
}

/// The public URLs of a project's files (project reference 11.5).
struct MediaLinks {
    private let base: String

    init(_ settings: ServerSettings, _ request: Request, _ project: Project) {
        base = "\(settings.baseURL(of: request))/media/p-\(project.gid)"
    }

    /// The same for all versions but old ones, which are named.
    func file(_ file: StoredFile) -> String {
        let name = file.asset.name
        // The case of the extension is kept; it becomes part of a local file's name.
        let ending = name.lastIndex(of: ".").map { $0 == name.startIndex ? "" : String(name[$0...]) } ?? ""
        let version = file.isNewest ? "" : "~\(file.version)"
        return "\(base)/src/\(file.asset.gid)\(version)\(ending.count > 1 ? RESTModels.percentEncoded(ending) : "")"
    }

    func rendition(_ rendition: Rendition, of asset: Asset) -> String {
        let folder = rendition.hasShortURL ? "t" : "t/\(asset.gid)"
        return "\(base)/\(folder)/\(RESTModels.percentEncoded(rendition.file).replacing("%40", with: "@"))"
    }
}
