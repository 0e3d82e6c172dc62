import ArgumentParser
import AssetHTTP

@main
struct Stockroom: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stockroom",
        abstract: "An asset server for product projects and translation segments.",
        discussion: """
            Every option can also be set in the environment (STOCKROOM_DATA for --data, STOCKROOM_PUBLIC_URL for \
            --public-url) or in a JSON file named by --config or STOCKROOM_CONFIG. What is on the command line wins.
            """,
        version: stockroomVersion,
        subcommands: [
            Serve.self, Demo.self, AccountCommand.self, UserCommand.self, ProjectCommand.self, MemberCommand.self,
            APIKeyCommand.self, DocumentCommand.self, JobScopeCommand.self, Export.self, Import.self, MediaCommand.self,
            MediaWorkerCommand.self, Migrate.self,
        ])
}
