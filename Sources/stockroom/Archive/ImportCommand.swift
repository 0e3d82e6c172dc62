import ArgumentParser
import AssetCore
import Foundation
import NIOCore

struct Import: StorageCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a project from a tar file that 'stockroom export' wrote.",
        discussion: """
            All of it, or nothing: the project is seen when it is complete. It keeps its gids; the server may run.
            """)
    @OptionGroup var storage: StorageOptions
    @Option(help: "The account's code.") var account: String
    @Option(help: "The username of its owner, a manager of the account.") var owner: String
    @Option(help: "The project's number. (default: the one in the file)") var number: Int64?
    @Flag(help: "Leave the documents and segments of the translation platform out.") var withoutDocuments = false
    @Argument(help: "The file to read; - for standard input.") var file: String

    func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
        guard let lock = DataFolderLock(folder: configuration.data, .imports) else {
            throw CommandFailure(description: "Another import runs on the data folder \(configuration.data)")
        }
        defer { lock.release() }
        let input: FileHandle
        if file == "-" {
            input = .standardInput
        } else {
            guard let handle = FileHandle(forReadingAtPath: file) else {
                throw CommandFailure(description: "'\(file)' cannot be read")
            }
            input = handle
        }
        let target = AssetService.ImportTarget(
            account: account, owner: owner, number: number, omitsDocuments: withoutDocuments)
        let (project, result) = try await ArchiveReader(service: service, tar: TarReader(input)).read(into: target)
        return (
            [
                "gid": JSON(project.gid), "number": .int(project.number), "assets": .int(result.assets),
                "bytes": .int(result.bytes),
            ],
            "Project \(project.number) (\(project.gid)) with \(result.assets) assets imported"
        )
    }
}

/// Makes a project from a tar file.
private final class ArchiveReader {
    struct Result: Sendable {
        var assets: Int64 = 0
        var bytes: Int64 = 0
    }

    private let service: AssetService
    private let tar: TarReader
    private static let batch = 500

    init(service: AssetService, tar: TarReader) {
        self.service = service
        self.tar = tar
    }

    func read(into target: AssetService.ImportTarget) async throws -> (Project, Result) {
        guard let first = try tar.next(), first.name == "manifest.json" else {
            throw CommandFailure(description: "The file does not begin with the manifest of a project")
        }
        let manifest = try ProjectManifest(JSON(parsing: tar.body()))
        try await service.removeUnfinishedImports(of: manifest.gid)
        let project = try await service.beginImport(manifest, into: target)
        do {
            let (result, blobs) = try await readContent(of: project, manifest)
            try await service.finishImport(of: project, manifest, blobs: blobs)
            return (project, result)
        } catch {
            try? await service.abandonImport(of: project)
            throw error
        }
    }

    private func readContent(
        of project: Project, _ manifest: ProjectManifest
    ) async throws -> (Result, [String: BlobID]) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("stockroom-\(GID()).jsonl")
        guard
            FileManager.default.createFile(atPath: path.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw CommandFailure(description: "'\(path.path)' cannot be written") }
        defer { try? FileManager.default.removeItem(at: path) }
        let lines = try FileHandle(forUpdating: path)
        defer { try? lines.close() }

        var result = Result()
        var blobs: [String: BlobID] = [:]
        let bytes = ProgressBar("Reading bytes", total: manifest.assetCount)
        while let entry = try tar.next() {
            switch (entry.kind, entry.name) {
            case (.file, "assets.jsonl"):
                while let piece = try tar.piece() { try lines.write(contentsOf: Data(piece.readableBytesView)) }
            case (.file, _):
                let stored = try await service.blobs.put(TarBody(reader: tar), limit: .max)
                let (hash, blob) = try await service.importBytes(stored, for: project)
                blobs[hash] = blob
                result.bytes += stored.size
                bytes.show(Int64(blobs.count), ", \(result.bytes / 1_000_000) MB")
            case (.hardLink, _), (.folder, _): break
            }
        }
        bytes.end()
        try lines.seek(toOffset: 0)
        result.assets = try await readAssets(lines, into: project, manifest, blobs)
        return (result, blobs)
    }

    private func readAssets(
        _ lines: FileHandle, into project: Project, _ manifest: ProjectManifest, _ blobs: [String: BlobID]
    ) async throws -> Int64 {
        let bar = ProgressBar("Adding assets", total: manifest.assetCount)
        var count: Int64 = 0
        var batch: [ArchivedAsset] = []
        func flush() async throws {
            try await service.importAssets(batch, into: project, blobs: blobs)
            count += Int64(batch.count)
            batch = []
            bar.show(count)
        }
        var rest = Data()
        while true {
            let data = try lines.read(upToCount: 1 << 20) ?? Data()
            rest += data
            while let end = rest.firstIndex(of: 0x0a) {
                batch.append(try ArchivedAsset(JSON(parsing: rest[rest.startIndex..<end])))
                rest = rest[rest.index(after: end)...]
                if batch.count == Self.batch { try await flush() }
            }
            if data.isEmpty { break }
        }
        guard rest.isEmpty else { throw CommandFailure(description: "The list of assets ends too early") }
        try await flush()
        bar.end()
        return count
    }
}
