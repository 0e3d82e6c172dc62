package import AssetCore
import AssetSQL
package import Logging
import ServiceLifecycle

/// Tells the other servers on a database which feeds have grown, and hears it from them, by NOTIFY and LISTEN.
///
/// The tables are the truth: a notification says only that looking is worth while. It is sent after the commit, so that commits do not
/// queue behind each other for it; one that is lost costs the time until `FeedPoller` looks, which is a second.
package struct PostgresFeed: Service {
    private let database: PostgresDatabase
    private let signal: FeedSignal
    private let logger: Logger
    private let server = GID().description

    private static let channel = "stockroom"

    /// - Parameter signal: that of the catalog on this database.
    package init(_ database: PostgresDatabase, signal: FeedSignal, logger: Logger) {
        self.database = database
        self.signal = signal
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await tell() }
                group.addTask { await listen() }
            }
        }
    }

    private func tell() async {
        let thread = database.threadOfItsOwn("stockroom notifier")
        for await _ in database.announcements.additions {
            let payloads = database.announcements.take().payloads(from: server)
            do {
                try await thread.perform { connection in
                    try connection.open()
                    // Nothing is lost with it that is not in the tables.
                    try connection.run("SET synchronous_commit = off")
                    for payload in payloads {
                        _ = try connection.run(
                            "SELECT pg_notify(?, ?)", [.text(Self.channel), .text(payload)], isCached: true)
                    }
                }
            } catch {
                logger.debug("Other servers were not told of a change", metadata: ["error": "\(error)"])
            }
        }
    }

    private func listen() async {
        let thread = database.threadOfItsOwn("stockroom listener")
        while !Task.isCancelled {
            do {
                try await thread.perform { connection in
                    try connection.open()
                    try connection.run("LISTEN \(Self.channel)")
                }
                // What was told before is not heard.
                var missed = Touched()
                missed.isGlobal = true
                missed.isAccess = true
                missed.projects = signal.waitedFor().projects
                signal.changed(missed)
                while !Task.isCancelled {
                    let payloads = try await thread.perform { try $0.notifications(waiting: .milliseconds(250)) }
                    var touched = Touched()
                    for payload in payloads { Touched(payload: payload, at: server).map { touched.formUnion($0) } }
                    signal.changed(touched)
                }
            } catch {
                logger.warning("Changes by other servers are seen a second late", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        try? await thread.perform { $0.close() }
    }
}
