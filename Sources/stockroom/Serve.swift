import ArgumentParser
import AssetCore
import AssetHTTP
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the server.",
        discussion: """
            Creates the data folder and the schema when absent, and prints one line with the URL when ready. SIGTERM \
            and SIGINT let requests that run and the running steps of jobs end, for at most 20 seconds.
            """)

    @OptionGroup var storage: StorageOptions
    @Option(help: "The address to listen on. (default: 127.0.0.1)") var host: String?
    @Option(help: "The port; 0 takes a free one. (default: 8080)") var port: Int?
    @Option(help: "The address under which clients reach the server.") var publicUrl: String?

    func run() async throws {
        let configuration = try await ServerConfiguration(storage, host: host, port: port, publicURL: publicUrl)
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = configuration.logLevel
            return handler
        }
        let logger = Logger(label: "stockroom")
        let maximumConnections = try OpenFileLimit.raise()
        try FileManager.default.createDirectory(
            atPath: configuration.data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let lock = try configuration.isDatabaseShared ? nil : lockData(configuration)
        defer { lock?.release() }
        // An import that runs beside has unfinished uploads of its own.
        let probe = DataFolderLock(folder: configuration.data, .imports)
        let isImporting = probe == nil
        probe?.release()

        let (service, companions) = try await Storage.openForServer(configuration, logger: logger)
        let start = service.clock.now()
        // Where no other process works on this data, every lease is one of a process that died.
        if lock != nil { try await service.catalog.write { try $0.releaseAllLeases() } }
        let aloneSince = lock == nil || isImporting ? nil : start

        let health = Health()
        let live = LiveFeed(service: service, maximum: configuration.liveConnections)
        let limiter = configuration.rateLimit.map { RateLimiter(limit: $0, clock: service.clock) }
        let tokens = TokenIssuer(service: service)
        let router = buildRouter(
            service: service, settings: configuration.serverSettings, health: health, live: live, limiter: limiter,
            tokens: tokens)
        // At these levels the log names every request.
        let answers =
            configuration.logLevel <= .debug
            ? nil
            : QuickAnswers(
                service: service, settings: configuration.serverSettings, tokens: tokens, limiter: limiter)
        let printsJSON = storage.json
        let application = Application(
            router: router,
            server: QuickServer.builder(answers),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "Stockroom",
                availableConnectionsDelegate: MaximumAvailableConnections(maximumConnections)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
                let url = "http://\(host):\(port)"
                Output.line(printsJSON ? (["url": .string(url)] as JSON).text : "Stockroom is ready at \(url)")
            }, logger: logger)

        // Ended in the reverse order: first no new requests, then jobs.
        var services: [any Service] = [
            BlobSweeper(service: service, aloneSince: aloneSince, logger: logger),
            FeedCompactor(service: service, logger: logger), FeedPoller(service: service, logger: logger),
            MediaExaminer(service: service, logger: logger), JobRunner(service: service, logger: logger), application,
            Drain(health: health, live: live, seconds: configuration.drainSeconds),
        ]
        if lock == nil, let limiter {
            services.insert(RateSharing(limiter: limiter, service: service, logger: logger), at: 0)
        }
        services.insert(contentsOf: companions, at: 0)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(configuration.drainSeconds + 20)
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
        logger.info("Stopped")
    }
}

/// Lets the servers on one database know how often each user has called.
private struct RateSharing: Service {
    let limiter: RateLimiter
    let service: AssetService
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await limiter.exchange(with: service.catalog)
                } catch {
                    logger.warning("Calls by way of other servers are not counted", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }
}

/// Says at `/readyz` that the server is stopping, and lets go who waits for changes, before it does.
private struct Drain: Service {
    let health: Health
    let live: LiveFeed
    /// How long everything goes on meanwhile, so that a balancer that asks notices.
    let seconds: Int

    func run() async throws {
        try await gracefulShutdown()
        health.drain()
        try? await Task.sleep(for: .seconds(seconds))
        live.stop()
    }
}

extension Serve {
    /// Keeps a second server away from a database that only one can work on.
    private func lockData(_ configuration: ServerConfiguration) throws -> DataFolderLock {
        guard let lock = DataFolderLock(folder: configuration.data, .server) else {
            throw ValidationError(
                "Another server runs on the data folder \(configuration.data), or it cannot be written to")
        }
        return lock
    }
}

/// A process that runs out of file descriptors dies, so that there must always be some left beside the connections.
private enum OpenFileLimit {
    private static let reserved = 200

    /// Raises the limit as far as the system allows; answers how many connections that leaves room for.
    static func raise() throws -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur > reserved + 50 else {
            throw ValidationError("The limit of open files is \(limit.rlim_cur): at least \(reserved + 51) are needed")
        }
        return Int(limit.rlim_cur) - reserved
    }
}
