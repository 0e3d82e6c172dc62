/// Limits and times that an administrator can set.
package struct ServiceSettings: Sendable {
    /// The largest file, in bytes.
    package var maximumUpload: Int64 = 10 << 30
    /// How long a file token of the segment dialect lives, in seconds (segment reference U12).
    package var fileTokenLifetime: Double = 24 * 3600
    /// Idle seconds after which a session of the segment dialect ends (segment reference 2.2).
    package var sessionLifetime: Double = 30 * 60
    /// How long a page cursor lives after its last use, in seconds (project reference 13, 11).
    package var cursorLifetime: Double = 3600
    /// How long bytes without a row are kept, in seconds.
    package var gracePeriod: Double = 600
    /// How long finished jobs are kept, in seconds.
    package var finishedJobLifetime: Double = 7 * 24 * 3600

    /// How many versions of a file are kept, the newest included; from 1.
    package var keptVersions = 10
    /// How many renditions of a file are kept, previews included; from 1.
    package var keptRenditions = 200

    /// How much a password check costs: two to this power rounds of scrypt.
    package var passwordLogRounds = Passwords.standardLogRounds

    /// How long the transactions of long work should take with their commits: about as long others wait for the writer. More than
    /// it ever takes makes tests the same on every machine.
    package var stepTime = Duration.milliseconds(15)

    package init() {}
}

/// Everything that Stockroom does: one verb a file, as extensions. The dialects are thin doors to these operations.
package struct AssetService: Sendable {
    package let catalog: any Catalog
    package let blobs: any BlobStore
    package let media: any MediaEngine
    /// nil where nothing is rendered, such as in administration commands.
    package let renderer: (any MediaRenderer)?
    package let secrets: Secrets
    package let clock: WallClock
    package let settings: ServiceSettings
    /// Wakes the job runner of this process, and tells who waits for a job.
    package let signal: JobSignal
    let logIns: LogInGate
    let searches = SearchGate()
    let access = AccessCaches()
    /// Where folders lie.
    let paths = ProjectCache<AssetID, String>()
    let feedReads = FeedReads()
    let renditionsInWork = SharedWork<RenditionRequest, Rendition>()
    let examinationsInWork = SharedWork<AssetID, Void>()

    package init(
        catalog: any Catalog, blobs: any BlobStore, media: any MediaEngine,
        renderer: (any MediaRenderer)? = nil, secrets: Secrets,
        clock: WallClock = .system,
        settings: ServiceSettings = ServiceSettings()
    ) {
        self.catalog = catalog
        self.blobs = blobs
        self.media = media
        self.renderer = renderer
        self.secrets = secrets
        self.clock = clock
        self.settings = settings
        self.signal = JobSignal()
        self.logIns = LogInGate()
    }
}
