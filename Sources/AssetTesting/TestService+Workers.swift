package import AssetCore
import Logging

extension TestService {
    /// The same service over another catalog, as a second process would have it.
    package func service(over catalog: any Catalog) -> AssetService {
        AssetService(
            catalog: catalog, blobs: blobs, media: service.media, renderer: renderer, secrets: service.secrets,
            clock: clock.clock,
            settings: service.settings)
    }

    /// A runner of its own, over this service's catalog or another one.
    package func runner(over catalog: (any Catalog)? = nil) -> JobRunner {
        let service = if let catalog { service(over: catalog) } else { service }
        return JobRunner(service: service, logger: Logger(label: "test"))
    }

    package func sweeper(aloneSince: Timestamp? = nil) -> BlobSweeper {
        BlobSweeper(service: service, aloneSince: aloneSince, logger: Logger(label: "test"))
    }
}
