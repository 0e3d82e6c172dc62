/// The calls of the project dialect that are not about assets, described. A test compares the names with the call tables.
enum RPCDocuments {
    static let global: [String: RPCDocument] = [
        "ping": RPCDocument("Answers when the service is up."),
        "languages/get": RPCDocument("The languages that a project can have: code to English name."),
        "login": RPCDocument(
            "Logs in with a password; the token stands in the header Authorization.", logIn, result: globalStart),
        "init": RPCDocument("What an application needs that starts without a project.", result: globalStart),
        "projects/get": RPCDocument("One project, also a deleted one.", [project], result: [project]),
        "projects/create": RPCDocument(
            "Makes a project that belongs to the caller, in English and Dutch.",
            [.optional("name", .name), .optional("timezone", .string)],
            result: [project, .required("project_members", .list(.gid))]),
        "projects/update": RPCDocument(
            "Changes name or timezone.", [project, .optional("name", .name), .optional("timezone", .string)],
            result: [project]),
        "projects/delete": RPCDocument("Puts a project away; reversible. Owner only.", [project], result: [project]),
        "projects/undelete": RPCDocument("Brings a project back. Owner only.", [project], result: [project]),
        "projects/permanent_delete": RPCDocument("Removes a deleted project with all its data. Owner only.", [project]),
        "projects/upload_icon": RPCDocument(
            "Sets the public icon: gif, jpg, png or webp. Owner only.", [project, file], result: [project]),
        "projects/delete_icon": RPCDocument("Takes the icon away. Owner only.", [project], result: [project]),
        "users/get": RPCDocument("Oneself, or somebody who shares a project.", [user], result: [user]),
        "members/get": RPCDocument(
            "Members of a project.",
            [project, .optional("member", .gid), .optional("members", .list(.gid))], result: foundMembers),
        "account/update": RPCDocument(
            "Changes the caller's own data.",
            [
                .optional("username", .string), .optional("password", .string, "8 characters to 1024 bytes."),
                .optional("name", .name), .optional("language", .oneOf(["en"])), .optional("timezone", .string),
            ], result: [user]),
        "account/upload_avatar": RPCDocument(
            "Sets the public avatar: gif, jpg, png or webp.", [file], result: [user]),
        "account/delete_avatar": RPCDocument("Takes the avatar away.", result: [user]),
        "account/accept_invite": RPCDocument("Becomes a member of a project.", [project], result: [project]),
        "account/decline_invite": RPCDocument("Declines an invitation.", [project]),
        "account/leave_project": RPCDocument("Ends the caller's membership.", [project]),
    ]

    static let sync: [String: RPCDocument] = [
        "get": RPCDocument(
            "What has happened since the cursors, as far as the caller may see it.",
            [
                .required("cc_cursor", .integer(0)), .optional("project", .gid),
                .optional("cursor", .integer(0), "Required with project."),
                .optional("wait", .integer(0), "Seconds to wait, at most 60, while there is nothing."),
            ],
            result: [.required("sync", .list(.reference("FeedItem"))), .optional("warning", .string, "There is more.")]),
        "cursors": RPCDocument(
            "The newest cursors.", [.optional("project", .gid)],
            result: [.required("cc.cursor", .integer(0)), .optional("cursor", .integer(0))]),
    ]

    static let inProject: [String: RPCDocument] = [start, settings, queries, jobs, RPCAssetDocuments.all].reduce(
        into: [:]) {
            $0.merge($1) { first, _ in first }
        }

    private static let start: [String: RPCDocument] = [
        "auth": RPCDocument(
            "Logs in with an API key; the token stands in the header Authorization.", [.required("api_key", .string)],
            result: projectStart),
        "login": RPCDocument("Logs in with a password.", logIn, result: projectStart),
        "init": RPCDocument("What a client needs that opens a project.", result: projectStart),
        "members/get": RPCDocument(
            "Members of the project.", [.optional("member", .gid), .optional("members", .list(.gid))],
            result: foundMembers),
        "members/invite": RPCDocument(
            "Invites a user of the same account. Owner only.", [.required("username_or_email", .string)],
            result: [user]),
        "members/resend_invite": RPCDocument("Tells an invited user again. Owner only.", [user], result: [user]),
        "members/remove": RPCDocument("Removes a member: the owner anyone, a member oneself.", [user]),
        "apikeys/create": RPCDocument("Makes an API user. Owner only.", [name], result: [user]),
        "apikeys/get": RPCDocument("Shows an API key. Owner only.", [user], result: [.required("apikey", .string)]),
    ]

