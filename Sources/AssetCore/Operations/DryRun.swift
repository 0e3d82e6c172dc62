package import OrderedCollections

/// What a bulk call would do.
package struct DryRun: Sendable, Equatable {
    /// How many assets would change, descendants included.
    package var succeeded: Int64 = 0
    /// Why selected assets would not: reason to number.
    package var failures: OrderedDictionary<String, Int64> = [:]

    package var failed: Int64 { failures.values.reduce(0, +) }

    fileprivate mutating func fail(_ reason: String) { failures[reason, default: 0] += 1 }
}

extension AssetService {
    /// Counts what a bulk call would do, on one snapshot, and changes nothing. Our own addition: see docs/project-dialect.md.
    /// - Throws: as the call itself.
    package func dryRun(
        _ kind: Job.Kind, _ caller: Caller, _ selection: JSON?, to parent: GID? = nil
    ) async throws -> DryRun {
        try caller.require(JobHandlers.right(for: kind))
        let selection = try Selection(parsing: selection)
        return try await selecting(selection) { [clock] tx in
            var ids = try selection.evaluate(tx, in: caller.project, now: clock.now())
            var run = DryRunSweep(tx: tx)
            switch kind {
            case .bulkDelete: try run.changeStatus(of: ids, from: .published)
            case .bulkUndelete:
                ids = try tx.foldersFirst(ids)
                try run.changeStatus(of: ids, from: .deleted)
            case .bulkPermanentDelete: try run.purge(ids)
            case .bulkMove:
                guard let parent else { throw AssetError.badParameter("parent", "This parameter is required") }
                try run.move(ids, to: try tx.requireParent(.gid(parent), in: caller.project))
            default: break
            }
            return run.result
        }
    }
}

/// Walks as the sweeps do, without changing anything.
private struct DryRunSweep {
    let tx: any CatalogTransaction
    var result = DryRun()
    /// Folders that would be changed, or gone.
    private var folders: Set<AssetID> = []
    /// Selected files that would be changed, by their folder.
    private var files: [AssetID: Int64] = [:]

    init(tx: any CatalogTransaction) { self.tx = tx }

    private func forEachState(_ ids: [AssetID], _ body: (AssetState) throws -> Void) throws {
        for start in stride(from: 0, to: ids.count, by: 500) {
            for state in try tx.states(of: Array(ids[start..<min(start + 500, ids.count)])) { try body(state) }
        }
    }

    private func isCovered(_ state: AssetState) -> Bool {
        folders.contains(state.id) || state.parent.map(folders.contains) ?? false
    }

    mutating func changeStatus(of ids: [AssetID], from: Asset.Status) throws {
        var sweep = self
        try forEachState(ids) { state in
            if sweep.isCovered(state), state.status == from { return }
            if let reason = StatusSweep.objection(to: state, from: from) {
                sweep.result.fail(reason)
            } else if state.isFile {
                sweep.result.succeeded += 1
                if let parent = state.parent { sweep.files[parent, default: 0] += 1 }
            } else {
                try sweep.changeFolder(state.id, from: from)
            }
        }
        self = sweep
    }

    private mutating func changeFolder(_ top: AssetID, from: Asset.Status) throws {
        var open = [top]
        folders.insert(top)
        result.succeeded += 1
        while let folder = open.popLast() {
            result.succeeded += try tx.countFiles(of: folder, with: from) - (files[folder] ?? 0)
            var name: String?
            while case let children = try tx.children(of: folder, files: false, after: name, limit: 1000),
                let last = children.last
            {
                for child in try tx.states(of: children.map(\.id))
                where child.status == from && folders.insert(child.id).inserted {
                    result.succeeded += 1
                    open.append(child.id)
                }
                name = last.name
            }
        }
    }

    mutating func purge(_ ids: [AssetID]) throws {
        var sweep = self
        try forEachState(ids) { state in
            if sweep.isCovered(state) { return }
            guard state.status == .deleted else { return sweep.result.fail(PurgeSweep.notDeleted) }
            sweep.result.succeeded += 1
            if state.isFile {
                if let parent = state.parent { sweep.files[parent, default: 0] += 1 }
            } else {
                try sweep.purgeFolder(state.id)
            }
        }
        self = sweep
    }

    private mutating func purgeFolder(_ top: AssetID) throws {
        var open = [top]
        folders.insert(top)
        while let folder = open.popLast() {
            guard let asset = try tx.asset(folder) else { continue }
            result.succeeded += asset.fileCount - (files[folder] ?? 0)
            var name: String?
            while case let children = try tx.children(of: folder, files: false, after: name, limit: 1000),
                let last = children.last
            {
                for child in children where folders.insert(child.id).inserted {
                    result.succeeded += 1
                    open.append(child.id)
                }
                name = last.name
            }
        }
    }

    mutating func move(_ ids: [AssetID], to target: Asset) throws {
        for start in stride(from: 0, to: ids.count, by: 500) {
            for asset in try tx.assets(Array(ids[start..<min(start + 500, ids.count)])) {
                do {
                    if asset.parent != target.id {
                        _ = try tx.checkRelocation(of: asset, into: target, named: AssetName(stored: asset.name))
                    }
                    result.succeeded += 1
                } catch let error as AssetError where error.code == .unprocessable {
                    result.fail(error.message)
                }
            }
        }
    }
}
