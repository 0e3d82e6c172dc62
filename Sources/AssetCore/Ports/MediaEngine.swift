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

/// Looks at the first bytes of files. It never fails an upload: what cannot be known is null.
package protocol MediaEngine: Sendable {
    /// - Parameters:
    ///   - head: the first bytes of the file, at least `headLength` unless the file is shorter.
    ///   - name: its name, for the type of files whose content does not tell.
    ///   - size: the size of the whole file in bytes.
    func inspect(head: ByteBuffer, name: AssetName, size: Int64) async -> MediaInspection

    /// How many bytes `inspect` wants to see.
    var headLength: Int { get }
}

/// A file that is to be decoded.
package struct MediaSource: Sendable {
    package let blob: Blob
    /// The type that its first bytes show.
    package let type: String?

    package init(blob: Blob, type: String?) {
        self.blob = blob
        self.type = type
    }
}

/// What a recipe gave.
package struct Rendering: Sendable {
    package let stored: StoredBlob
    package let width: Int
    package let height: Int

    package init(stored: StoredBlob, width: Int, height: Int) {
        self.stored = stored
        self.width = width
        self.height = height
    }
}

/// Decodes files. They are hostile: an implementation bounds memory, time and output, and survives the crash of a decoder.
package protocol MediaRenderer: Sendable {
    /// Whether files of this type are worth a call of `examine`.
    func canExamine(_ type: String?) -> Bool

    /// Reads all of a file, and answers what it is: `info` as in section 11.3, on the ground of what its first bytes told. The
    /// `format` of a file that is broken is null.
    /// - Parameter isWaitedFor: whether somebody waits for it; otherwise it comes after all for whom that is so.
    /// - Returns: nil when it took too long, or the decoder ended: perhaps it does not another time.
    /// - Throws: `rateLimited` when too many wait; `unavailable` when there is nothing to decode with. Never for what is in the
    ///   file.
    func examine(
        _ source: MediaSource, info: JSON, in blobs: any BlobStore, isWaitedFor: Bool
    ) async throws -> JSON?

    /// Makes an output and stores it. When this throws, nothing is stored.
    /// - Throws: `processFailed` when the source is not of a type that can be rendered, is broken, or is larger than what the
    ///   limits allow, and when there is nothing to render with; `rateLimited` when too many wait.
    func render(_ source: MediaSource, _ recipe: Recipe, in blobs: any BlobStore) async throws -> Rendering
}