    private static let settings: [String: RPCDocument] = {
        var documents: [String: RPCDocument] = [
            "languages/add": RPCDocument(
                "Adds a language; texts begin with the value of the closest one.", [.required("language", .string)],
                result: [project, .optional("job.token", .gid, "When many texts follow in the background.")]),
            "languages/remove": RPCDocument(
                "Removes a language with its texts.", [.required("language", .string)],
                result: [project, .optional("job.token", .gid, "When many texts follow in the background.")]),
            "backups/create": RPCDocument(
                "Begins a backup; job `backup_project`.",
                [.required("created_by", .name), .optional("name", .name)],
                result: [project, version, .required("last_backed_up", .number), token]),
            "backups/update": RPCDocument("Renames a backup.", [version, name], result: [project, version]),
            "backups/restore": RPCDocument(
                "Begins to make the project what a backup says; job `restore_project`. A backup is made first.",
                [version], result: [project, version, .required("last_restored", .number), token]),
            "backups/delete": RPCDocument(
                "Deletes backups; unknown versions are skipped.",
                [.optional("version", .integer(0)), .optional("versions", .list(.integer(0)))], result: [project]),
        ]
        for kind in ["channel", "ordering", "fieldlist"] {
            documents["\(kind)s/create"] = RPCDocument(
                "Makes a \(kind): kept and shown, without effect on assets.", [name],
                result: [project, .required(kind, .gid)])
            documents["\(kind)s/delete"] = RPCDocument(
                "Deletes a \(kind) that was made.", [.required(kind, .gid)], result: [project])
        }
        return documents
    }()

    private static let queries: [String: RPCDocument] = [
        "queries/get": RPCDocument(
            "Saved queries.", [.optional("query", .gid), .optional("queries", .list(.gid))],
            result: [.optional("query", .gid), .optional("queries", .list(.gid))]),
        "queries/create": RPCDocument(
            "Saves a query; a taken name gets a number.",
            [
                .required("type", .oneOf(["asset", "record", "schema"])), name, .optional("q", .string),
                .optional("filter", .reference("Filter")),
            ], result: [.required("query", .gid)]),
        "queries/update": RPCDocument(
            "Changes a query.",
            [
                .required("query", .gid), .optional("name", .name), .optional("q", .string),
                .optional("filter", .reference("Filter")),
            ], result: [.required("query", .gid)]),
        "queries/copy": RPCDocument(
            "Copies a query.", [.required("query", .gid)], result: [.required("query", .gid)]),
        "queries/delete": RPCDocument("Deletes a query.", [.required("query", .gid)]),
    ]

    private static let jobs: [String: RPCDocument] = [
        "jobs/list": RPCDocument(
            "The project's jobs, the newest first. Our own call.", page(20),
            result: [.required("jobs", .list(.reference("Job"))), .required("jobs.size", .integer(0))]),
        "jobs/get": RPCDocument("One job. Our own call.", [job], result: [.required("job", .reference("Job"))]),
        "jobs/errors": RPCDocument(
            "The selected items that a job could not change, and why. Our own call.", [job] + page(100),
            result: [.required("errors", .list(.object)), .required("errors.size", .integer(0))]),
        "jobs/cancel": RPCDocument(
            "Asks a job to end before its time. Our own call.", [job],
            result: [.required("job", .reference("Job"))]),
        "jobs/undo": RPCDocument(
            "Takes back what a bulk delete, undelete or move did, in the background. Our own call.", [job],
            result: [token]),
    ]

    // MARK: What comes again

    static let token = OpenAPIField.required("job.token", .gid)
    static let file = OpenAPIField.required("upload_file", .file)
    private static let project = OpenAPIField.required("project", .gid)
    private static let user = OpenAPIField.required("user", .gid)
    private static let job = OpenAPIField.required("job", .gid)
    private static let name = OpenAPIField.required("name", .name, "1 to 255 bytes.")
    private static let version = OpenAPIField.required("version", .integer(0))
    private static let logIn: [OpenAPIField] = [.required("username", .string), .required("password", .string)]
    private static let foundMembers: [OpenAPIField] = [.optional("user", .gid), .optional("users", .list(.gid))]

    static func page(_ size: Int) -> [OpenAPIField] {
        [
            .optional("page.top", .integer(0), "From 0; default 0."),
            .optional("page.size", .integer(1), "From 1; more than 1000 counts as 1000; default \(size)."),
        ]
    }

    private static let globalStart: [OpenAPIField] = [
        user, .required("user_projects", .object), .required("cc.version", .string),
        .required("cc.cursor", .integer(0)),
    ]

    private static let projectStart: [OpenAPIField] = [
        user, .required("user_projects", .object), project, .required("project_members", .list(.gid)),
        .required("last_backed_up", .nullable(.number)), .required("cc.version", .string),
        .required("cc.cursor", .integer(0)), .required("cursor", .integer(0)),
    ]
}
