/// The second, full look at files, after their upload has been answered (project reference 11.3).
extension AssetService {
    /// How often a file is tried that ends whoever looks at it.
    private static let maximumAttempts = 3
    /// The longest `info`, in bytes, so that texts in files do not swell the catalog.
    package static let maximumInfo = 64 << 10

    /// `info` of a file, complete: a file that waits for its examination is examined first, if that can be done now.
    /// - Throws: `unprocessable` when the file or the version does not exist, or the file is deleted.
    package func mediaInfo(_ caller: Caller, _ storage: StorageName) async throws -> JSON {
        try caller.require(.read)
        let (file, isWaiting) = try await catalog.read { tx in
            let file = try tx.storedFile(storage, in: caller.project)
            return (file, try tx.awaitsExamination(file.asset.id))
        }
        guard isWaiting, file.isNewest else { return file.content.info }
        do {
            try await examine(file.asset.id, isWaitedFor: true)
        } catch let error as AssetError where error.code == .rateLimited || error.code == .unavailable {
            return file.content.info
        }
        return try await catalog.read { try $0.storedFile(storage, in: caller.project).content.info }
    }

    /// Examines the files that wait; answers how many there were.
    /// - Throws: `rateLimited`, `unavailable`: they wait on then. `internalError` when all have been tried, and some could not be
    ///   read: those wait for the next attempt.
    package func examineNext(limit: Int) async throws -> Int {
        let waiting = try await catalog.read { try $0.examinations(limit: limit) }
        var failure: AssetError?
        for asset in waiting {
            do {
                try await examine(asset, isWaitedFor: false)
            } catch let error as AssetError where error.code == .internalError {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return waiting.count
    }

    private func examine(_ id: AssetID, isWaitedFor: Bool) async throws {
        try await examinationsInWork.share(id) {
            guard let renderer else { return }
            let begun = try await catalog.write(.rows) { tx -> (asset: Asset, content: Asset.Content, blob: Blob)? in
                // The attempt first: it waits for whoever gives the file other bytes, which have attempts of their own.
                guard try tx.beginExamination(of: id) <= Self.maximumAttempts, let asset = try tx.asset(id),
                    let content = asset.content
                else {
                    try tx.endExamination(of: id)
                    return nil
                }
                return (asset, content, try tx.requireBlob(content.blob))
            }
            guard let (asset, content, blob) = begun else { return }
            let known = try JSON(parsing: content.info.text)
            let found: JSON?
            do {
                found = try await renderer.examine(
                    MediaSource(blob: blob, type: content.type), info: known, in: blobs, isWaitedFor: isWaitedFor)
            } catch let error as AssetError where error.code == .rateLimited || error.code == .unavailable {
                // Nothing has been tried.
                try await catalog.write(.rows) { try $0.undoExaminationAttempt(of: id) }
                throw error
            }
            // It could not be read this time: the next attempt may have more luck.
            guard let text = found?.text else { return }
            try await catalog.write(.project(asset.project)) { tx in
                // Other bytes may have come meanwhile, which wait for an examination of their own.
                guard let now = try tx.asset(id), now.content?.blob == content.blob else { return }
                try tx.endExamination(of: id)
                guard text.utf8.count <= Self.maximumInfo, text != now.content?.info.text else { return }
                try tx.setInfo(of: id, to: .raw(text))
                try tx.append(.update, .assets, [now.gid], in: now.project)
            }
        }
    }
}
