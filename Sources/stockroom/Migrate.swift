import ArgumentParser
import AssetCore
import AssetSQL
import OrderedCollections

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Brings the database to the schema of this version.",
        discussion: "Other commands do this too. A database from a newer version is refused.")
    @OptionGroup var storage: StorageOptions
    @Flag(help: "Only tell what would be done.") var dryRun = false

    func run() async throws {
        let configuration = try await ServerConfiguration(storage)
        do {
            let report = try await Migrator(try Storage.database(configuration)).run(isDryRun: dryRun)
            let names = report.applied.joined(separator: ", ")
            let verb = dryRun ? "Would apply" : "Applied"
            Output.result(
                ["applied": .array(report.applied.map(JSON.string)), "version": .int(report.version)],
                report.applied.isEmpty ? "The schema is up to date" : "\(verb): \(names)", asJSON: storage.json)
        } catch let error as AssetError {
            throw CommandFailure(description: error.message)
        }
    }
}
