import ArgumentParser
import AssetHTTP
import Dispatch
import Foundation

@main
enum Program {
    /// Not asynchronous, so that a media worker can lock itself in before the process has a second thread.
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == MediaWorkerCommand.configuration.commandName {
            MediaWorkerCommand.main(Array(arguments.dropFirst()))
        }
        atexit { Storage.closeFiles() }
        // The main thread has nothing else to do. Errors end the process within.
        Task {
            await Stockroom.main()
            exit(0)
        }
        dispatchMain()
    }
}

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
            APIKeyCommand.self, DocumentCommand.self, JobScopeCommand.self, Export.self, Import.self, Generate.self,
            MediaCommand.self,
            MediaWorkerCommand.self, Migrate.self, CopyCommand.self, Fsck.self,
        ])
}
