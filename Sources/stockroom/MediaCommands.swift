import ArgumentParser
import AssetCore
import AssetMedia

struct MediaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media", abstract: "Shows what was made of files.", subcommands: [List.self])

    struct List: StorageCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the renditions of a project: transformed files and previews.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "Only those of this file, by its gid.") var asset: String?

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            var source: GID?
            if let asset {
                guard let gid = GID(asset) else { throw ValidationError("asset: '\(asset)' is not a gid") }
                source = gid
            }
            let renditions = try await service.renditions(of: project, asset: source)
            let lines = renditions.map { gid, rendition in
                "\(gid)  \(rendition.file)  \(rendition.width)×\(rendition.height)  \(rendition.blob.size) bytes"
                    + (rendition.isPublic ? "  public" : "")
            }
            let rows = renditions.map { gid, rendition -> JSON in
                [
                    "asset": JSON(gid), "file": .string(rendition.file), "format": .string(rendition.format.rawValue),
                    "width": JSON(rendition.width), "height": JSON(rendition.height),
                    "filesize": .int(rendition.blob.size), "version": .int(rendition.version),
                    "public": .bool(rendition.isPublic), "created_on": .double(rendition.createdOn.seconds),
                ]
            }
            let text = lines.isEmpty ? "No renditions" : lines.joined(separator: "\n")
            return (["renditions": .array(rows)], text)
        }
    }
}

/// Started by the server, not by people.
struct MediaWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "media-worker", abstract: "Decodes files for the server that starts it.", shouldDisplay: false)

    @Option(help: "The server's process.") var parent: Int32
    @Option(help: "The most memory, in bytes.") var memory: Int
    @Option(name: .customLong("run"), help: "Become this program, locked in, instead of serving.") var tool: String?
    @Option(help: "The most processor time of that program.") var seconds = 60
    @Argument(parsing: .postTerminator) var arguments: [String] = []

    func run() {
        guard let tool else { MediaWorker.run(parent: parent, memory: memory) }
        MediaWorker.run(tool, arguments, parent: parent, memory: memory, seconds: seconds)
    }
}
