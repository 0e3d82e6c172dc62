extension Migration {
    /// Versions of files, saved queries, backups, what jobs leave behind for their errors and their undoing, and the marks of the
    /// feeds' compaction.
    static let projectDialect = Migration(number: 2, name: "0002_ProjectDialect") { dialect in
        SchemaText.tables(projectTables, for: dialect) + (dialect == .sqlite ? searchInSQLite : searchInPostgres)
    }

    private static let projectTables = """
        -- A project that is being imported or removed for good is hidden from everybody.
        ALTER TABLE projects ADD COLUMN hidden_since BIGINT;
        ALTER TABLE projects ADD COLUMN icon_blob BIGINT REFERENCES blobs (id);
        ALTER TABLE projects ADD COLUMN next_backup BIGINT NOT NULL DEFAULT 1;
        ALTER TABLE projects ADD COLUMN restores BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE projects ADD COLUMN compacted_cursor BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE projects ADD COLUMN compacted_lines BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE users ADD COLUMN avatar_blob BIGINT REFERENCES blobs (id);
        CREATE INDEX projects_icon ON projects (icon_blob) WHERE icon_blob IS NOT NULL;
        CREATE INDEX users_avatar ON users (avatar_blob) WHERE avatar_blob IS NOT NULL;
        CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;

        -- What a bulk job changed is found again by its number: for undoing it.
        CREATE INDEX assets_status_job ON assets (status_job, id) WHERE status_job IS NOT NULL;

        -- Bytes that a file had before the present ones.
        CREATE TABLE asset_versions (
            asset_id BIGINT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
            version BIGINT NOT NULL CHECK (version > 0),
            blob_id BIGINT NOT NULL REFERENCES blobs (id),
            size BIGINT NOT NULL CHECK (size >= 0),
            type TEXT,
            info TEXT NOT NULL,
            replaced_on BIGINT NOT NULL,
            PRIMARY KEY (asset_id, version)
        );
        CREATE INDEX asset_versions_blob ON asset_versions (blob_id);

        -- Which assets the image entries of metadata name, and what has lost one of these.
        CREATE TABLE metadata_images (
            asset_id BIGINT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
            image_gid BLOB NOT NULL,
            PRIMARY KEY (asset_id, image_gid)
        );
        CREATE INDEX metadata_images_image ON metadata_images (image_gid);
        CREATE TABLE lost_images (
            asset_id BIGINT PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE
        );

        CREATE TABLE queries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            gid BLOB NOT NULL UNIQUE CHECK (length(gid) = 16),
            project_id BIGINT NOT NULL REFERENCES projects (id),
            type TEXT NOT NULL CHECK (type IN ('asset', 'record', 'schema')),
            name TEXT NOT NULL,
            q TEXT NOT NULL,
            filter TEXT NOT NULL,
            UNIQUE (project_id, type, name)
        );

        -- Channels, orderings and fieldlists beside the fixed ones of every project.
        CREATE TABLE record_options (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            gid BLOB NOT NULL UNIQUE CHECK (length(gid) = 16),
            project_id BIGINT NOT NULL REFERENCES projects (id),
            kind TEXT NOT NULL CHECK (kind IN ('channel', 'ordering', 'fieldlist')),
            name TEXT NOT NULL
        );
        CREATE INDEX record_options_project ON record_options (project_id);

        CREATE TABLE backups (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            project_id BIGINT NOT NULL REFERENCES projects (id),
            -- Negative for the snapshot that an export reads.
            version BIGINT NOT NULL CHECK (version <> 0),
            name TEXT NOT NULL,
            created_by TEXT NOT NULL,
            created_on BIGINT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('making', 'ready', 'deleting')),
            settings TEXT NOT NULL DEFAULT '{}',
            UNIQUE (project_id, version)
        );
        CREATE INDEX backups_open ON backups (status) WHERE status <> 'ready';
        CREATE TABLE backup_assets (
            backup_id BIGINT NOT NULL REFERENCES backups (id),
            asset_id BIGINT NOT NULL,
            gid BLOB NOT NULL,
            parent_id BIGINT,
            name TEXT NOT NULL,
            is_file BIGINT NOT NULL,
            status TEXT NOT NULL,
            version BIGINT NOT NULL,
            blob_id BIGINT REFERENCES blobs (id),
            size BIGINT NOT NULL,
            type TEXT,
            info TEXT NOT NULL,
            file_count BIGINT NOT NULL,
            folder_count BIGINT NOT NULL,
            title TEXT NOT NULL,
            description TEXT NOT NULL,
            metadata TEXT NOT NULL,
            transforms TEXT NOT NULL,
            created_on BIGINT NOT NULL,
            updated_on BIGINT NOT NULL,
            -- The version that the asset had when it was removed for good, after the snapshot.
            purged_version BIGINT,
            PRIMARY KEY (backup_id, asset_id)
        );
        CREATE INDEX backup_assets_parent ON backup_assets (backup_id, parent_id, asset_id);
        CREATE INDEX backup_assets_blob ON backup_assets (blob_id) WHERE blob_id IS NOT NULL;

        CREATE INDEX jobs_project ON jobs (project_id, id);
        ALTER TABLE jobs ADD COLUMN is_cancelled BIGINT NOT NULL DEFAULT 0;
        -- Selected items that a job could not change.
        CREATE TABLE job_errors (
            job_id BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            number BIGINT NOT NULL,
            asset_gid BLOB NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (job_id, number)
        );
        -- Where a job found what it moved.
        CREATE TABLE job_moves (
            job_id BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            number BIGINT NOT NULL,
            asset_id BIGINT NOT NULL,
            from_parent BIGINT NOT NULL,
            from_name TEXT NOT NULL,
            to_parent BIGINT NOT NULL,
            to_name TEXT NOT NULL,
            PRIMARY KEY (job_id, number)
        );

        -- A private line is for its user alone, not for those who share a project.
        ALTER TABLE global_changes ADD COLUMN is_private BIGINT NOT NULL DEFAULT 0;
        INSERT INTO counters (name, value) VALUES ('global_compacted_cursor', 0), ('global_compacted_lines', 0);
        """

    private static let searchInSQLite = """
        CREATE VIRTUAL TABLE asset_words USING fts5 (
            name, title, description, metadata,
            tokenize = "ascii tokenchars '_'"
        );
        INSERT INTO asset_words (rowid, name, title, description, metadata)
            SELECT rowid, name, title, description, '' FROM asset_search;
        DROP TABLE asset_search;
        ALTER TABLE asset_words RENAME TO asset_search;
        """

    /// Words as in SQLite, with their places. The function reads stored JSON, in which a text may hold what PostgreSQL's may not.
    private static let searchInPostgres = """
        CREATE TABLE asset_search (
            asset_id BIGINT PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE,
            name TSVECTOR NOT NULL,
            title TSVECTOR NOT NULL,
            description TSVECTOR NOT NULL,
            metadata TSVECTOR NOT NULL
        );
        CREATE INDEX asset_search_words ON asset_search USING gin (name, title, description, metadata);

        CREATE FUNCTION stockroom_json(stored TEXT) RETURNS JSONB LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $body$
        BEGIN
            RETURN stored::JSONB;
        EXCEPTION WHEN untranslatable_character THEN
            RETURN regexp_replace(stored, '(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', '\\1\\\\ufffd', 'g')::JSONB;
        END
        $body$;
        """
}
