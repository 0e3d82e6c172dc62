import ArgumentParser
import AssetCore
import AssetHTTP
import AssetMedia
import Configuration
import Foundation
import Logging
import SystemPackage

/// The options of every command.
struct StorageOptions: ParsableArguments {
    @Option(help: "The data folder; created when absent. (default: ./stockroom-data)")
    var data: String?
    @Option(
        help: "The database, sqlite:PATH or postgres://USER@HOST/NAME. (default: stockroom.sqlite in the data folder)")
    var database: String?
    @Option(help: "Where bytes are kept, file:PATH or s3://BUCKET/PREFIX?endpoint=URL. (default: the data folder)")
    var blobs: String?
    @Option(help: "A JSON file with options.")
    var config: String?
    @Flag(help: "Print one JSON object.")
    var json = false
}

/// Everything that can be set, from the command line, the environment, or a file, in this order.
///
/// | key | environment | meaning | default |
/// |---|---|---|---|
/// | `data` | `STOCKROOM_DATA` | data folder | `./stockroom-data` |
/// | `database` | `STOCKROOM_DATABASE` | `sqlite:PATH`, or `postgres://…` for several servers | `stockroom.sqlite` in the data folder |
/// | `databaseConnections` | `STOCKROOM_DATABASE_CONNECTIONS` | connections to PostgreSQL, 3 to 500, and two more | 12 |
/// | `blobs` | `STOCKROOM_BLOBS` | `file:PATH`, or `s3://BUCKET/PREFIX?…` (`S3Settings`) | the data folder |
/// | `secret` | `STOCKROOM_SECRET` | 64 hexadecimal digits that seal stored keys | the file `secret.key` in the data folder |
/// | `host` | `STOCKROOM_HOST` | address to listen on | `127.0.0.1` |
/// | `port` | `STOCKROOM_PORT` | 0 to 65535; 0 takes a free one | `8080` |
/// | `publicUrl` | `STOCKROOM_PUBLIC_URL` | address in URLs that are handed out | the request's host |
/// | `rateLimit` | `STOCKROOM_RATE_LIMIT` | calls an hour for each user of the segment dialect, from 1 | none |
/// | `maxUpload` | `STOCKROOM_MAX_UPLOAD` | largest file in bytes, from 1 | 10 GiB |
/// | `keepVersions` | `STOCKROOM_KEEP_VERSIONS` | versions of a file that are kept, the newest included, from 1 | 10 |
/// | `keepRenditions` | `STOCKROOM_KEEP_RENDITIONS` | renditions of a file that are kept, previews included, from 1 | 200 |
/// | `mediaWorkers` | `STOCKROOM_MEDIA_WORKERS` | processes that decode files, 0 to 64; 0 renders nothing | the processors, at most 4 |
/// | `mediaQueue` | `STOCKROOM_MEDIA_QUEUE` | requests that may wait for one of them, from 0 | 64 |
/// | `mediaTimeout` | `STOCKROOM_MEDIA_TIMEOUT` | seconds for one file, from 1 | 20 |
/// | `mediaMemory` | `STOCKROOM_MEDIA_MEMORY` | memory of a worker in MiB, from 128 | 1024 |
/// | `mediaPixels` | `STOCKROOM_MEDIA_PIXELS` | most pixels of a source or output in millions, from 1 | 100 |
/// | `mediaFrames` | `STOCKROOM_MEDIA_FRAMES` | most frames of an animation, from 1 | 1000 |
/// | `accelRedirect` | `STOCKROOM_ACCEL_REDIRECT` | prefix of `X-Accel-Redirect`, for a front server that sends the bytes | none |
/// | `liveConnections` | `STOCKROOM_LIVE_CONNECTIONS` | connections that may wait for changes at the same time, from 0 | 10000 |
/// | `drainSeconds` | `STOCKROOM_DRAIN_SECONDS` | how long `/readyz` says no before the server stops, 0 to 600 | 0 |
/// | `logLevel` | `STOCKROOM_LOG_LEVEL` | trace, debug, info, notice, warning, error, critical | `info` |
struct ServerConfiguration: Sendable {
    var data: String
    var database: String
    var databaseConnections: Int
    var blobs: String
    var secret: String?
    var host: String
    var port: Int
    var publicURL: String?
    var rateLimit: Int?
    var maximumUpload: Int64
    var keptVersions: Int
    var keptRenditions: Int
    var media = MediaSettings()
    private var mediaMemory: Int
    private var mediaPixels: Int
    var accelRedirect: String?
    var liveConnections: Int
    var drainSeconds: Int
    var logLevel: Logger.Level

