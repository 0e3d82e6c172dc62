/// The name of a file in the calls below `/dam`: `<asset gid>~<version>.<ext>` (project reference 11.1).
///
/// The extension says nothing: clients take it from the asset's name, and leave it away when that has none.
package struct StorageName: Sendable, Equatable {
    package let gid: GID
    package let version: Int64

    /// nil when it is not of that form.
    package init?(_ text: some StringProtocol) {
        guard let tilde = text.firstIndex(of: "~"), let gid = GID(text[..<tilde]) else { return nil }
        let version = text[text.index(after: tilde)...].prefix { $0 != "." }
        guard let number = Int64(digits: version), number > 0 else { return nil }
        self.gid = gid
        self.version = number
    }

    package init(gid: GID, version: Int64) {
        self.gid = gid
        self.version = version
    }
}
