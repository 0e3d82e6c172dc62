package import OrderedCollections

/// What `assets/update` changes; nil is kept.
package struct AssetEdit: Sendable {
    package var name: AssetName?
    /// Only these languages change.
    package var title: LocalizedText?
    package var description: LocalizedText?
    /// Stored as given; null takes them away.
    package var transforms: JSON?
    package var metadata: OrderedDictionary<MetadataName, MetadataPatch>?

    /// The longest title or description in one language, and the largest transforms, in bytes.
    package static let maximumText = 64 << 10

    package init() {}

    package var isEmpty: Bool {
        name == nil && title == nil && description == nil && transforms == nil && metadata == nil
    }
}

extension AssetService {
    /// Changes name, texts, transforms or metadata of an asset (project reference 5.11). A taken name gets a number.
    /// - Throws: `unprocessable` when it does not exist, is the root, or is a folder that segment files are found by and would get
    ///   another name; `badParameter` for a language that the project does not have.
    package func update(_ caller: Caller, _ reference: AssetReference, _ edit: AssetEdit) async throws -> LocatedAsset {
        try await change(caller, reference) { tx, asset, now in
            var asset = asset
            let project = try tx.present(caller.project)
            if let title = edit.title { try asset.title.merge(title, "title", in: project) }
            if let description = edit.description {
                try asset.description.merge(description, "description", in: project)
            }
            if let transforms = edit.transforms { asset.transforms = transforms }
            if let metadata = edit.metadata {
                var entries = try asset.metadataEntries()
                for (name, patch) in metadata {
                    entries[name.description] = patch.applied(
                        to: entries[name.description], languages: project.languages)
                }
                try asset.setMetadata(entries)
            }
            asset = try tx.update(asset, now: now)
            if let name = edit.name, name.description != asset.name {
                guard let parent = try asset.parent.flatMap({ try tx.asset($0) }) else { return }
                _ = try tx.relocate(asset, into: parent, named: name, by: caller.user.id, now: now)
            } else {
                try tx.append(.update, .assets, [asset.gid], in: asset.project)
            }
        }
    }

    /// Sets one metadata entry (project reference 5.16).
    package func setMetadata(
        _ caller: Caller, _ reference: AssetReference, _ name: MetadataName, _ patch: MetadataPatch
    ) async throws -> LocatedAsset {
        var edit = AssetEdit()
        edit.metadata = [name: patch]
        return try await update(caller, reference, edit)
    }

    /// Takes one metadata entry away; one that is not set is no error (project reference 5.16).
    package func clearMetadata(
        _ caller: Caller, _ reference: AssetReference, _ name: MetadataName
    ) async throws -> LocatedAsset {
        try await change(caller, reference) { tx, asset, now in
            var asset = asset
            var entries = try asset.metadataEntries()
            guard entries.removeValue(forKey: name.description) != nil else { return }
            try asset.setMetadata(entries)
            _ = try tx.update(asset, now: now)
            try tx.append(.update, .assets, [asset.gid], in: asset.project)
        }
    }

    private func change(
        _ caller: Caller, _ reference: AssetReference,
        _ body: @escaping @Sendable (any CatalogTransaction, Asset, Timestamp) throws -> Void
    ) async throws -> LocatedAsset {
        try caller.require(.write)
        return try await catalog.write(.project(caller.project.id)) { [clock] tx in
            let asset = try tx.require(reference, in: caller.project)
            guard !asset.isRoot else { throw AssetError.unprocessable("The root cannot be changed") }
            try body(tx, asset, clock.now())
            guard let changed = try tx.asset(asset.id) else {
                throw AssetError.unprocessable("The asset does not exist")
            }
            return try tx.located(changed)
        }
    }
}

extension LocalizedText {
    /// Only the given languages change; what is empty is not kept.
    fileprivate mutating func merge(_ values: LocalizedText, _ parameter: String, in project: Project) throws {
        for (language, text) in values {
            guard project.languages.contains(language) else {
                throw AssetError.badParameter(parameter, "'\(language.prefix(80))' is not a language of the project")
            }
            guard text.utf8.count <= AssetEdit.maximumText else {
                throw AssetError.badParameter(parameter, "Longer than \(AssetEdit.maximumText) bytes")
            }
            self[language] = text.isEmpty ? nil : text
        }
    }
}