    /// - Throws: `ValidationError` that names the key.
    init(_ options: StorageOptions, host: String? = nil, port: Int? = nil, publicURL: String? = nil) async throws {
        let environment = EnvironmentVariablesProvider(secretsSpecifier: .specific(["STOCKROOM_SECRET"]))
            .prefixKeys(with: "stockroom")
        var providers: [any ConfigProvider] = [environment]
        if let file = options.config ?? ConfigReader(provider: environment).string(forKey: "config") {
            providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
        }
        let reader = ConfigReader(providers: providers)
        func text(_ option: String?, _ key: ConfigKey) -> String? { option ?? reader.string(forKey: key) }

        data = text(options.data, "data") ?? "./stockroom-data"
        database = text(options.database, "database") ?? "sqlite:\(data)/stockroom.sqlite"
        databaseConnections = reader.int(forKey: "databaseConnections") ?? 12
        blobs = text(options.blobs, "blobs") ?? "file:\(data)"
        secret = reader.string(forKey: "secret", isSecret: true)
        self.host = text(host, "host") ?? "127.0.0.1"
        self.port = port ?? reader.int(forKey: "port") ?? 8080
        self.publicURL = text(publicURL, "publicUrl")
        rateLimit = reader.int(forKey: "rateLimit")
        maximumUpload = Int64(reader.int(forKey: "maxUpload") ?? Int(ServiceSettings().maximumUpload))
        keptVersions = reader.int(forKey: "keepVersions") ?? ServiceSettings().keptVersions
        keptRenditions = reader.int(forKey: "keepRenditions") ?? ServiceSettings().keptRenditions
        media.workers = reader.int(forKey: "mediaWorkers") ?? min(ProcessInfo.processInfo.activeProcessorCount, 4)
        media.maximumWaiting = reader.int(forKey: "mediaQueue") ?? media.maximumWaiting
        media.seconds = reader.int(forKey: "mediaTimeout") ?? media.seconds
        mediaMemory = reader.int(forKey: "mediaMemory") ?? media.workerMemory >> 20
        mediaPixels = reader.int(forKey: "mediaPixels") ?? media.maximumPixels / 1_000_000
        media.maximumFrames = reader.int(forKey: "mediaFrames") ?? media.maximumFrames
        accelRedirect = reader.string(forKey: "accelRedirect")
        liveConnections = reader.int(forKey: "liveConnections") ?? ServerSettings.standardLiveConnections
        drainSeconds = reader.int(forKey: "drainSeconds") ?? 0
        let level = reader.string(forKey: "logLevel") ?? "info"
        guard let level = Logger.Level(rawValue: level) else {
            throw ValidationError("logLevel: '\(level)' is not a level")
        }
        logLevel = level
        try validate()
    }

    private mutating func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("port: use a number from 0 to 65535") }
        if let rateLimit, rateLimit < 1 { throw ValidationError("rateLimit: use a number from 1 on") }
        guard maximumUpload > 0 else { throw ValidationError("maxUpload: use a number of bytes from 1 on") }
        guard (3...500).contains(databaseConnections) else {
            throw ValidationError("databaseConnections: use a number from 3 to 500")
        }
        guard keptVersions >= 1 else { throw ValidationError("keepVersions: use a number from 1 on") }
        guard keptRenditions >= 1 else { throw ValidationError("keepRenditions: use a number from 1 on") }
        guard (0...600).contains(drainSeconds) else {
            throw ValidationError("drainSeconds: use a number from 0 to 600")
        }
        guard liveConnections >= 0 else { throw ValidationError("liveConnections: use a number from 0 on") }
        try validateMedia()
        if let url = publicURL {
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw ValidationError("publicUrl: '\(url)' does not begin with http:// or https://")
            }
            publicURL = url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }

    private mutating func validateMedia() throws {
        func check(_ key: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError("\(key): use a number from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try check("mediaWorkers", media.workers, 0...64)
        try check("mediaQueue", media.maximumWaiting, 0...100_000)
        try check("mediaTimeout", media.seconds, 1...3600)
        try check("mediaMemory", mediaMemory, 128...1_000_000)
        try check("mediaPixels", mediaPixels, 1...10_000)
        try check("mediaFrames", media.maximumFrames, 1...1_000_000)
        media.workerMemory = mediaMemory << 20
        media.maximumPixels = mediaPixels * 1_000_000
        media.scratchFolder = data
        media.findTools()
        if let prefix = accelRedirect, !prefix.hasPrefix("/") || !prefix.hasSuffix("/") {
            throw ValidationError("accelRedirect: '\(prefix)' does not begin and end with a slash")
        }
    }

    /// Whether several servers may work on the database.
    var isDatabaseShared: Bool { database.hasPrefix("postgres://") || database.hasPrefix("postgresql://") }

    var serviceSettings: ServiceSettings {
        var settings = ServiceSettings()
        settings.maximumUpload = maximumUpload
        settings.keptVersions = keptVersions
        settings.keptRenditions = keptRenditions
        return settings
    }

    var serverSettings: ServerSettings {
        var settings = ServerSettings()
        settings.publicURL = publicURL
        settings.rateLimit = rateLimit
        settings.accelRedirect = accelRedirect
        return settings
    }
}
