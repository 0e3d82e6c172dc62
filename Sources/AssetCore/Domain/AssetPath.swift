/// A pathname of the project dialect, from the root: `/`, `/products`, `/products/a.jpg` (project reference 2.1).
package struct AssetPath: Hashable, Sendable {
    /// The names from the root down; empty for the root itself.
    package let names: [AssetName]

    /// The most names in a path, and the most bytes of a pathname: what lies deeper is refused when it is made. Each asset in an
    /// answer carries its pathname, so that without a limit a page of them could take a gigabyte.
    package static let maximumDepth = 100
    package static let maximumBytes = 4096

    /// - Throws: `unprocessable` when something with these names, from the root down, would lie too deep.
    package static func checkDepth(_ names: some Collection<String>) throws(AssetError) {
        guard names.count <= maximumDepth else {
            throw .unprocessable("The tree would be deeper than \(maximumDepth) levels")
        }
        guard names.reduce(0, { $0 + $1.utf8.count + 1 }) <= maximumBytes else {
            throw .unprocessable("The pathname would be longer than \(maximumBytes) bytes")
        }
    }

    package init(names: [AssetName]) { self.names = names }

    /// Reads a pathname; empty components, and with them doubled and trailing slashes, are not allowed except for the root.
    package init(parsing text: String, parameter: String) throws(AssetError) {
        guard text.first == "/" else { throw .badParameter(parameter, "A pathname starts with '/'") }
        var names: [AssetName] = []
        if text != "/" {
            for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
                names.append(try AssetName(String(part), parameter: parameter))
            }
        }
        self.names = names
    }

    package var pathname: String { "/" + names.map(\.description).joined(separator: "/") }
}
