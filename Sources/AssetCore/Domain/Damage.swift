/// What a check of the storage finds.
package enum Damage: String, Sendable, CaseIterable {
    /// The database says of itself that it is broken.
    case database
    /// A row names a row that does not exist.
    case references
    /// A row that breaks the rules of its table.
    case rules
    /// A project without its root folder.
    case roots
    /// An asset whose folder is missing, is a file, or belongs to another project.
    case parents
    /// A folder from which no way leads up to the root.
    case cycles
    /// A name that comes twice in a folder, or that no client can have given.
    case names
    /// A folder whose counts are not what lies in it.
    case counts
    /// A file whose size is not that of its bytes.
    case sizes
    /// A file whose words in the search index are not its own, or words of no file.
    case search
    /// Bytes that a row names, and that are not there.
    case missingBytes = "missing_bytes"
    /// Bytes that are not what their row says.
    case wrongBytes = "wrong_bytes"
    /// Stored bytes that no row names, older than any upload takes.
    case orphans
    /// A row of bytes that nothing refers to, and that the sweeper does not know of.
    case unreferenced
    /// A feed with lines behind its counter.
    case cursors
    /// A job that nobody will take up for a long time.
    case leases

    /// For people.
    package var title: String {
        switch self {
        case .database: "The database file is damaged"
        case .references: "Rows name rows that do not exist"
        case .rules: "Rows break the rules of their table"
        case .roots: "Projects have no root folder"
        case .parents: "Assets lie in no folder of their project"
        case .cycles: "Folders have no way up to the root"
        case .names: "Names come twice, or are not allowed"
        case .counts: "Folders count wrongly what lies in them"
        case .sizes: "Files have another size than their bytes"
        case .search: "The search index does not fit the files"
        case .missingBytes: "Bytes are missing"
        case .wrongBytes: "Bytes are not what was stored"
        case .orphans: "Stored bytes belong to nothing"
        case .unreferenced: "Rows of bytes are not needed, and would stay for ever"
        case .cursors: "Feeds are longer than their counters say"
        case .leases: "Jobs are taken for far too long"
        }
    }
}

/// One damaged thing.
package struct DamagedItem: Sendable, Equatable {
    /// The number of the row that a repair works on.
    package let number: Int64
    /// The asset or project that is concerned.
    package var gid: GID?
    /// As far as it can be told.
    package var pathname: String?
    /// In words.
    package let what: String

    package init(number: Int64, gid: GID? = nil, pathname: String? = nil, what: String) {
        self.number = number
        self.gid = gid
        self.pathname = pathname
        self.what = what
    }
}

/// The result of a check: each kind of damage with its number and the first examples.
package struct DamageReport: Sendable {
    package struct Entry: Sendable {
        package var count: Int64 = 0
        package var repaired: Int64 = 0
        package var examples: [DamagedItem] = []
    }

    package static let maximumExamples = 20

    package private(set) var entries: [Damage: Entry] = [:]
    /// What was looked at.
    package var assets: Int64 = 0
    package var blobs: Int64 = 0
    package var objects: Int64 = 0
    package var bytesRead: Int64 = 0
    /// What this database or store cannot be checked for.
    package var unchecked: [Damage] = []

    package init() {}

    package var isClean: Bool { entries.isEmpty }

    /// - Parameter count: how many there are, when `items` is only the beginning.
    package mutating func add(_ damage: Damage, _ items: [DamagedItem], count: Int64? = nil) {
        if items.isEmpty { return }
        entries[damage, default: Entry()].count += count ?? Int64(items.count)
        let room = Self.maximumExamples - (entries[damage]?.examples.count ?? 0)
        entries[damage]?.examples += items.prefix(room)
    }

    package mutating func addRepaired(_ damage: Damage, _ count: Int) {
        if count > 0 { entries[damage, default: Entry()].repaired += Int64(count) }
    }

    /// Whether further items of this kind would be counted only.
    package func hasRoom(_ damage: Damage) -> Bool {
        (entries[damage]?.examples.count ?? 0) < Self.maximumExamples
    }
}
