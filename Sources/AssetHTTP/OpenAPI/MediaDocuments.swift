import AssetCore
import OrderedCollections

/// `/dam` and `/media`, described.
enum MediaDocuments {
    typealias Path = (path: String, operations: OrderedDictionary<String, RESTDocument>)

    static let all: [Path] = [
        dam(
            "publish/{storage}", "Makes a file public; answers its address.",
            answer: [.required("public_url", .string), .required("versioned_url", .string)]),
        dam(
            "unpublish/{storage}", "Makes a file and its renditions private again.",
            answer: [.required("public_url", .any)]),
        dam(
            "info/{storage}", "What is known of a file\'s content.",
            answer: [
                .required("format", .nullable(.string)), .required("filesize", .integer(0)),
                .required("pages", .nullable(.integer(1))), .required("width", .nullable(.integer(1))),
                .required("height", .nullable(.integer(1))),
                .required("resolution", .any, "[x, y] in dots per inch, or null."),
                .required("transparent", .nullable(.boolean)), .required("animated", .nullable(.boolean)),
                .required("colors", .nullable(.string)), .required("colorspace", .nullable(.string)),
                .required("metadata", .object),
            ]),
        transform("transform/{storage}", "Makes a public rendition with the standard options."),
        dam(
            "preview/{storage}", "A picture of a file that fits a square; a drawn icon where there is none.",
            query: [.optional("size", .integer(0), "The edge in pixels, 16 to 1024; default 256.")],
            answer: nil, statuses: [206, 304, 400, 416, 429]),
        media("/media/p-{project}/src/{file}", "A public file.", ["project", "file"], version: true),
        media("/media/p-{project}/t/{file}", "A public rendition.", ["project", "file"], version: true),
        media(
            "/media/p-{project}/t/{file}/{rendition}",
            "A public rendition, by the gid of its source, where the shorter address is another file\'s.",
            ["project", "file", "rendition"], version: true),
        media("/media/s/{token}/{file}", "A private file, by a signed address.", ["token", "file"], version: false),
    ]

    /// The same call with options: OpenAPI has no parameters that hold slashes.
    static let withOptions = transform(
        "transform/{storage}/{options}",
        "Makes a public rendition. The options are segments of the form option=value, in any order and number.",
        more: [.required("options", .string, "Such as width=300/type=png/key=small.")])

    private static let project = OpenAPIField.required("project", .gid)
    private static let storage = OpenAPIField.required("storage", .string, "<asset gid>~<version>.<extension>")

    private static func transform(_ name: String, _ summary: String, more: [OpenAPIField] = []) -> Path {
        dam(
            name, summary, path: more,
            answer: [
                .required("public_url", .string), .required("versioned_url", .string), .required("format", .string),
                .required("filesize", .integer(0)), .required("width", .integer(1)),
                .required("height", .integer(1)),
            ], statuses: [400, 429])
    }

    private static func dam(
        _ name: String, _ summary: String, path: [OpenAPIField] = [], query: [OpenAPIField] = [],
        answer: [OpenAPIField]?, statuses: [Int] = []
    ) -> Path {
        let envelope = answer.map { answer -> JSON in
            [
                "type": "object", "required": ["success", "result", "data"],
                "properties": [
                    "success": ["const": true], "result": OpenAPIField.object(answer),
                    "data": ["type": "object", "maxProperties": 0],
                ],
            ]
        }
        return (
            "/dam/p/{project}/\(name)",
            [
                "get": RESTDocument(
                    summary: summary, tag: "project dialect", path: [project, storage] + path, query: query,
                    answer: envelope, statuses: (statuses + [401, 403, 422]).sorted(), access: .jwt)
            ]
        )
    }

    private static func media(_ path: String, _ summary: String, _ names: [String], version: Bool) -> Path {
        (
            path,
            [
                "get": RESTDocument(
                    summary: summary, tag: "public",
                    path: names.map { .required($0, $0 == "project" ? .gid : .string) },
                    query: version ? [.optional("v", .string, "Names the bytes: cached for ever, or 404.")] : [],
                    statuses: [206, 304, 404, 416] + (version ? [] : [429]), access: .open)
            ]
        )
    }
}
