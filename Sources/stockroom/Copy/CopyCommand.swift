import ArgumentParser
import AssetCore
import AssetSQL
import Foundation
import OrderedCollections
import Synchronization

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copies everything to another database and blob store, of the same or of another kind.",
        discussion: """
            A place is a data folder, a configuration file as for --config, or the URLs of a database and a blob store:

              stockroom copy --from ./stockroom-data --to /srv/stockroom-data
              stockroom copy --from ./stockroom-data --to /srv/servers postgres://host/stockroom s3://bucket/prefix

            With a folder and URLs, the folder is the one of the servers, in which the secret key lies. The target must be \
            empty. Stop the servers of the source first. A copy that was stopped or killed goes on where it was when the \
            command is given again; until it is complete, no server starts on the target. At the end all rows of both ends \
            are compared; each blob is hashed while it is copied.
            """)
    @Option(parsing: .upToNextOption, help: "Where to read.") var from: [String]
    @Option(parsing: .upToNextOption, help: "Where to write; made when absent.") var to: [String]
    @Flag(help: "Read all bytes back from the target at the end, and compare their hashes.") var verify = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        do {
            try await copy()
        } catch let error as AssetError {
            throw CommandFailure(description: error.message + (error.detail.map { ": \($0)" } ?? ""))
        }
    }

    private func copy() async throws {
        let source = try await CopyEnd(from, option: "--from")
        let target = try await CopyEnd(to, option: "--to")
        guard source.configuration.database != target.configuration.database else {
            throw ValidationError("Source and target are the same database")
        }
        try Storage.requireDatabase(source.configuration)
        let locks = try lock(source, "source") + lock(target, "target")
        defer { for lock in locks { lock.release() } }
        let secret = try CopySecret.settle(from: source, to: target)
        let bars = CopyBars()
        let copy = StorageCopy(
            from: try await source.open(), to: try await target.open(),
            sharesBytes: source.configuration.blobs == target.configuration.blobs, progress: bars.show)
        let result = try await copy.run(readsBack: verify)
        bars.end()
        print(result, secret)
    }

    /// Keeps servers and imports away from a data folder. A server that shares its database with others holds no lock: what it changes
    /// is found out at the end.
    private func lock(_ end: CopyEnd, _ name: String) throws -> [DataFolderLock] {
        guard let folder = end.data else { return [] }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return try [DataFolderLock.Kind.server, .imports].map { kind in
            guard let lock = DataFolderLock(folder: folder, kind) else {
                throw CommandFailure(
                    description: """
                        \(kind == .server ? "A server" : "An import") runs on the \(name) \(folder): stop it first
                        """)
            }
            return lock
        }
    }

    private func print(_ result: StorageCopy.Result, _ secret: CopySecret) {
        let rows = JSON.object(JSON.Object(uniqueKeysWithValues: result.rows.map { ($0.table, .int($0.count)) }))
        let total = result.rows.reduce(0) { $0 + $1.count }
        let text = [
            "\(total) rows and \(result.blobs) blobs with \(result.bytes) bytes copied and compared", secret.advice,
        ]
        Output.result(
            [
                "rows": rows, "blobs": .int(result.blobs), "bytes": .int(result.bytes), "verified": true,
                "read_back": .bool(verify), "resumed": .bool(result.isResumed), "secret": .string(secret.rawValue),
            ], text.compactMap { $0 }.joined(separator: "\n"), asJSON: json)
    }
}

/// One bar after the other, for what a copy does.
private final class CopyBars: Sendable {
    private let current = Mutex<(stage: StorageCopy.Stage, bar: ProgressBar)?>(nil)

    func show(_ stage: StorageCopy.Stage, _ done: Int64, _ total: Int64) {
        current.withLock { current in
            if current?.stage != stage {
                current?.bar.end()
                current = (stage, ProgressBar(stage.rawValue, total: total))
            }
            current?.bar.show(done)
        }
    }

    func end() { current.withLock { $0?.bar.end() } }
}
