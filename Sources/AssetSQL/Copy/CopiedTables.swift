/// The tables that a copy of a database takes over, in an order in which each row finds the rows that it names. Their columns are
/// read from the schema.
enum CopiedTables {
    static let all = [
        "blobs", "accounts", "users", "projects", "members", "sessions", "signing_keys", "counters", "blob_candidates",
        "assets", "asset_versions", "file_tokens", "documents", "segments", "job_scopes", "assignments",
        "project_changes", "global_changes", "selections", "selection_chunks", "jobs", "job_folders", "job_errors",
        "job_moves", "metadata_images", "lost_images", "queries", "record_options", "backups", "backup_assets",
        "public_assets", "public_versions", "renditions", "examinations", "settings", "call_counts",
    ]

    /// What the target makes itself, locations of bytes that are not needed any more, and who does what at the source: these stay
    /// behind.
    static let left: Set = ["schema_versions", CopyMark.table, "removals", "duties"]

    /// The search index is made anew.
    static func isIndex(_ table: String) -> Bool { table.hasPrefix("asset_search") }

    /// The columns that a copy does not take over as they are.
    static let location = "location"
}
