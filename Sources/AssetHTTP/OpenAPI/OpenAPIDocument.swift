import AssetCore
import HTTPTypes
import Hummingbird
import OrderedCollections

/// `/openapi.json`: both dialects in OpenAPI 3.1. The calls come from the call tables, so that none is missing; what they take and
/// answer stands in `RPCDocuments` and `RESTDocuments`.
struct OpenAPIDocument: Sendable {
    static func mount(in routes: inout RouteTable) {
        let text = json.text
        routes.mount(
            "/openapi.json",
            [
                .get: { _, _ in
                    Response(
                        status: .ok,
                        headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-cache"],
                        body: ResponseBody(byteBuffer: .init(string: text)))
                }
            ])
    }

    static var json: JSON {
        var paths: OrderedDictionary<String, JSON> = [:]
        for (prefix, calls, documents) in tables {
            for (name, entry) in calls.sorted(by: { $0.key < $1.key }) {
                guard let document = documents[name] else { continue }
                paths[prefix + name] = ["post": operation(prefix + name, entry, document)]
            }
        }
        for (path, operations) in RESTDocuments.all + [MediaDocuments.withOptions] {
            paths[path] = .object(operations.mapValues { Self.operation(path, $0) })
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Stockroom", "version": .string(stockroomVersion),
                "description": """
                The project dialect (JSON-RPC style, JWT) and the segment dialect (REST style, token headers) of one \
                asset server.
                """,
            ],
            "paths": .object(paths),
            "components": ["schemas": schemas, "securitySchemes": securitySchemes],
        ]
    }

    /// The call tables with what describes them.
    static let tables: [(prefix: String, calls: [String: RPCEntry], documents: [String: RPCDocument])] = [
        ("/api/", RPCDispatcher.globalCalls, RPCDocuments.global),
        ("/api/p/{project}/", RPCDispatcher.projectCalls, RPCDocuments.inProject),
        ("/sync/", RPCDispatcher.syncCalls, RPCDocuments.sync),
    ]

    // MARK: Operations

    private static func operation(_ path: String, _ entry: RPCEntry, _ document: RPCDocument) -> JSON {
        var members: JSON.Object = [
            "tags": ["project dialect"], "summary": .string(document.summary), "operationId": id("post", path),
        ]
        if path.contains("{project}") { members["parameters"] = [parameter(.required("project", .gid), in: "path")] }
        let body = OpenAPIField.object(document.parameters)
        let type = entry.isUpload ? "multipart/form-data" : "application/json"
        members["requestBody"] = ["required": true, "content": .object([type: ["schema": body]])]
        let envelope: JSON = [
            "type": "object", "required": ["success", "result", "data"],
            "properties": [
                "success": ["const": true], "result": OpenAPIField.object(document.result),
                "data": ["type": "object"],
            ],
        ]
        var responses: JSON.Object = ["200": content("Success", envelope)]
        // A project that is not a gid, or not the caller's, is 403 also where no token is needed.
        var statuses = [400, 403, 413, 422]
        if entry.access == .open {
            statuses.append(429)
        } else {
            statuses.append(401)
            members["security"] = [["jwt": []]]
        }
        for status in statuses.sorted() {
            responses[String(status)] = content(reason(status), OpenAPISchema.reference("Failure").json)
        }
        members["responses"] = .object(responses)
        return .object(members)
    }

    private static func operation(_ path: String, _ document: RESTDocument) -> JSON {
        var members: JSON.Object = ["tags": [.string(document.tag)], "summary": .string(document.summary)]
        members["parameters"] = .array(
            document.path.map { parameter($0, in: "path") } + document.query.map { parameter($0, in: "query") })
        switch document.body {
        case .json(let fields):
            members["requestBody"] = [
                "required": true, "content": ["application/json": ["schema": OpenAPIField.object(fields)]],
            ]
        case .form(let fields):
            members["requestBody"] = [
                "required": true, "content": ["multipart/form-data": ["schema": OpenAPIField.object(fields)]],
            ]
        case nil: break
        }
        switch document.access {
        case .session: members["security"] = [["sessionToken": [], "sessionAccount": []]]
        case .jwt: members["security"] = [["jwt": []]]
        case .open: break
        }
        var responses: JSON.Object = [
            "200": document.answer.map { content("Success", $0) } ?? bytes(200)
        ]
        for status in document.statuses {
            responses[String(status)] =
                switch status {
                case 206: bytes(status)
                case 304: ["description": .string(reason(status))]
                case 503: content(reason(status), document.answer ?? .emptyObject)
                // What is public speaks the project dialect.
                default:
                    content(
                        reason(status), OpenAPISchema.reference(document.hasFailure ? "Failure" : "SegmentFailure").json
                    )
                }
        }
        members["responses"] = .object(responses)
        return .object(members)
    }

    private static func parameter(_ field: OpenAPIField, in place: String) -> JSON {
        [
            "name": .string(field.name), "in": .string(place), "required": .bool(field.isRequired),
            "description": .string(field.description ?? ""), "schema": field.schema.json,
        ]
    }

    private static func content(_ description: String, _ schema: JSON) -> JSON {
        var members: JSON.Object = ["description": .string(description)]
        if schema != .emptyObject { members["content"] = ["application/json": ["schema": schema]] }
        return .object(members)
    }

    private static func bytes(_ status: Int) -> JSON {
        [
            "description": .string(reason(status)),
            "content": ["*/*": ["schema": ["type": "string", "format": "binary"]]],
        ]
    }

    private static func id(_ method: String, _ path: String) -> JSON {
        .string(method + path.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined())
    }

    private static func reason(_ status: Int) -> String { HTTPResponse.Status(code: status).reasonPhrase }

    // MARK: Components

    private static let securitySchemes: JSON = [
        "jwt": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"],
        "sessionToken": ["type": "apiKey", "in": "header", "name": "X-Auth-Token"],
        "sessionAccount": ["type": "apiKey", "in": "header", "name": "X-Auth-AccountId"],
    ]

    private static let schemas: JSON = [
        "Failure": [
            "type": "object", "required": ["success", "result", "data"],
            "properties": [
                "success": ["const": false],
                "result": OpenAPIField.object([
                    .required("code", .integer(400)), .required("message", .string), .required("info", .object),
                ]),
                "data": ["type": "object", "maxProperties": 0],
            ],
        ],
        "SegmentFailure": OpenAPIField.object([.required("error", .object), .required("reason", .string)]),
        "Filter": [
            "type": "array",
            "description": """
            [property, operator, operands]; logic nodes ["and", "", [...]], ["or", "", [...]], ["not", "", filter]. \
            An empty list is no filter.
            """,
        ],
        "Selection": [
            "type": "array", "minItems": 1,
            "items": [
                "anyOf": [
                    OpenAPISchema.gid.json,
                    OpenAPIField.object([.required("children", .gid), .optional("exclude", .list(.gid))]),
                    OpenAPIField.object([.required("search", .object), .optional("exclude", .list(.gid))]),
                ]
            ],
        ],
        "FeedItem": OpenAPIField.object([
            .required("type", .oneOf(["cc", "project"])), .required("cursor", .integer(1)),
            .required("action", .oneOf(["INSERT", "UPDATE", "DELETE"])), .required("data_type", .string),
            .required("data_key", .string), .optional("data", .object),
        ]),
        "Job": OpenAPIField.object([
            .required("token", .gid), .required("project_gid", .gid), .required("job", .string),
            .required("user", .nullable(.gid)),
            .required("status", .oneOf(["queued", "processing", "rejected", "done"])), .required("info", .object),
            .required("can_undo", .boolean), .required("created_on", .number), .required("updated_on", .number),
        ]),
    ]
}
