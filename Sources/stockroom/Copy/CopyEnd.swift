import ArgumentParser
import AssetSQL
import Configuration
import Foundation
import SystemPackage

/// Where a copy reads, or writes: a data folder, a configuration file, or the URLs of a database and of a blob store. A URL goes before
/// what folder or file say.
struct CopyEnd {
    /// nil when only URLs are given: then nothing is known of a secret key there.
    let data: String?
    let configuration: ServerConfiguration

    private static let databaseSchemes: Set = ["sqlite", "postgres", "postgresql"]
    private static let blobSchemes: Set = ["file", "s3"]

    /// - Parameter option: named in errors.
    /// - Throws: `ValidationError`.
    init(_ places: [String], option: String) async throws {
        var data: String?
        var file: String?
        var database: String?
        var blobs: String?
        for place in places {
            func take(_ value: inout String?) throws {
                guard value == nil else {
                    throw ValidationError(
                        "\(option): '\(ShownURL(place))' comes beside '\(ShownURL(value ?? ""))'")
                }
                value = place
            }
            var isFolder: ObjCBool = false
            if let scheme = Self.scheme(of: place) {
                if Self.databaseSchemes.contains(scheme) {
                    try take(&database)
                } else if Self.blobSchemes.contains(scheme) {
                    try take(&blobs)
                } else {
                    throw ValidationError(
                        "\(option): '\(ShownURL(place))' is the URL of no database and of no blob store")
                }
            } else if FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), !isFolder.boolValue {
                try take(&file)
            } else {
                try take(&data)
            }
        }
        if let file {
            // Only the file counts: what the environment says of a server's own storage is for one end at most.
            let settings = ConfigReader(provider: try await FileProvider<JSONSnapshot>(filePath: FilePath(file)))
            data = data ?? settings.string(forKey: "data")
            database = database ?? settings.string(forKey: "database")
            blobs = blobs ?? settings.string(forKey: "blobs")
        }
        if let data {
            database = database ?? "sqlite:\(data)/stockroom.sqlite"
            blobs = blobs ?? "file:\(data)"
        }
        guard let database, let blobs else {
            throw ValidationError("\(option): name a data folder, or a database and a blob store")
        }
        self.data = data
        var options = StorageOptions()
        options.data = data ?? FileManager.default.temporaryDirectory.path
        options.database = database
        options.blobs = blobs
        options.config = file
        configuration = try await ServerConfiguration(options)
    }

    /// What stands before the first colon, when it is one: a path can have a colon in it.
    private static func scheme(of place: String) -> String? {
        guard let colon = place.firstIndex(of: ":") else { return nil }
        let scheme = place[..<colon]
        return scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } ? scheme.lowercased() : nil
    }

    func open() async throws -> StorageCopy.End {
        StorageCopy.End(
            database: try Storage.database(configuration), blobs: try await Storage.blobs(configuration))
    }
}
