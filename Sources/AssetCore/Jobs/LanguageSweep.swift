import OrderedCollections

/// Gives the texts of assets a value in a language that was added, or takes away the one in a language that was removed.
///
/// Every asset is told to the feed, also one without texts: all of them show a key for each language.
struct LanguageSweep {
    let tx: any CatalogTransaction
    let now: Timestamp

    /// - Returns: how many assets were looked at; nil when there is nothing left.
    func step(_ job: inout Job, limit: Int) throws -> Int? {
        guard let project = try tx.project(job.project), let change = LanguageChange(job, in: project) else {
            return nil
        }
        return try step(change, &job, in: project, limit: min(max(limit, 1), 1000))
    }

    func step(_ change: LanguageChange, _ job: inout Job, in project: Project, limit: Int) throws -> Int? {
        let after = AssetID(rawValue: job.position)
        guard let page = try tx.appendUpdates(in: project.id, after: after, limit: limit) else { return nil }
        let ids = try tx.assetsWithTexts(in: project.id, after: after, upTo: page.last)
        for start in stride(from: 0, to: ids.count, by: 500) {
            for asset in try tx.assets(Array(ids[start..<min(start + 500, ids.count)])) {
                try change.apply(to: asset, tx, now: now)
            }
        }
        job.position = page.last.rawValue
        job.succeeded += Int64(page.count)
        return page.count
    }
}

/// A language that came to a project's texts, or went (project reference 1.7).
struct LanguageChange {
    let language: String
    /// The language whose values the new one begins with; nil when the language was removed.
    let source: String?

    init(adding language: String, from source: String) {
        self.language = language
        self.source = source
    }

    init(removing language: String) {
        self.language = language
        source = nil
    }

    /// What a job says; nil when the language has come or gone again meanwhile.
    init?(_ job: Job, in project: Project) {
        guard let language = job.parameters[key: "language"]?.stringValue else { return nil }
        self.language = language
        source = job.parameters[key: "source"]?.stringValue
        if project.languages.contains(language) != (source != nil) { return nil }
    }

    func apply(to old: Asset, _ tx: any CatalogTransaction, now: Timestamp) throws {
        var asset = old
        change(&asset.title)
        change(&asset.description)
        var entries = try asset.metadataEntries()
        for (name, entry) in entries where entry[key: "is_localized"]?.boolValue == true {
            guard var values = entry[key: "value"]?.objectValue, var changed = entry.objectValue else { continue }
            if let source {
                if values[language] == nil { values[language] = values[source] ?? "" }
            } else {
                values[language] = nil
            }
            changed["value"] = .object(values)
            entries[name] = .object(changed)
        }
        let metadata = JSON.object(entries).text
        guard asset.title != old.title || asset.description != old.description || metadata != old.metadata.text else {
            return
        }
        asset.metadata = .raw(metadata)
        _ = try tx.update(asset, now: now)
    }

    private func change(_ text: inout LocalizedText) {
        if let source {
            if text[language] == nil { text[language] = text[source] }
        } else {
            text[language] = nil
        }
    }
}

extension Project {
    /// The language whose values a new one begins with: the same without its region, one with another region, or the default.
    func closestLanguage(to language: String) -> String? {
        let base = language.split(separator: "-").first.map(String.init) ?? language
        return languages.first { $0 == base } ?? languages.first { $0.split(separator: "-").first == base[...] }
            ?? languages.first
    }
}

extension AssetTables {
    /// Folders before files, and each folder before the folders in it: so that a folder is revived before what lies in it.
    func foldersFirst(_ ids: [AssetID]) throws -> [AssetID] {
        var folders: [(id: AssetID, depth: Int)] = []
        var files: [AssetID] = []
        for start in stride(from: 0, to: ids.count, by: 500) {
            for state in try states(of: Array(ids[start..<min(start + 500, ids.count)])) {
                if state.isFile {
                    files.append(state.id)
                } else {
                    folders.append((state.id, try ancestors(of: state.id).count))
                }
            }
        }
        return folders.sorted { ($0.depth, $0.id.rawValue) < ($1.depth, $1.id.rawValue) }.map(\.id) + files
    }
}
