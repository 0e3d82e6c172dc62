import AssetCore

/// The calls on assets, described.
enum RPCAssetDocuments {
    static let all: [String: RPCDocument] = one.merging(bulk) { first, _ in first }

    private static let one: [String: RPCDocument] = [
        "assets/root": RPCDocument("The root folder.", result: [.required("root", .gid)]),
        "assets/get": RPCDocument(
            "Assets by gid or pathname; the first of the parameters that is there counts.",
            [
                .optional("asset", .gid), .optional("assets", .list(.gid)), .optional("pathname", .string),
                .optional("pathnames", .list(.string)),
            ], result: [.optional("asset", .gid), .optional("assets", .list(.gid))]),
        "assets/children": RPCDocument(
            "A page of a folder's children: folders first, then files, each by name.",
            [.optional("asset", .gid), .optional("pathname", .string)] + RPCDocuments.page(100),
            result: list("children")),
        "assets/tree": RPCDocument(
            "The rows of a tree view: the root, and behind each open folder its children.",
            [.optional("expanded_assets", .list(.gid)), .optional("expanded_paths", .list(.string))]
                + RPCDocuments.page(100), result: list("tree")),
        "assets/worksheet": RPCDocument(
            "A folder, the way to it, and a page of its children.", [asset] + RPCDocuments.page(20),
            result: [asset, .required("path", .list(.gid))] + list("children")),
        "assets/search": RPCDocument(
            "A page of the files that a query finds, the most relevant first.", search + RPCDocuments.page(10),
            result: list("assets") + list("results")),
        "assets/create": RPCDocument(
            "Makes a folder; a taken name gets a number.",
            [parent, .optional("name", .name, "Default: new folder.")], result: [parent, asset]),
        "assets/upload": RPCDocument(
            "Adds a file; a taken name gets a number.",
            [
                .optional("parent", .gid, "The folder; or its pathname."), .optional("pathname", .string),
                RPCDocuments.file,
            ], result: [parent, asset]),
        "assets/upload_update": RPCDocument(
            "Gives a file new bytes; name and texts stay, the version grows.", [asset, RPCDocuments.file],
            result: [asset]),
        "assets/update": RPCDocument(
            "Changes name, texts, transforms or metadata: at least one of them.",
            [
                asset, .optional("name", .name), .optional("title", .localized, "Only these languages change."),
                .optional("description", .localized), .optional("transforms", .nullable(.object)),
                .optional("metadata", .object, "Entries by name; others stay."),
            ], result: [asset]),
        "assets/move": RPCDocument("Moves an asset with all below it.", [asset, parent], result: [parent, asset]),
        "assets/metadata/set": RPCDocument(
            "Sets a metadata entry; what is left out stays.",
            [
                asset, metadataName, .optional("type", .oneOf(MetadataType.allCases.map(\.rawValue))),
                .optional("is_localized", .boolean), .optional("value", .any),
            ], result: [asset]),
        "assets/metadata/clear": RPCDocument("Takes a metadata entry away.", [asset, metadataName], result: [asset]),
        "assets/versions": RPCDocument(
            "The versions of a file that are kept, the newest first. Our own call.", [asset],
            result: [asset, .required("versions", .list(.object))]),
        "assets/revert": RPCDocument(
            "Makes the bytes of an old version the newest version. Our own call.",
            [asset, .required("version", .integer(1))], result: [asset]),
        "assets/sign": RPCDocument(
            "A URL under which everybody can read a private file until it expires. Our own call.",
            [
                asset,
                .optional("expires_in", .integer(1), "Seconds; more than 30 days counts as 30 days; default 3600."),
                .optional("size", .integer(0), "The preview of this size instead of the file."),
            ], result: [asset, .required("url", .string), .required("expires_on", .number)]),
        "assets/delete": RPCDocument("Moves an asset with all below it to the trash.", [asset], result: [asset]),
        "assets/undelete": RPCDocument("Takes an asset with all below it out of the trash.", [asset], result: [asset]),
        "assets/permanent_delete": RPCDocument(
            "Removes a deleted asset with all below it for good.", [asset], result: [parent]),
    ]

    private static let bulk: [String: RPCDocument] = [
        "assets/bulk/get": RPCDocument(
            "The assets of a selection, page by page; a cursor of null is the end.",
            [
                .optional("selection", .reference("Selection"), "Required without page.cursor."),
                .optional("page.size", .integer(1), "From 1; more than 1000 counts as 1000; default 100."),
                .optional("page.cursor", .nullable(.string)),
            ], result: list("assets") + [.required("page.cursor", .nullable(.string))]),
        "assets/bulk/delete": RPCDocument(
            "Moves a selection, with all below it, to the trash; job `bulk_delete_assets`.", selection,
            result: jobOrCounts),
        "assets/bulk/undelete": RPCDocument(
            "Takes a selection out of the trash; job `bulk_undelete_assets`.", selection, result: jobOrCounts),
        "assets/bulk/permanent_delete": RPCDocument(
            "Removes the deleted assets of a selection for good; job `bulk_permanent_delete_assets`.", selection,
            result: jobOrCounts),
        "assets/bulk/move": RPCDocument(
            "Moves a selection into a folder; job `bulk_move_assets`.", [parent] + selection, result: jobOrCounts),
    ]

    private static let asset = OpenAPIField.required("asset", .gid)
    private static let parent = OpenAPIField.required("parent", .gid)
    private static let metadataName = OpenAPIField.required("name", .string, "Such as group.code.")
    static let search: [OpenAPIField] = [
        .required("language", .string), .optional("q", .string, "Terms with + and -, phrases in double quotes."),
        .optional("filter", .reference("Filter")),
    ]
    private static let selection: [OpenAPIField] = [
        .required("selection", .reference("Selection")),
        .optional("dry_run", .boolean, "Only counts what would be done. Our own parameter."),
    ]
    private static let jobOrCounts: [OpenAPIField] = [
        .optional("job.token", .gid), .optional("dry_run", .boolean), .optional("total", .integer(0)),
        .optional("succeeded", .integer(0)), .optional("failed", .integer(0)), .optional("reasons", .object),
    ]

    private static func list(_ name: String) -> [OpenAPIField] {
        [.required(name, .list(.gid)), .required(name + ".size", .integer(0))]
    }
}
