extension Migration {
    /// What several servers on one database share: who does what only one may do, what all must have in common, and how often each
    /// user has called.
    static let severalServers = Migration(number: 4, name: "0004_SeveralServers") { dialect in
        SchemaText.tables(sharedTables, for: dialect)
    }

    private static let sharedTables = """
        CREATE TABLE duties (
            name TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            lease_until BIGINT NOT NULL
        );
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        );
        CREATE TABLE call_counts (
            user_id BIGINT NOT NULL,
            hour BIGINT NOT NULL,
            calls BIGINT NOT NULL,
            PRIMARY KEY (user_id, hour)
        );
        -- The oldest version of the schema whose programs can work with this one.
        ALTER TABLE schema_versions ADD COLUMN works_with BIGINT;
        """
}
