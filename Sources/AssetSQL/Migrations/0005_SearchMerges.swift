extension Migration {
    /// The parts of SQLite's search index are merged by `SearchMerges` alone, and not within a commit.
    static let searchMerges = Migration(number: 5, name: "0005_SearchMerges", worksWith: 4) { dialect in
        switch dialect {
        case .sqlite:
            """
            -- FTS5 writes a segment not only with each commit, but with each savepoint, that of a statement too. So one transaction can
            -- make thousands, of a page each: those it still merges itself, before there are too many.
            INSERT INTO asset_search (asset_search, rank) VALUES ('automerge', 0), ('crisismerge', 64), ('usermerge', 8);
            """
        case .postgres: "SELECT 1"
        }
    }
}
