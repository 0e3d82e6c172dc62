import AssetCore

/// What the tree should be, in the simplest words: for comparing with the catalog.
struct TreeModel {
    struct Node: Equatable {
        var name: String
        var parent: GID?
        let isFile: Bool
        var isDeleted = false
        var version = 1
        /// What its bytes are.
        var content = 0
        /// The bulk job that was the last to change its status; 0 for anything else.
        var statusJob = 0
        /// The contents before the present one, by version.
        var oldContents: [Int: Int] = [:]

        /// As far as the catalog shows it.
        static func == (left: Node, right: Node) -> Bool {
            (left.name, left.parent, left.isFile) == (right.name, right.parent, right.isFile)
                && (left.isDeleted, left.version, left.content) == (right.isDeleted, right.version, right.content)
        }
    }

    /// Where a bulk move took something from, and where it put it.
    struct Move {
        let gid: GID
        let from: (parent: GID, name: String)
        let to: (parent: GID, name: String)
    }

    let root: GID
    private(set) var nodes: [GID: Node]
    private var moves: [Int: [Move]] = [:]
    /// The versions of what was removed for good.
    private var purged: [GID: Int] = [:]
    static let keptVersions = 10

    init(root: GID) {
        self.root = root
        nodes = [root: Node(name: "", parent: nil, isFile: false)]
    }

    func children(of gid: GID) -> [GID] { nodes.filter { $0.value.parent == gid }.map(\.key) }

    func subtree(of gid: GID) -> [GID] { [gid] + children(of: gid).flatMap(subtree) }

    func pathname(of gid: GID) -> String {
        guard let node = nodes[gid], let parent = node.parent else { return "/" }
        return (parent == root ? "" : pathname(of: parent)) + "/" + node.name
    }

    func isOpen(_ gid: GID) -> Bool { nodes[gid].map { !$0.isFile && !$0.isDeleted } ?? false }

    private func freeName(_ name: String, in parent: GID, for gid: GID? = nil) -> String {
        let taken = Set(children(of: parent).filter { $0 != gid }.compactMap { nodes[$0]?.name })
        let (base, ending) = name.hasSuffix(".txt") ? (String(name.dropLast(4)), ".txt") : (name, "")
        return ([name] + (2...1000).map { "\(base) \($0)\(ending)" }).first { !taken.contains($0) } ?? name
    }

    // MARK: What the operations should do; each answers whether it is allowed

    func nameOfNew(_ name: String, in parent: GID) -> String? { isOpen(parent) ? freeName(name, in: parent) : nil }

    mutating func add(_ gid: GID, _ name: String, in parent: GID, content: Int?) {
        nodes[gid] = Node(name: name, parent: parent, isFile: content != nil, content: content ?? 0)
    }

    mutating func replace(_ gid: GID, with content: Int) -> Bool {
        guard let node = nodes[gid], node.isFile, !node.isDeleted else { return false }
        nodes[gid]?.oldContents[node.version] = node.content
        let kept = node.oldContents.keys.sorted(by: >).prefix(Self.keptVersions - 2)
        for version in node.oldContents.keys where !kept.contains(version) { nodes[gid]?.oldContents[version] = nil }
        nodes[gid]?.version += 1
        nodes[gid]?.content = content
        nodes[gid]?.statusJob = 0
        return true
    }

    mutating func revert(_ gid: GID, to version: Int) -> Bool {
        guard let node = nodes[gid], !node.isDeleted, let content = node.oldContents[version] else { return false }
        return replace(gid, with: content)
    }

    mutating func delete(_ gid: GID, by job: Int = 0) -> Bool {
        guard let node = nodes[gid], node.parent != nil, !node.isDeleted else { return false }
        for member in subtree(of: gid) { setDeleted(true, member, by: job) }
        return true
    }

    mutating func undelete(_ gid: GID, by job: Int = 0) -> Bool {
        guard let node = nodes[gid], let parent = node.parent, node.isDeleted, isOpen(parent) else { return false }
        for member in subtree(of: gid) { setDeleted(false, member, by: job) }
        return true
    }

    private mutating func setDeleted(_ isDeleted: Bool, _ gid: GID, by job: Int) {
        guard nodes[gid]?.isDeleted != isDeleted else { return }
        nodes[gid]?.isDeleted = isDeleted
        nodes[gid]?.statusJob = job
    }

    /// Takes back what bulk jobs did, as far as it stands.
    mutating func undoDelete(_ job: Int) {
        changeBack(job, isDeleted: true) { model, gid in model.nodes[gid]?.parent.map(model.isOpen) ?? false }
    }

    mutating func undoUndelete(_ job: Int) {
        changeBack(job, isDeleted: false) { model, gid in
            model.children(of: gid).allSatisfy { model.nodes[$0]?.isDeleted == true }
        }
    }

    private mutating func changeBack(_ job: Int, isDeleted: Bool, _ isReady: (TreeModel, GID) -> Bool) {
        var changed = true
        while changed {
            changed = false
            for (gid, node) in nodes
            where node.statusJob == job && node.isDeleted == isDeleted && isReady(self, gid) {
                setDeleted(!isDeleted, gid, by: 0)
                changed = true
            }
        }
    }

    mutating func undoMove(_ job: Int) {
        for move in (moves[job] ?? []).reversed() {
            guard let node = nodes[move.gid], node.parent == move.to.parent, node.name == move.to.name,
                isOpen(move.from.parent), !subtree(of: move.gid).contains(move.from.parent)
            else { continue }
            relocate(move.gid, to: move.from.parent, named: move.from.name)
        }
    }

    /// What a restore makes of the tree: the old one, with the versions that have been counted since.
    mutating func restore(_ old: TreeModel) {
        var restored = old.nodes
        for (gid, before) in old.nodes {
            restored[gid]?.statusJob = 0
            guard let now = nodes[gid] else {
                restored[gid]?.oldContents = [:]
                // A version number does not come again with other bytes.
                if let last = purged[gid], before.isFile, last > before.version { restored[gid]?.version = last + 1 }
                continue
            }
            restored[gid]?.version = now.version
            restored[gid]?.oldContents = now.oldContents
            if now.content != before.content {
                restored[gid]?.version = now.version + 1
                restored[gid]?.oldContents[now.version] = now.content
            }
            if now.isDeleted == before.isDeleted { restored[gid]?.statusJob = now.statusJob }
        }
        for (gid, node) in nodes where restored[gid] == nil { purged[gid] = node.version }
        nodes = restored
    }

    mutating func purge(_ gid: GID) -> Bool {
        guard nodes[gid]?.isDeleted == true else { return false }
        for member in subtree(of: gid) {
            purged[member] = nodes[member]?.version
            nodes[member] = nil
        }
        return true
    }

    mutating func move(_ gid: GID, to target: GID, by job: Int = 0) -> Bool {
        guard let node = nodes[gid], let parent = node.parent, isOpen(target) else { return false }
        if parent == target { return true }
        guard !subtree(of: gid).contains(target) else { return false }
        let name = relocate(gid, to: target, named: node.name)
        moves[job, default: []].append(Move(gid: gid, from: (parent, node.name), to: (target, name)))
        return true
    }

    mutating func rename(_ gid: GID, to name: String) -> Bool {
        guard let parent = nodes[gid]?.parent else { return false }
        relocate(gid, to: parent, named: name)
        return true
    }

    @discardableResult
    private mutating func relocate(_ gid: GID, to target: GID, named name: String) -> String {
        let free = freeName(name, in: target, for: gid)
        nodes[gid]?.name = free
        nodes[gid]?.parent = target
        return free
    }
}
