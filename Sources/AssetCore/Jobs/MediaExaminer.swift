package import Logging
import ServiceLifecycle

/// Takes a second, full look at uploaded files, one after the other, so that those who wait for a rendition go first.
package struct MediaExaminer: Service {
    private let service: AssetService
    private let logger: Logger
    private let duty: Duty

    /// How long files wait that another process has taken.
    private static let interval = Duration.seconds(2)
    private static let batch = 20

    package init(service: AssetService, logger: Logger) {
        self.service = service
        self.logger = logger
        duty = Duty("examining", service: service, leaseSeconds: 20)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await duty.perform {
                        while try await service.examineNext(limit: Self.batch) > 0 { try Task.checkCancellation() }
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("A file could not be examined", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
