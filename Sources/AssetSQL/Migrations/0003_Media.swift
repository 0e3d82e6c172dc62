extension Migration {
    /// Public files, renditions, and files that are still to be looked at in full.
    static let media = Migration(number: 3, name: "0003_Media") { dialect in
        SchemaText.tables(mediaTables, for: dialect)
    }

    private static let mediaTables = """
        -- Also of a file that is private again: when that was.
        CREATE TABLE public_assets (
            asset_id BIGINT PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE,
            is_public BIGINT NOT NULL,
            changed_on BIGINT NOT NULL
        );
        -- Versions that were published themselves: they stay public when newer ones come.
        CREATE TABLE public_versions (
            asset_id BIGINT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
            version BIGINT NOT NULL,
            PRIMARY KEY (asset_id, version)
        );

        CREATE TABLE renditions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            asset_id BIGINT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
            project_id BIGINT NOT NULL REFERENCES projects (id),
            file TEXT NOT NULL,
            has_short_url BIGINT NOT NULL,
            is_public BIGINT NOT NULL,
            version BIGINT NOT NULL CHECK (version > 0),
            blob_id BIGINT NOT NULL REFERENCES blobs (id),
            format TEXT NOT NULL,
            width BIGINT NOT NULL CHECK (width > 0),
            height BIGINT NOT NULL CHECK (height > 0),
            created_on BIGINT NOT NULL,
            UNIQUE (asset_id, file)
        );
        CREATE UNIQUE INDEX renditions_short ON renditions (project_id, file) WHERE has_short_url = 1;
        CREATE INDEX renditions_project ON renditions (project_id, asset_id, file);
        CREATE INDEX renditions_blob ON renditions (blob_id);

        CREATE TABLE examinations (
            asset_id BIGINT PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE,
            since BIGINT NOT NULL,
            attempts BIGINT NOT NULL DEFAULT 0
        );
        CREATE INDEX examinations_since ON examinations (since, asset_id);
        """
}
