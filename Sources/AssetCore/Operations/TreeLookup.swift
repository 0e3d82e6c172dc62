/// Look-ups in the tree that several operations share.
extension AssetTables {
    /// The asset that a call names.
    /// - Throws: `unprocessable` when it does not exist in this project.
    func require(_ reference: AssetReference, in project: Project) throws -> Asset {
        let found: Asset? =
            switch reference {
            case .gid(let gid): try asset(gid, in: project.id)
            case .pathname(let path): try find(path, in: project)
            }
        guard let found else { throw AssetError.unprocessable("The asset does not exist") }
        return found
    }

    /// Walks down from the root, one index look-up a level.
    func find(_ path: AssetPath, in project: Project) throws -> Asset? {
        try find(path.names.map(\.description), below: project.root)
    }

    func find(_ names: [String], below start: AssetID) throws -> Asset? {
        guard let last = names.last else { return try asset(start) }
        var folder = start
        for name in names.dropLast() {
            guard let next = try self.folder(in: folder, named: name) else { return nil }
            folder = next
        }
        return try child(of: folder, named: last)
    }

    func pathname(of id: AssetID) throws -> String { "/" + (try names(to: id)).joined(separator: "/") }

    /// The folder in which a call makes something.
    /// - Throws: `unprocessable` when it does not exist, is a file, or lies in the trash.
    func requireParent(_ reference: AssetReference, in project: Project) throws -> Asset {
        let parent = try require(reference, in: project)
        guard !parent.isFile else { throw AssetError.unprocessable("The parent is not a folder") }
        guard parent.status == .published else { throw AssetError.unprocessable("The parent is deleted") }
        return parent
    }

    /// The name, or the first with a number that no child has but `asset` itself, deleted ones included (project reference 5.8).
    func freeName(_ name: AssetName, in parent: AssetID, for asset: AssetID? = nil) throws -> String {
        var candidate = name.description
        var number = 1
        while let taken = try child(of: parent, named: candidate), taken.id != asset {
            number += 1
            candidate = name.numbered(number).description
        }
        return candidate
    }
}

extension AssetTables where Self: ChangeTables {
    /// Adds an asset and tells the feed: INSERT for it, UPDATE for its folder (project reference 10.5).
    func add(_ draft: AssetDraft) throws -> Asset {
        let asset = try insert(draft)
        try append(.insert, .assets, [asset.gid], in: draft.project)
        try appendUpdate(of: draft.parent, in: draft.project)
        return asset
    }

    func appendUpdate(of id: AssetID, in project: ProjectID) throws {
        guard let asset = try asset(id) else { return }
        try append(.update, .assets, [asset.gid], in: project)
    }
}
