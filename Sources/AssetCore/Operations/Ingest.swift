package import NIOCore

/// Bytes that have been stored and looked at, but that no row names yet.
package struct IngestedFile: Sendable {
    package let stored: StoredBlob
    package let inspection: MediaInspection

    package init(stored: StoredBlob, inspection: MediaInspection) {
        self.stored = stored
        self.inspection = inspection
    }
}

extension AssetService {
    /// The one door for bytes: every upload of every dialect comes through here.
    ///
    /// The bytes are durable when this returns. If no row is committed for them, they are removed: at once with `discard`, or by
    /// the sweeper.
    /// - Parameter limit: a caller's own limit in bytes; the server's limit holds besides.
    /// - Throws: `tooLarge`; what the body throws.
    package func ingest<Body: AsyncSequence & Sendable>(
        _ body: Body, named name: AssetName, limit: Int64 = .max
    ) async throws -> IngestedFile where Body.Element == ByteBuffer {
        let watched = HeadWatcher(body, length: media.headLength)
        let stored = try await blobs.put(watched, limit: min(limit, settings.maximumUpload))
        return IngestedFile(
            stored: stored, inspection: await media.inspect(head: watched.head, name: name, size: stored.size))
    }

    /// The same bytes, looked at under another name.
    func inspectedAgain(_ file: IngestedFile, as name: String) async throws -> IngestedFile {
        let head = try await blobs.head(file.stored.location, length: media.headLength)
        return IngestedFile(
            stored: file.stored,
            inspection: await media.inspect(head: head, name: AssetName(stored: name), size: file.stored.size))
    }

    func content(_ blob: Blob, _ inspection: MediaInspection) -> Asset.Content {
        var content = Asset.Content(blob: blob.id, size: blob.size, type: inspection.type, info: inspection.info)
        content.awaitsExamination = renderer?.canExamine(inspection.type) ?? false
        return content
    }

    /// Removes bytes whose row was not committed after all. Never throws: the sweeper finds what stays.
    package func discard(_ file: IngestedFile) async {
        try? await blobs.remove(file.stored.location)
    }

    /// Where the same bytes should be already, when they are not: the new ones then take their place.
    func lostTwin(of stored: StoredBlob) async -> String? {
        guard let known = try? await catalog.lookUp({ try $0.blob(hash: stored.hash) }),
            known.location != stored.location, let store = blobs as? any MeasuringBlobStore
        else { return nil }
        do {
            return try await store.size(of: known.location) == known.size ? nil : known.location
        } catch {
            // A store that does not answer has lost nothing.
            return nil
        }
    }

    /// Runs the transaction that names the bytes of one file; see the form for several.
    func commit<Value: Sendable>(
        _ scope: WriteScope, _ file: IngestedFile,
        _ body: @escaping @Sendable (any CatalogTransaction, Asset.Content, Timestamp) throws -> Value
    ) async throws -> Value {
        try await commit(scope, [file]) { tx, contents, now in try body(tx, contents[0], now) }
    }

    /// Runs the transaction that names the bytes. When the operation refuses, the bytes go; when the database fails, they stay for
    /// the sweeper to judge, because a failed commit may have been carried out.
    func commit<Value: Sendable>(
        _ scope: WriteScope, _ files: [IngestedFile],
        _ body: @escaping @Sendable (any CatalogTransaction, [Asset.Content], Timestamp) throws -> Value
    ) async throws -> Value {
        var lost: [String?] = []
        for file in files { lost.append(await lostTwin(of: file.stored)) }
        do {
            return try await catalog.write(scope) { [clock, lost] tx in
                let now = clock.now()
                let contents = try zip(files, lost).map { file, lost in
                    content(try tx.claimBlob(file.stored, replacing: lost, now: now), file.inspection)
                }
                return try body(tx, contents, now)
            }
        } catch {
            let mayHaveBeenDone = (error as? AssetError)?.mayHaveBeenCarriedOut ?? false
            if !mayHaveBeenDone { for file in files { await discard(file) } }
            throw error
        }
    }
}
