import ArgumentParser
import AssetCore
import Foundation
import NIOCore

/// Writes a project as a tar file: `manifest.json`, `icon`, `files/<pathname>`, `versions/<gid>~<version>` for the bytes that files had
/// before, and `assets.jsonl` (a line for each asset). Bytes that come again are hard links to the first.
struct Export: StorageCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a project as a tar file.",
        discussion: """
            The export is the project at one moment, whatever goes on meanwhile; the server may run. It holds the tree \
            with the trash, old versions, texts, queries, settings, documents and segments; not members, keys and backups.
            """)
    @OptionGroup var storage: StorageOptions
    @Option(help: "The project's gid or number.") var project: ProjectName
    @Argument(help: "The file to write; - for standard output.") var file: String

    func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
        let isStandardOutput = file == "-"
        let draft = file + ".part"
        if !isStandardOutput {
            guard FileManager.default.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CommandFailure(description: "'\(draft)' cannot be written") }
        }
        let output =
            isStandardOutput ? FileHandle.standardOutput : try FileHandle(forWritingTo: URL(fileURLWithPath: draft))
        do {
            let result = try await service.export(project) { exported in
                try await ArchiveWriter(service: service, tar: TarWriter(output)).write(exported)
            }
            if !isStandardOutput {
                try output.synchronize()
                try output.close()
                guard rename(draft, file) == 0 else {
                    throw CommandFailure(description: "'\(file)' cannot be written")
                }
            }
            let json: JSON = [
                "project": JSON(result.gid), "assets": .int(result.assets), "files": .int(result.files),
                "bytes": .int(result.bytes), "file": .string(file),
            ]
            // The file itself goes to standard output.
            if isStandardOutput { throw ExitCode.success }
            return (json, "\(result.assets) assets with \(result.bytes) bytes written to \(file)")
        } catch {
            if !isStandardOutput { unlink(draft) }
            throw error
        }
    }
}

/// Puts a snapshot into a tar file.
private final class ArchiveWriter {
    struct Result: Sendable {
        var gid: GID
        var assets: Int64 = 0
        var files: Int64 = 0
        /// Of each content once.
        var bytes: Int64 = 0
    }

    private let service: AssetService
    private let tar: TarWriter
    /// The entry that has the bytes.
    private var written: [BlobID: String] = [:]

    init(service: AssetService, tar: TarWriter) {
        self.service = service
        self.tar = tar
    }

    func write(_ project: AssetService.ExportedProject) async throws -> Result {
        var result = Result(gid: project.manifest.gid)
        try tar.add("manifest.json", Data(project.manifest.json.text.utf8))
        if let icon = project.icon { _ = try await write(icon, as: "icon", project.manifest.createdOn) }
        let bar = ProgressBar("Exporting", total: project.manifest.assetCount)
        let lines = try Lines()
        defer { lines.remove() }
        try await service.forEachAsset(of: project) { assets in
            try lines.add(assets.map { $0.asset.json.text + "\n" }.joined())
            for exported in assets {
                if let blob = exported.blob {
                    result.files += 1
                    result.bytes += try await write(
                        blob, as: "files" + exported.pathname, exported.asset.updatedOn)
                }
                for (version, blob) in exported.oldBlobs {
                    result.bytes += try await write(
                        blob, as: "versions/\(exported.asset.gid)~\(version)", exported.asset.updatedOn)
                }
                result.assets += 1
                bar.show(result.assets, ", \(result.bytes / 1_000_000) MB")
            }
        }
        bar.end()
        guard result.assets == project.manifest.assetCount else {
            throw CommandFailure(description: "The project was removed while it was exported")
        }
        try lines.write(to: tar)
        try tar.finish()
        return result
    }

    /// Answers how many bytes were written.
    private func write(_ blob: Blob, as name: String, _ modifiedOn: Timestamp) async throws -> Int64 {
        var entry = TarEntry(name: name, size: blob.size, modifiedOn: modifiedOn.microseconds / 1_000_000)
        if let first = written[blob.id] {
            entry.kind = .hardLink
            entry.size = 0
            entry.linkName = first
            try tar.begin(entry)
            return 0
        }
        written[blob.id] = name
        try tar.begin(entry)
        if blob.size > 0 {
            try await service.blobs.read(blob.location, range: 0..<blob.size) { [tar] in try tar.write($0) }
        }
        try tar.end(entry)
        return blob.size
    }
}

/// The lines of the assets, collected in a file: the size of an entry stands before it.
private struct Lines {
    private let path: URL
    private let file: FileHandle

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("stockroom-\(GID()).jsonl")
        guard
            FileManager.default.createFile(atPath: path.path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw CommandFailure(description: "'\(path.path)' cannot be written") }
        file = try FileHandle(forUpdating: path)
    }

    func add(_ text: String) throws { try file.write(contentsOf: Data(text.utf8)) }

    func write(to tar: TarWriter) throws {
        let entry = TarEntry(name: "assets.jsonl", size: Int64(try file.offset()))
        try file.seek(toOffset: 0)
        try tar.begin(entry)
        while let data = try file.read(upToCount: 1 << 20), !data.isEmpty { try tar.write(.init(bytes: data)) }
        try tar.end(entry)
    }

    func remove() {
        try? file.close()
        try? FileManager.default.removeItem(at: path)
    }
}
