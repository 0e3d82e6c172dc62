package import Logging
import ServiceLifecycle

/// Looks once a second whether a feed that somebody follows has grown: other processes write too, such as administration commands.
/// What this process writes is told at once by `FeedSignal`.
package struct FeedPoller: Service {
    private let catalog: any Catalog
    private let logger: Logger
    private static let interval = Duration.seconds(1)

    package init(service: AssetService, logger: Logger) {
        catalog = service.catalog
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var global: Int64?
            var projects: [ProjectID: Int64] = [:]
            while !Task.isCancelled {
                do {
                    let followed = catalog.feedSignal.waitedFor()
                    if followed.isAny {
                        let heads = try await heads(followed.projects)
                        var touched = Touched()
                        touched.isGlobal = heads.global != global
                        // Every change of rights that a follower has to hear of is a line of the global feed.
                        touched.isAccess = touched.isGlobal
                        // A feed that is looked at for the first time counts as grown.
                        touched.projects = Set(heads.projects.filter { projects[$0.key] != $0.value }.keys)
                        (global, projects) = heads
                        catalog.feedSignal.changed(touched)
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.error("The feeds cannot be read", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    private func heads(_ projects: Set<ProjectID>) async throws -> (global: Int64, projects: [ProjectID: Int64]) {
        try await catalog.read { tx in
            var heads: [ProjectID: Int64] = [:]
            for project in projects { heads[project] = try tx.projectCursor(project) }
            return (try tx.globalCursor(), heads)
        }
    }
}
