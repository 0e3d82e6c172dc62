import AssetCore

/// What the tree should be, in the simplest words: for comparing with the catalog.
struct TreeModel {
    struct Node: Equatable {
        var name: String
        var parent: GID?
        let isFile: Bool
        var isDeleted = false
        var version = 1
    }

    let root: GID
    private(set) var nodes: [GID: Node]

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

    private func freeName(_ name: String, in parent: GID) -> String {
        let taken = Set(children(of: parent).compactMap { nodes[$0]?.name })
        let (base, ending) = name.hasSuffix(".txt") ? (String(name.dropLast(4)), ".txt") : (name, "")
        return ([name] + (2...1000).map { "\(base) \($0)\(ending)" }).first { !taken.contains($0) } ?? name
    }

    // MARK: What the operations should do; each answers whether it is allowed

    func nameOfNew(_ name: String, in parent: GID) -> String? { isOpen(parent) ? freeName(name, in: parent) : nil }

    mutating func add(_ gid: GID, _ name: String, in parent: GID, isFile: Bool) {
        nodes[gid] = Node(name: name, parent: parent, isFile: isFile)
    }

    mutating func replace(_ gid: GID) -> Bool {
        guard let node = nodes[gid], node.isFile, !node.isDeleted else { return false }
        nodes[gid]?.version += 1
        return true
    }

    mutating func delete(_ gid: GID) -> Bool {
        guard let node = nodes[gid], node.parent != nil, !node.isDeleted else { return false }
        for member in subtree(of: gid) { nodes[member]?.isDeleted = true }
        return true
    }

    mutating func undelete(_ gid: GID) -> Bool {
        guard let node = nodes[gid], let parent = node.parent, node.isDeleted, isOpen(parent) else { return false }
        for member in subtree(of: gid) { nodes[member]?.isDeleted = false }
        return true
    }

    mutating func purge(_ gid: GID) -> Bool {
        guard nodes[gid]?.isDeleted == true else { return false }
        for member in subtree(of: gid) { nodes[member] = nil }
        return true
    }

    mutating func move(_ gid: GID, to target: GID) {
        guard let node = nodes[gid], let parent = node.parent, parent != target, !subtree(of: gid).contains(target)
        else {
            return
        }
        let name = freeName(node.name, in: target)
        nodes[gid]?.name = name
        nodes[gid]?.parent = target
    }
}
