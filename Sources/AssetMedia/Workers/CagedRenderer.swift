package import AssetCore
import Foundation
import NIOPosix

/// Decodes in worker processes, so that a hostile file costs one of them at most.
package final class CagedRenderer: MediaRenderer {
    private let settings: MediaSettings
    private let pool: WorkerPool
    private let threads: NIOThreadPool

    private static let imageTypes: Set = [
        "ai", "apng", "avif", "bmp", "dib", "gif", "heic", "heif", "jfif", "jpe", "jpeg", "jpg", "pdf", "pjpeg", "png",
        "svg", "tif", "tiff", "webp",
    ]

    package init(_ settings: MediaSettings) {
        self.settings = settings
        threads = NIOThreadPool(numberOfThreads: settings.workers + 2)
        threads.start()
        pool = WorkerPool(settings, threads: threads)
    }

    package func canExamine(_ type: String?) -> Bool {
        guard let type else { return false }
        return Self.imageTypes.contains(type) || (settings.ffprobe != nil && MovieTools.knows(type))
    }

    package func examine(
        _ source: MediaSource, info: JSON, in blobs: any BlobStore, isWaitedFor: Bool
    ) async throws -> JSON? {
        guard canExamine(source.type) else { return info }
        let open: @Sendable () async throws -> Opener = { try await self.opener(of: source.blob, in: blobs) }
        let facts = try await pool.pass(isWaitedFor ? .waitedFor : .background, getting: open) {
            [pool, settings] open throws -> MediaFacts? in
            let file = try open()
            do {
                if MovieTools.knows(source.type) {
                    return try Self.probe(file.descriptor, source.type, settings)
                }
                let reply = try pool.exchange(.examine, type: source.type, source: file.descriptor, output: nil)
                guard case .examined(let facts) = reply else { return .broken }
                return facts
            } catch WorkerDeath.unavailable(let reason) {
                throw AssetError(.unavailable, "There is nothing to decode with", detail: reason)
            } catch WorkerDeath.toolFailed {
                return .broken
            } catch is WorkerDeath {
                // Perhaps it was not the file: the system may be short of memory or time.
                return nil
            }
        }
        return facts?.added(to: info)
    }

    package func render(
        _ source: MediaSource, _ recipe: Recipe, in blobs: any BlobStore
    ) async throws -> Rendering {
        let isMovie = MovieTools.knows(source.type)
        if isMovie, settings.ffmpeg == nil || !Self.hasPicture(source.type) {
            throw AssetError.cannotRender("Files of this kind cannot be rendered here")
        }
        let open: @Sendable () async throws -> Opener = {
            do {
                return try await self.opener(of: source.blob, in: blobs)
            } catch let error as AssetError where error.code == .unavailable {
                throw AssetError.cannotRenderNow(error)
            }
        }
        // All that blocks is done in one go: each way to another thread costs as much as opening a file.
        let (reply, output) = try await pool.pass(.waitedFor, getting: open) {
            [pool, threads, settings] open throws -> (WorkerReply, ScratchFile.Body) in
            let file: OpenFile
            let output: ScratchFile
            do {
                file = try open()
                output = try ScratchFile(in: settings.scratchFolder)
            } catch let error as AssetError where error.code == .unavailable {
                throw AssetError.cannotRenderNow(error)
            }
            do {
                let picture = isMovie ? try Self.frame(file.descriptor, source.type, settings) : nil
                let reply = try pool.exchange(
                    .render(recipe), type: picture == nil ? source.type : "png",
                    source: picture?.descriptor ?? file.descriptor, output: output.descriptor)
                return (reply, output.body(on: threads))
            } catch WorkerDeath.unavailable(let reason) {
                throw AssetError.cannotRender("There is nothing to render with at the moment", detail: reason)
            } catch WorkerDeath.tookTooLong {
                throw AssetError.cannotRender("The file takes longer than \(settings.seconds) seconds to render")
            } catch let death as WorkerDeath {
                throw AssetError.cannotRender("The file cannot be decoded", detail: "\(death)")
            } catch let error as AssetError {
                throw error
            } catch {
                throw AssetError.cannotRender("The file cannot be decoded", detail: "\(error)")
            }
        }
        switch reply {
        case .rendered(let width, let height):
            let stored = try await blobs.put(output, limit: settings.maximumOutput)
            return Rendering(stored: stored, width: width, height: height)
        case .failed(let failure): throw AssetError.cannotRender(failure.message, detail: failure.detail)
        case .examined: throw AssetError.cannotRender("The file cannot be decoded", detail: "a wrong reply")
        }
    }

    // MARK: Files

    /// A file that is open for as long as somebody holds it.
    private final class OpenFile: Sendable {
        let descriptor: CInt
        private let scratch: ScratchFile?

        init(_ descriptor: CInt) {
            self.descriptor = descriptor
            scratch = nil
        }

        init(_ scratch: ScratchFile) {
            self.scratch = scratch
            descriptor = scratch.descriptor
        }

        deinit { if scratch == nil { close(descriptor) } }
    }

    private typealias Opener = @Sendable () throws -> OpenFile

    /// Opens the blob itself where it is a file, and a copy that has been made where it is not.
    private func opener(of blob: Blob, in blobs: any BlobStore) async throws -> Opener {
        if let blobs = blobs as? any LocalBlobStore { return { OpenFile(try blobs.openFile(blob.location)) } }
        let copy = try await threads.perform { [settings] in try ScratchFile(in: settings.scratchFolder) }
        try await blobs.read(blob.location, range: 0..<blob.size) { [threads] buffer in
            try await threads.perform { try copy.append(buffer) }
        }
        return { OpenFile(copy) }
    }

    // MARK: Video and audio

    private static func hasPicture(_ type: String?) -> Bool {
        !["flac", "m4a", "m4b", "mka", "mp3", "oga", "opus", "wav"].contains(type)
    }

    private static func probe(_ source: CInt, _ type: String?, _ settings: MediaSettings) throws -> MediaFacts {
        guard let ffprobe = settings.ffprobe else { return MediaFacts() }
        let output = try ScratchFile(in: settings.scratchFolder)
        try MovieTools.run(ffprobe, type, MovieExaminer.arguments, source: source, output: output.descriptor, settings)
        let text = try unsafe MappedFile.withBytes(of: output.descriptor) { unsafe Array($0.prefix(1 << 20)) }
        return MovieExaminer.facts(text)
    }

    /// A picture that stands for the first frames.
    private static func frame(_ source: CInt, _ type: String?, _ settings: MediaSettings) throws -> ScratchFile {
        guard let ffmpeg = settings.ffmpeg else { throw WorkerDeath.crashed(status: 0) }
        let output = try ScratchFile(in: settings.scratchFolder)
        try MovieTools.run(
            ffmpeg, type,
            [
                "-nostdin", "-threads", "1", "-vf", "thumbnail=n=50", "-frames:v", "1", "-c:v", "png", "-f",
                "image2pipe", "pipe:1",
            ], source: source, output: output.descriptor, settings)
        return output
    }
}

extension AssetError {
    /// There is no room, or the bytes cannot be fetched.
    fileprivate static func cannotRenderNow(_ error: AssetError) -> AssetError {
        cannotRender("The file cannot be rendered at the moment", detail: error.detail)
    }
}
