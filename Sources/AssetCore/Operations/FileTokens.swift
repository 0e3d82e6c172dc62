package import NIOCore

/// The media store: bytes that wait to be attached to a segment (segment reference 4).
extension AssetService {
    /// Takes the bytes of one file of an upload. They are not kept unless `storeFiles` names them.
    /// - Parameter name: as uploaded; may contain folders. It must be a valid path, as it will be when the file is attached.
    package func ingestFile<Body: AsyncSequence & Sendable>(
        _ body: Body, named name: String, limit: Int64
    ) async throws -> IngestedFile where Body.Element == ByteBuffer {
        let path = try SegmentPath(fileName: name, relativePath: nil, locale: nil, languages: [], isNew: true)
        return try await ingest(body, named: path.name, limit: limit)
    }

    /// Keeps files under new tokens of 32 hexadecimal digits, all or none. Only their uploader can use them, for 24 hours, more
    /// than once.
    package func storeFiles(_ user: User, _ files: [(file: IngestedFile, name: String)]) async throws -> [String] {
        try await commit(.rows, files.map(\.file)) { [settings] tx, contents, now in
            try zip(contents, files).map { content, file in
                let token = Secrets.hex(Secrets.randomBytes(16))
                try tx.insertFileToken(
                    token, user: user.id, blob: content.blob, name: file.name, now: now,
                    expiresOn: now.adding(seconds: settings.fileTokenLifetime))
                return token
            }
        }
    }

    /// The file behind a token.
    /// - Throws: `fileNotFound` when it is unknown, expired, or another user's.
    package func file(_ user: User, token: String) async throws -> FileToken {
        let now = clock.now()
        guard let file = try await catalog.lookUp({ try $0.fileToken(token.lowercased(), user: user.id, now: now) })
        else {
            throw AssetError(.fileNotFound, "The requested file does not exist.")
        }
        return file
    }
}
