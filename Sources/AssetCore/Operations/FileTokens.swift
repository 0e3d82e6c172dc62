package import NIOCore

/// The media store: bytes that wait to be attached to a segment (segment reference 4).
extension AssetService {
    /// Stores bytes under a new token of 32 hexadecimal digits. Only its uploader can use it, for 24 hours, more than once.
    ///
    /// The row is committed before this returns, so that of several files each is safe while the next one still arrives.
    /// - Parameter name: as uploaded; may contain folders. Its base name must be a valid name.
    package func storeFile<Body: AsyncSequence & Sendable>(
        _ user: User, _ body: Body, named name: String, limit: Int64
    ) async throws -> String where Body.Element == ByteBuffer {
        // Checked before the bytes are taken, as it will be when the token is attached.
        let path = try SegmentPath(fileName: name, relativePath: nil, locale: nil, languages: [], isNew: true)
        let file = try await ingest(body, named: path.name, limit: limit)
        let token = Secrets.hex(Secrets.randomBytes(16))
        return try await commit(file) { [settings] tx, content, now in
            try tx.insertFileToken(
                token, user: user.id, blob: content.blob, name: name, now: now,
                expiresOn: now.adding(seconds: settings.fileTokenLifetime))
            return token
        }
    }

    /// The file behind a token.
    /// - Throws: `fileNotFound` when it is unknown, expired, or another user's.
    package func file(_ user: User, token: String) async throws -> FileToken {
        let now = clock.now()
        guard let file = try await catalog.read({ try $0.fileToken(token.lowercased(), user: user.id, now: now) }) else {
            throw AssetError(.fileNotFound, "The requested file does not exist.")
        }
        return file
    }
}
