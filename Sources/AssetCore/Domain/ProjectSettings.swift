/// A saved search (project reference 2.5, 8).
package struct SavedQuery: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case asset, record, schema
    }

    package let gid: GID
    /// Never changes.
    package let kind: Kind
    /// Unique among the project's queries of one kind.
    package var name: String
    package var q: String
    /// As given; `[]` when there is none.
    package var filter: JSON

    package init(gid: GID, kind: Kind, name: String, q: String, filter: JSON) {
        self.gid = gid
        self.kind = kind
        self.name = name
        self.q = q
        self.filter = filter
    }
}

/// A channel, ordering or fieldlist beside the fixed one: features of records, kept because clients index them (2.3, 4.4).
package struct RecordOption: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case channel, ordering, fieldlist
    }

    package let gid: GID
    package let kind: Kind
    package let name: String

    package init(gid: GID, kind: Kind, name: String) {
        self.gid = gid
        self.kind = kind
        self.name = name
    }
}

/// What a project has beside its tree and its members: the part of a backup or an export that is not assets.
package struct ProjectSettings: Sendable, Equatable {
    package var timezone: String
    package var languages: [String]
    package var queries: [SavedQuery]
    package var options: [RecordOption]

    package init(timezone: String, languages: [String], queries: [SavedQuery], options: [RecordOption]) {
        self.timezone = timezone
        self.languages = languages
        self.queries = queries
        self.options = options
    }

    package var json: JSON {
        [
            "timezone": .string(timezone), "languages": .array(languages.map(JSON.string)),
            "queries": .array(
                queries.map { query in
                    [
                        "gid": JSON(query.gid), "type": .string(query.kind.rawValue), "name": .string(query.name),
                        "q": .string(query.q), "filter": query.filter,
                    ]
                }),
            "options": .array(
                options.map { option in
                    ["gid": JSON(option.gid), "kind": .string(option.kind.rawValue), "name": .string(option.name)]
                }),
        ]
    }

    /// - Throws: `badParameter("settings")` for what `json` has not made.
    package init(_ json: JSON) throws(AssetError) {
        let wrong = AssetError.badParameter("settings", "These are not the settings of a project")
        guard let timezone = json[key: "timezone"]?.stringValue, let languages = json[key: "languages"]?.arrayValue,
            let queries = json[key: "queries"]?.arrayValue, let options = json[key: "options"]?.arrayValue
        else { throw wrong }
        self.timezone = timezone
        self.languages = languages.compactMap(\.stringValue)
        guard !self.languages.isEmpty else { throw wrong }
        self.queries = []
        self.options = []
        for query in queries {
            guard let gid = query[key: "gid"]?.stringValue.flatMap({ GID($0) }),
                let kind = query[key: "type"]?.stringValue.flatMap(SavedQuery.Kind.init),
                let name = query[key: "name"]?.stringValue, let q = query[key: "q"]?.stringValue,
                let filter = query[key: "filter"]
            else { throw wrong }
            self.queries.append(SavedQuery(gid: gid, kind: kind, name: name, q: q, filter: filter))
        }
        for option in options {
            guard let gid = option[key: "gid"]?.stringValue.flatMap({ GID($0) }),
                let kind = option[key: "kind"]?.stringValue.flatMap(RecordOption.Kind.init),
                let name = option[key: "name"]?.stringValue
            else { throw wrong }
            self.options.append(RecordOption(gid: gid, kind: kind, name: name))
        }
    }
}
