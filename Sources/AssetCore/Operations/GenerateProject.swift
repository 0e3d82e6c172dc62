import NIOCore

/// A project that looks like a real one, for trying things out and for measuring: product lines, categories, families and products as
/// folders, five levels deep, and for each product its pictures and documents, with titles in two languages and metadata.
///
/// A seed decides everything but the gids. Counts as an import: the project is hidden until it is complete.
package struct GeneratedProject: Sendable {
    package let project: Project
    /// The one folder below the root that holds everything.
    package let top: GID
    package let files: Int
    package let folders: Int
}

extension AssetService {
    /// - Parameters:
    ///   - count: files and folders together, from 2 on; the root does not count.
    ///   - isFlat: all files in one folder.
    ///   - progress: told how many there are so far.
    /// - Throws: as `beginImport`.
    package func generateProject(
        named name: String, into target: ImportTarget, assets count: Int, isFlat: Bool, seed: UInt64,
        progress: (Int) -> Void
    ) async throws -> GeneratedProject {
        let manifest = ProjectManifest(
            gid: GID(), root: GID(), number: 0, name: name, createdOn: clock.now(),
            settings: ProjectSettings(timezone: "Europe/Amsterdam", languages: ["en", "nl"], queries: [], options: []),
            documents: [], icon: nil, assetCount: Int64(count) + 1)
        let project = try await beginImport(manifest, into: target, number: nil)
        do {
            let (samples, blobs) = try await storeSamples(for: project)
            var plan = ProjectPlan(
                root: manifest.root, assets: count, isFlat: isFlat, seed: seed, samples: samples, now: clock.now())
            var done = 0
            while case let batch = plan.next(200), !batch.isEmpty {
                try Task.checkCancellation()
                try await importAssets(batch, into: project, blobs: blobs)
                done += batch.count
                progress(done)
            }
            try await finishImport(of: project, manifest, blobs: blobs)
            return GeneratedProject(
                project: project, top: plan.top, files: plan.fileCount, folders: count - plan.fileCount)
        } catch {
            try? await abandonImport(of: project)
            throw error
        }
    }

    /// Small files of a few types, which all generated files share.
    private func storeSamples(for project: Project) async throws -> ([ArchivedContent], [String: BlobID]) {
        var samples: [ArchivedContent] = []
        var blobs: [String: BlobID] = [:]
        for (name, bytes) in ProjectPlan.sampleFiles {
            let body = AsyncStream { continuation in
                continuation.yield(ByteBuffer(bytes: bytes))
                continuation.finish()
            }
            let file = try await ingest(body, named: AssetName(name))
            let (hash, blob) = try await importBytes(file.stored, for: project)
            blobs[hash] = blob
            samples.append(
                ArchivedContent(
                    hash: hash, size: file.stored.size, type: file.inspection.type, info: file.inspection.info))
        }
        return (samples, blobs)
    }
}
