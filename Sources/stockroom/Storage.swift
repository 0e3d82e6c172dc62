import ArgumentParser
import AssetBlobs
import AssetCore
import AssetMedia
import AssetPostgres
import AssetSQL
import AssetSQLite
import Foundation
import Logging
import ServiceLifecycle
import Synchronization

/// Opens what the configuration names, and puts the service together. The one place that names concrete back ends.
enum Storage {
    /// Creates or updates the schema.
    /// - Parameter checks: as for `blobs`.
    static func open(_ configuration: ServerConfiguration, checks: Bool = false) async throws -> AssetService {
        try await open(configuration, try database(configuration), checks: checks)
    }

    /// - Parameter serves: whether files are to be decoded and many are stored, which only servers do.
    private static func open(
        _ configuration: ServerConfiguration, _ database: any SQLDatabase, checks: Bool, serves: Bool = false
    ) async throws -> AssetService {
        try await Migrator(database).run()
        let service = AssetService(
            catalog: SQLCatalog(database), blobs: try await blobs(configuration, checks: checks, serves: serves),
            media: HeaderInspector(),
            renderer: serves && configuration.media.workers > 0 ? CagedRenderer(configuration.media) : nil,
            secrets: try secrets(configuration), settings: configuration.serviceSettings)
        try await service.checkSecret()
        return service
    }

    /// The same with what runs beside it in a server.
    static func openForServer(
        _ configuration: ServerConfiguration, logger: Logger
    ) async throws -> (service: AssetService, companions: [any Service]) {
        let database = try database(configuration)
        let service = try await open(configuration, database, checks: true, serves: true)
        guard let shared = database as? PostgresDatabase else { return (service, []) }
        return (service, [PostgresFeed(shared, signal: service.catalog.feedSignal, logger: logger)])
    }

    static func database(_ configuration: ServerConfiguration) throws -> any SQLDatabase {
        // Also in a folder that others can read, the files are for their owner only.
        umask(0o077)
        try makeFolder(configuration.data)
        if configuration.isDatabaseShared {
            guard PostgresDatabase.isReadable(configuration.database) else {
                throw ValidationError(
                    """
                    database: this postgres:// URL cannot be read; what is special in the user's name and password is written \
                    as %40 for '@', %2F for '/', %25 for '%'
                    """)
            }
            return PostgresDatabase(url: configuration.database, connections: configuration.databaseConnections)
        }
        guard let path = path(configuration.database, scheme: "sqlite:") else {
            throw ValidationError(
                "database: '\(ShownURL(configuration.database))' is neither sqlite:PATH nor postgres://USER@HOST/NAME")
        }
        let database = try SQLiteDatabase(path: path)
        files.withLock { $0.append(database) }
        return database
    }

    private static let files = Mutex<[SQLiteDatabase]>([])

    /// At the end of the process: whoever copies the database's file then has all of it.
    static func closeFiles() {
        for database in files.withLock({ $0 }) { database.close() }
    }

    /// For commands that make no sense without one, and must not make an empty one.
    /// - Throws: `ValidationError` when the configuration names a file that does not exist.
    static func requireDatabase(_ configuration: ServerConfiguration) throws {
        guard let path = path(configuration.database, scheme: "sqlite:") else { return }
        guard FileManager.default.fileExists(atPath: path) else {
            throw ValidationError("There is no database at \(path)")
        }
    }

    /// - Parameters:
    ///   - checks: whether to find out that a bucket can be used, which takes a request.
    ///   - serves: whether this is the server; servers that share a database may share the folder too.
    static func blobs(
        _ configuration: ServerConfiguration, checks: Bool = false, serves: Bool = false
    ) async throws -> any BlobStore {
        if configuration.blobs.hasPrefix("s3:") {
            let store: S3BlobStore
            do {
                store = S3BlobStore(try S3Settings(url: configuration.blobs))
            } catch {
                throw ValidationError(error.message)
            }
            if checks { try await store.check() }
            return store
        }
        guard let path = path(configuration.blobs, scheme: "file:") else {
            throw ValidationError(
                "blobs: '\(ShownURL(configuration.blobs))' is not of the form file:PATH or s3://BUCKET/PREFIX")
        }
        return try DiskBlobStore(
            directory: path,
            journalSize: serves && !configuration.isDatabaseShared ? DiskBlobStore.standardJournalSize : nil)
    }

    /// Accepts `scheme:PATH` and `scheme://PATH`.
    private static func path(_ url: String, scheme: String) -> String? {
        guard url.hasPrefix(scheme) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let path = rest.hasPrefix("//") ? rest.dropFirst(2) : rest
        return path.isEmpty ? nil : String(path)
    }

    private static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// The key that seals stored secrets: from the configuration, or from a file that only its owner can read, made at the first
    /// start.
    private static func secrets(_ configuration: ServerConfiguration) throws -> Secrets {
        if let text = configuration.secret {
            guard let key = bytes(hex: text), key.count == 32 else {
                throw ValidationError("secret: use 64 hexadecimal digits")
            }
            return try Secrets(key: key)
        }
        let file = configuration.data + "/secret.key"
        if let known = try? readKey(file) { return try Secrets(key: known) }
        // Written whole under another name first: two commands that start together end with one key, and no half one.
        let draft = file + "." + Secrets.hex(Secrets.randomBytes(8))
        guard
            FileManager.default.createFile(
                atPath: draft, contents: Data(Secrets.randomBytes(32)), attributes: [.posixPermissions: 0o600])
        else { throw ValidationError("The secret cannot be written to \(file)") }
        _ = link(draft, file)
        unlink(draft)
        return try Secrets(key: try readKey(file))
    }

    private static func readKey(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: file)))
    }

    private static func bytes(hex: String) -> [UInt8]? {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}
