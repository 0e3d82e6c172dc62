/// A pathname of the project dialect, from the root: `/`, `/products`, `/products/a.jpg` (project reference 2.1).
package struct AssetPath: Hashable, Sendable {
    /// The names from the root down; empty for the root itself.
    package let names: [AssetName]

    /// The deepest path that is accepted: deeper trees are refused when they are made.
    package static let maximumDepth = 2000

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
