import AssetCore
import HTTPTypes
import OrderedCollections

/// An operation of the segment dialect, or of the server itself, described.
struct RESTDocument: Sendable {
    enum Body: Sendable {
        case json([OpenAPIField])
        case form([OpenAPIField])
    }

    let summary: String
    var tag = "segment dialect"
    var path: [OpenAPIField] = []
    var query: [OpenAPIField] = []
    var body: Body?
    /// What is answered when all is well; nil: bytes of a file.
    var answer: JSON?
    /// Statuses beside 200.
    var statuses: [Int]
    var access = Access.session

    enum Access: Sendable {
        case session, jwt, open
    }

    /// Whether failures stand in the envelope of the project dialect.
    var hasFailure: Bool { tag != "segment dialect" }
}

/// The paths outside the call tables. A test compares them with the router.
enum RESTDocuments {
    static let all: [(path: String, operations: OrderedDictionary<String, RESTDocument>)] =
        [
            (
                "/api/auth/token",
                [
                    "post": RESTDocument(
                        summary: "Opens a session; answers its token.",
                        body: .json([.required("accountid", .string), .required("key", .string)]),
                        answer: ["type": "string"], statuses: [400, 413, 415], access: .open),
                    "delete": RESTDocument(summary: "Ends the session.", answer: .emptyObject, statuses: [400, 401]),
                ]
            ),
            (
                "/api/media/upload",
                [
                    "post": RESTDocument(
                        summary: "Stores a file; answers the token that attaches it.",
                        query: [.optional("maxsize", .integer(0)), .optional("filename", .string)],
                        body: .form([.required("file", .file)]),
                        answer: OpenAPIField.object([
                            .required("result", .members([.required("token", .string), .required("name", .string)]))
                        ]), statuses: [400, 401, 429])
                ]
            ),
            (
                "/api/media/upload/multi",
                [
                    "post": RESTDocument(
                        summary: "Stores several files; answers their tokens.",
                        body: .form([.required("file", .file)]),
                        answer: OpenAPIField.object([.required("tokens", .list(.string))]),
                        statuses: [400, 401, 429])
                ]
            ),
            (
                "/api/media/get/{token}",
                [
                    "get": RESTDocument(
                        summary: "Downloads a stored file.", path: [.required("token", .string)],
                        statuses: download)
                ]
            ),
        ] + family("/api/resources/assets", [], [.required("scope", .string, "pr7214, jbs773 or jbc2002.")])
        + family("/api/apps/wbflex/documents/{id}/assets", [.required("id", .string)], []) + MediaDocuments.all + open

    private static let download = [206, 304, 400, 401, 403, 404, 416, 429]
    private static let errors = [400, 401, 403, 429]
    private static let status = OpenAPIField.object([.required("status", .string)])

    /// A file as the two families print it (segment reference 6.3, 7.4).
    private static func file(isFlex: Bool) -> JSON {
        OpenAPIField.object(
            [
                .required("projectId", .integer(1)), .required("documentId", isFlex ? .string : .integer(1)),
                .required("segmentId", .integer(1)), .required("locale", .nullable(.string)),
                .required("relativePath", .string), .required(isFlex ? "fileName" : "name", .string),
                .required(isFlex ? "fileSizeInBytes" : "size", .integer(0)), .required("contentType", .string),
                .required("createdDate", .string), .required("modifiedDate", .string),
                .required("downloadUrl", .string),
            ])
    }

    private static func family(
        _ root: String, _ path: [OpenAPIField], _ query: [OpenAPIField]
    ) -> [(path: String, operations: OrderedDictionary<String, RESTDocument>)] {
        let segment = path + [.required("segmentid", .integer(0))]
        let place: [OpenAPIField] = [
            .optional("locale", .string), .optional("relativePath", .string), .optional("filename", .string),
        ]
        let file = file(isFlex: root.contains("wbflex"))
        let files: JSON = ["type": "array", "items": file]
        return [
            (
                "\(root)/list",
                [
                    "get": RESTDocument(
                        summary: "The files of several segments.", path: path,
                        query: query + [.required("segmentIds", .string, "Numbers separated by commas, at most 500.")],
                        answer: files, statuses: errors)
                ]
            ),
            (
                "\(root)/{segmentid}",
                [
                    "post": RESTDocument(
                        summary: "Attaches a stored file to a segment.", path: segment, query: query,
                        body: .json([
                            .required("filetoken", .string), .optional("locale", .string),
                            .optional("relativePath", .string),
                        ]), answer: file, statuses: errors + [413, 415]),
                    "get": RESTDocument(
                        summary: "Downloads an asset from a segment.", path: segment, query: query + place,
                        statuses: download),
                    "delete": RESTDocument(
                        summary: "Deletes one asset of a segment, or, without filename, all of them.", path: segment,
                        query: query + place, answer: .emptyObject, statuses: errors),
                ]
            ),
            (
                "\(root)/{segmentid}/list",
                [
                    "get": RESTDocument(
                        summary: "The files of a segment.", path: segment, query: query, answer: files,
                        statuses: errors)
                ]
            ),
        ]
    }

    /// What needs no token.
    private static let open: [(path: String, operations: OrderedDictionary<String, RESTDocument>)] =
        PictureKind.allCases.map { kind in
            (
                "/media/\(kind.rawValue)/{file}",
                [
                    "get": RESTDocument(
                        summary: "A public picture.", tag: "public", path: [.required("file", .string)],
                        statuses: [206, 304, 404, 416], access: .open)
                ]
            )
        } + [
            (
                "/healthz",
                [
                    "get": RESTDocument(
                        summary: "Answers while the process runs.", tag: "public", answer: status, statuses: [],
                        access: .open)
                ]
            ),
            (
                "/readyz",
                [
                    "get": RESTDocument(
                        summary: "Whether the server should be sent requests.", tag: "public",
                        answer: status, statuses: [503], access: .open)
                ]
            ),
            (
                "/openapi.json",
                [
                    "get": RESTDocument(
                        summary: "This document.", tag: "public",
                        answer: OpenAPIField.object([
                            .required("openapi", .string), .required("info", .any), .required("paths", .any),
                            .required("components", .any),
                        ]), statuses: [], access: .open)
                ]
            ),
        ]
}
