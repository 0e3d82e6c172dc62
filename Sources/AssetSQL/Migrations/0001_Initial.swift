extension Migration {
    /// Times are microseconds since 1970, gids 16 bytes, hashes 32 bytes. `INTEGER PRIMARY KEY AUTOINCREMENT` keeps row numbers
    /// from being used twice: jobs mark rows with their number, and a stored location names a row's bytes.
    static let initial = Migration(number: 1, name: "0001_Initial") { dialect in
        SchemaText.tables(initialTables, for: dialect) + (dialect == .sqlite ? initialSearch : "")
    }

    private static let initialTables = """
        CREATE TABLE counters (
            name TEXT PRIMARY KEY,
            value BIGINT NOT NULL
        );
        INSERT INTO counters (name, value) VALUES ('global_cursor', 0);

        CREATE TABLE accounts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            code TEXT NOT NULL UNIQUE,
            created_on BIGINT NOT NULL
        );

        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            gid BLOB NOT NULL UNIQUE CHECK (length(gid) = 16),
            account_id BIGINT NOT NULL REFERENCES accounts (id),
            level TEXT NOT NULL CHECK (level IN ('manager', 'worker', 'api')),
            username TEXT UNIQUE,
            email TEXT,
            name TEXT NOT NULL,
            avatar TEXT,
            is_active BIGINT NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
            timezone TEXT NOT NULL DEFAULT 'Europe/Amsterdam',
            password_hash TEXT,
            key_hash BLOB UNIQUE,
            key_sealed BLOB,
            created_on BIGINT NOT NULL,
            CHECK ((level = 'api') = (username IS NULL)),
            CHECK ((key_hash IS NULL) = (key_sealed IS NULL))
        );
        CREATE INDEX users_account ON users (account_id);

        CREATE TABLE projects (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            gid BLOB NOT NULL UNIQUE CHECK (length(gid) = 16),
            number BIGINT NOT NULL UNIQUE CHECK (number > 0),
            account_id BIGINT NOT NULL REFERENCES accounts (id),
            owner_id BIGINT NOT NULL REFERENCES users (id),
            name TEXT NOT NULL,
            icon TEXT,
            status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'deleted')),
            timezone TEXT NOT NULL,
            languages TEXT NOT NULL,
            cursor BIGINT NOT NULL DEFAULT 0,
            created_on BIGINT NOT NULL
        );
        CREATE INDEX projects_account ON projects (account_id);
        CREATE INDEX projects_owner ON projects (owner_id);

        CREATE TABLE members (
            project_id BIGINT NOT NULL REFERENCES projects (id),
            user_id BIGINT NOT NULL REFERENCES users (id),
            status TEXT NOT NULL CHECK (status IN ('active', 'invited', 'declined', 'deactivated')),
            role TEXT NOT NULL CHECK (role IN ('owner', 'member', 'api', 'contributor', 'viewer')),
            PRIMARY KEY (project_id, user_id)
        );
        CREATE INDEX members_user ON members (user_id);

        CREATE TABLE sessions (
            token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
            user_id BIGINT NOT NULL REFERENCES users (id),
            expires_on BIGINT NOT NULL
        );
        CREATE INDEX sessions_expiry ON sessions (expires_on);
        CREATE INDEX sessions_user ON sessions (user_id);

        CREATE TABLE signing_keys (
            id TEXT PRIMARY KEY,
            sealed BLOB NOT NULL,
            created_on BIGINT NOT NULL
        );

        CREATE TABLE blobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
            size BIGINT NOT NULL CHECK (size >= 0),
            location TEXT NOT NULL UNIQUE
        );
        -- Blobs that lost a reference: the sweeper looks whether it was the last one.
        CREATE TABLE blob_candidates (
            blob_id BIGINT PRIMARY KEY,
            since BIGINT NOT NULL
        );
        CREATE INDEX blob_candidates_since ON blob_candidates (since);
        -- Bytes whose row is gone, waiting for the grace period to pass.
        CREATE TABLE removals (
            location TEXT PRIMARY KEY,
            since BIGINT NOT NULL
        );
        CREATE INDEX removals_since ON removals (since);

        CREATE TABLE assets (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            gid BLOB NOT NULL UNIQUE CHECK (length(gid) = 16),
            project_id BIGINT NOT NULL REFERENCES projects (id),
            parent_id BIGINT REFERENCES assets (id),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 0 AND 255),
            is_file BIGINT NOT NULL CHECK (is_file IN (0, 1)),
            status TEXT NOT NULL DEFAULT 'published' CHECK (status IN ('published', 'deleted')),
            status_job BIGINT,
            version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
            blob_id BIGINT REFERENCES blobs (id),
            size BIGINT NOT NULL DEFAULT 0 CHECK (size >= 0),
            type TEXT,
            info TEXT NOT NULL DEFAULT '{}',
            file_count BIGINT NOT NULL DEFAULT 0 CHECK (file_count >= 0),
            folder_count BIGINT NOT NULL DEFAULT 0 CHECK (folder_count >= 0),
            title TEXT NOT NULL DEFAULT '{}',
            description TEXT NOT NULL DEFAULT '{}',
            metadata TEXT NOT NULL DEFAULT '{}',
            transforms TEXT NOT NULL DEFAULT 'null',
            created_on BIGINT NOT NULL,
            updated_on BIGINT NOT NULL,
            CHECK ((is_file = 1) = (blob_id IS NOT NULL)),
            CHECK ((parent_id IS NULL) = (name = '')),
            CHECK (parent_id IS NOT NULL OR (is_file = 0 AND status = 'published')),
            CHECK (is_file = 0 OR (file_count = 0 AND folder_count = 0))
        );
        CREATE UNIQUE INDEX assets_name ON assets (parent_id, name);
        CREATE UNIQUE INDEX assets_root ON assets (project_id) WHERE parent_id IS NULL;
        CREATE INDEX assets_children ON assets (parent_id, is_file, name);
        CREATE INDEX assets_type ON assets (project_id, type) WHERE is_file = 1;
        CREATE INDEX assets_blob ON assets (blob_id) WHERE blob_id IS NOT NULL;

        CREATE TABLE file_tokens (
            token TEXT PRIMARY KEY,
            user_id BIGINT NOT NULL REFERENCES users (id),
            blob_id BIGINT NOT NULL REFERENCES blobs (id),
            name TEXT NOT NULL,
            created_on BIGINT NOT NULL,
            expires_on BIGINT NOT NULL
        );
        CREATE INDEX file_tokens_blob ON file_tokens (blob_id);
        CREATE INDEX file_tokens_expiry ON file_tokens (expires_on);
        CREATE INDEX file_tokens_user ON file_tokens (user_id);

        CREATE TABLE documents (
            number BIGINT PRIMARY KEY CHECK (number > 0),
            project_id BIGINT NOT NULL REFERENCES projects (id),
            is_flex BIGINT NOT NULL CHECK (is_flex IN (0, 1))
        );
        CREATE INDEX documents_project ON documents (project_id);
        -- Ranges of segment numbers; no two overlap, so that a segment belongs to one document.
        CREATE TABLE segments (
            first BIGINT PRIMARY KEY CHECK (first > 0),
            last BIGINT NOT NULL CHECK (last >= first),
            document BIGINT NOT NULL REFERENCES documents (number)
        );
        CREATE INDEX segments_document ON segments (document);
        CREATE TABLE job_scopes (
            job TEXT PRIMARY KEY,
            document BIGINT NOT NULL REFERENCES documents (number),
            ranges TEXT
        );
        CREATE INDEX job_scopes_document ON job_scopes (document);
        CREATE TABLE assignments (
            job TEXT NOT NULL REFERENCES job_scopes (job),
            user_id BIGINT NOT NULL REFERENCES users (id),
            PRIMARY KEY (job, user_id)
        );
        CREATE INDEX assignments_user ON assignments (user_id);

        CREATE TABLE project_changes (
            project_id BIGINT NOT NULL,
            cursor BIGINT NOT NULL,
            action BIGINT NOT NULL,
            data_type BIGINT NOT NULL,
            key BLOB NOT NULL,
            PRIMARY KEY (project_id, cursor)
        ) WITHOUT ROWID;
        CREATE TABLE global_changes (
            cursor BIGINT PRIMARY KEY,
            action BIGINT NOT NULL,
            data_type TEXT NOT NULL,
            key TEXT NOT NULL,
            data TEXT,
            project_id BIGINT,
            user_id BIGINT,
            CHECK ((project_id IS NULL) <> (user_id IS NULL))
        );

        CREATE TABLE selections (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token BLOB NOT NULL UNIQUE,
            project_id BIGINT NOT NULL REFERENCES projects (id),
            user_id BIGINT NOT NULL REFERENCES users (id),
            count BIGINT NOT NULL DEFAULT 0,
            created_on BIGINT NOT NULL,
            expires_on BIGINT
        );
        CREATE INDEX selections_expiry ON selections (expires_on);
        CREATE TABLE selection_chunks (
            selection_id BIGINT NOT NULL REFERENCES selections (id) ON DELETE CASCADE,
            position BIGINT NOT NULL,
            ids BLOB NOT NULL,
            PRIMARY KEY (selection_id, position)
        );

        CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            token BLOB NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            project_id BIGINT NOT NULL REFERENCES projects (id),
            user_id BIGINT NOT NULL REFERENCES users (id),
            status TEXT NOT NULL CHECK (status IN ('queued', 'processing', 'rejected', 'done')),
            parameters TEXT NOT NULL,
            selection_id BIGINT REFERENCES selections (id),
            position BIGINT NOT NULL DEFAULT 0,
            folder_id BIGINT,
            after_name TEXT,
            is_in_files BIGINT NOT NULL DEFAULT 0,
            total BIGINT,
            succeeded BIGINT NOT NULL DEFAULT 0,
            failed BIGINT NOT NULL DEFAULT 0,
            error TEXT,
            is_silent BIGINT NOT NULL DEFAULT 0,
            lease_owner TEXT,
            lease_until BIGINT NOT NULL DEFAULT 0,
            created_on BIGINT NOT NULL,
            updated_on BIGINT NOT NULL,
            reported_on BIGINT NOT NULL
        );
        CREATE INDEX jobs_open ON jobs (lease_until, id) WHERE status IN ('queued', 'processing');
        CREATE INDEX jobs_finished ON jobs (updated_on) WHERE status = 'done';
        CREATE TABLE job_folders (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            job_id BIGINT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
            folder_id BIGINT NOT NULL
        );
        CREATE INDEX job_folders_job ON job_folders (job_id, id);
        """

    private static let initialSearch = """
        -- Words only, made by `SearchText` and prefixed with project and language, so that each query touches only the words
        -- of its own project and language. The tokenizer takes them as they are.
        CREATE VIRTUAL TABLE asset_search USING fts5 (
            name, title, description,
            tokenize = "ascii tokenchars '_'"
        );
        """
}
