import ArgumentParser
import AssetCore

struct Generate: StorageCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a project with many assets, to try things out and to measure.",
        discussion: """
            Folders five levels deep with small files in them, with titles in two languages and metadata. The project is \
            seen when it is complete; the server may run.
            """)
    @OptionGroup var storage: StorageOptions
    @Option(help: "How many files and folders, from 2 to 100000000.") var assets: Int
    @Option(help: "The account's code.") var account = "demo"
    @Option(help: "The username of its owner, a manager of the account.") var owner = "demo"
    @Option(help: "The project's name.") var name = "Generated"
    @Option(help: "The project's number. (default: the next free one from 8000 on)") var number: Int64?
    @Flag(help: "All files in one folder.") var flat = false
    @Option(help: "The same seed makes the same assets, but for their gids.") var seed: UInt64 = 1

    func validate() throws {
        guard (2...100_000_000).contains(assets) else {
            throw ValidationError("assets: use a number from 2 to 100000000")
        }
    }

    func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
        guard let lock = DataFolderLock(folder: configuration.data, .imports) else {
            throw CommandFailure(description: "An import runs on the data folder \(configuration.data)")
        }
        defer { lock.release() }
        let bar = ProgressBar("Adding assets", total: Int64(assets))
        let target = AssetService.ImportTarget(account: account, owner: owner, number: number, omitsDocuments: true)
        let made = try await service.generateProject(
            named: name, into: target, assets: assets, isFlat: flat, seed: seed
        ) { bar.show(Int64($0)) }
        bar.end()
        return (
            [
                "gid": JSON(made.project.gid), "number": .int(made.project.number), "folder": JSON(made.top),
                "assets": JSON(assets), "files": JSON(made.files), "folders": JSON(made.folders),
            ],
            "Project \(made.project.number) (\(made.project.gid)) with \(made.files) files in \(made.folders) folders"
        )
    }
}
