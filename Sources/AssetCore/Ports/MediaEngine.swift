package import NIOCore

/// What is known of a file from its bytes.
package struct MediaInspection: Sendable, Equatable {
    /// The concrete type in lower case, such as `svg`; nil when neither content nor name tells.
    package let type: String?
    /// The members of `info` in the order of section 11.3 of the project reference.
    package let info: JSON

    package init(type: String?, info: JSON) {
        self.type = type
        self.info = info
    }
}

/// Looks into files. It never fails an upload: what cannot be known is null.
package protocol MediaEngine: Sendable {
    /// - Parameters:
    ///   - head: the first bytes of the file, at least `headLength` unless the file is shorter.
    ///   - name: its name, for the type of files whose content does not tell.
    ///   - size: the size of the whole file in bytes.
    func inspect(head: ByteBuffer, name: AssetName, size: Int64) async -> MediaInspection

    /// How many bytes `inspect` wants to see.
    var headLength: Int { get }
}
