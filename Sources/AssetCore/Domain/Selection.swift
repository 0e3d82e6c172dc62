import OrderedCollections

/// The parameters of a search: `language`, `q`, `filter` (project reference 5.6). It finds files only.
package struct SearchQuery: Hashable, Sendable {
    package let language: String
    package let text: TextQuery?
    package let filter: SearchFilter?

    /// The longest language code, in bytes: as long as any that is in use.
    private static let maximumLanguage = 35

    /// Neither `q` nor `filter`: an empty result, not an error.
    package var isEmpty: Bool { text == nil && filter == nil }

    /// - Throws: `badParameter` that names what is wrong.
    package init(parsing json: JSON) throws(AssetError) {
        guard let language = json[key: "language"]?.stringValue else {
            throw .badParameter("language", "A language code is required")
        }
        let isCode = language.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte)
        }
        guard isCode, (1...Self.maximumLanguage).contains(language.utf8.count) else {
            throw .badParameter("language", "Expected a language code")
        }
        self.language = language.lowercased()
        switch json[key: "q"] {
        case nil, .null: text = nil
        case .string(let q):
            let query = try TextQuery(parsing: q)
            text = query.isEmpty ? nil : query
        default: throw .badParameter("q", "Expected a string")
        }
        filter = try SearchFilter.parse(json[key: "filter"])
    }
}

/// What a bulk call works on (project reference 6): entries in order; an asset that several entries give counts once.
package struct Selection: Sendable, Equatable {
    package enum Entry: Sendable, Hashable {
        case asset(GID)
        /// The direct children of a folder.
        case children(of: GID, excluding: Set<GID>)
        /// All files that the search finds.
        case search(SearchQuery, excluding: Set<GID>)
    }

    package let entries: [Entry]

    package static let maximumEntries = 100_000
    /// The most entries that are folders or searches: each is worked out on its own.
    package static let maximumObjects = 1000

    package init(entries: [Entry]) { self.entries = entries }

    var hasSearches: Bool { entries.contains { if case .search = $0 { true } else { false } } }

    /// - Throws: `badSelection` that says which entry is wrong, and why.
    package init(parsing json: JSON?) throws(AssetError) {
        guard case .array(let elements)? = json else { throw .badSelection("'selection' must be a list") }
        guard !elements.isEmpty else { throw .badSelection("'selection' is empty") }
        guard elements.count <= Self.maximumEntries else {
            throw .badSelection("'selection' has more than \(Self.maximumEntries) entries")
        }
        var entries: [Entry] = []
        entries.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            entries.append(try Self.entry(element, at: "selection[\(index)]"))
        }
        let objects = entries.count { if case .asset = $0 { false } else { true } }
        guard objects <= Self.maximumObjects else {
            throw .badSelection("'selection' has more than \(Self.maximumObjects) folders and searches")
        }
        let nodes = entries.reduce(0) { count, entry in
            if case .search(let query, _) = entry { count + (query.filter?.nodeCount ?? 0) } else { count }
        }
        guard nodes <= SearchFilter.maximumNodes else {
            throw .badSelection("'selection' has more than \(SearchFilter.maximumNodes) filters")
        }
        // The same entry again selects nothing more.
        self.entries = Array(OrderedSet(entries))
    }

    private static func entry(_ json: JSON, at place: String) throws(AssetError) -> Entry {
        switch json {
        case .string:
            return .asset(try gid(json, at: place))
        case .object(let members):
            let excluding = try exclude(members["exclude"], at: place)
            switch (members["children"], members["search"]) {
            case (let parent?, nil):
                return .children(of: try gid(parent, at: place + ".children"), excluding: excluding)
            case (nil, let search?):
                guard search.objectValue != nil else { throw .badSelection("\(place).search is not an object") }
                do {
                    return .search(try SearchQuery(parsing: search), excluding: excluding)
                } catch {
                    throw .badSelection("\(place).search: \(error.parameter.map { "\($0): " } ?? "")\(error.message)")
                }
            default:
                throw .badSelection("\(place) needs either 'children' or 'search'")
            }
        default:
            throw .badSelection("\(place) is neither a gid nor an object")
        }
    }

    private static func exclude(_ json: JSON?, at place: String) throws(AssetError) -> Set<GID> {
        guard let json, !json.isNull else { return [] }
        guard case .array(let elements) = json else { throw .badSelection("\(place).exclude is not a list") }
        var gids: Set<GID> = []
        for element in elements { gids.insert(try gid(element, at: place + ".exclude")) }
        return gids
    }

    private static func gid(_ json: JSON, at place: String) throws(AssetError) -> GID {
        guard let text = json.stringValue, let gid = GID(text) else { throw .badSelection("\(place) is not a gid") }
        return gid
    }
}
