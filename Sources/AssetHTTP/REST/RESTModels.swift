import AssetCore
import Foundation
import OrderedCollections

/// The objects of the segment dialect as JSON. The two families differ in names and types (segment reference 6.3, 7.4).
enum RESTModels {
    /// A file in the project family.
    static func asset(_ file: SegmentFile, project: Project, scope: SegmentScope, base: String) -> JSON {
        let locale = file.locale.map { [("locale", $0)] } ?? []
        let path = file.relativePath.isEmpty ? [] : [("relativePath", file.relativePath)]
        let query =
            locale + [("scope", scope.description), ("filename", file.asset.name)] + path + [("v", version(file.asset))]
        return [
            "projectId": .int(project.number), "documentId": .int(file.document), "segmentId": .int(file.segment),
            "locale": JSON(file.locale), "relativePath": .string(file.relativePath), "name": .string(file.asset.name),
            "size": .int(file.asset.content?.size ?? 0), "contentType": .string(contentType(file)),
            "createdDate": .string(date(file.asset.createdOn)), "modifiedDate": .string(date(file.asset.updatedOn)),
            "downloadUrl": .string("\(base)/api/resources/assets/\(file.segment)?\(encoded(query))"),
        ]
    }

    /// A file in the Flex family.
    static func flexAsset(_ file: SegmentFile, project: Project, base: String) -> JSON {
        let locale = file.locale.map { [("locale", $0)] } ?? []
        let path = file.relativePath.isEmpty ? [] : [("relativePath", file.relativePath)]
        let query = locale + [("filename", file.asset.name)] + path
        return [
            "projectId": .int(project.number), "documentId": .string(String(file.document)),
            "segmentId": .int(file.segment), "locale": JSON(file.locale),
            "relativePath": .string(file.relativePath), "fileName": .string(file.asset.name),
            "fileSizeInBytes": .int(file.asset.content?.size ?? 0), "contentType": .string(contentType(file)),
            "createdDate": .string(date(file.asset.createdOn)), "modifiedDate": .string(date(file.asset.updatedOn)),
            "downloadUrl": .string(
                "\(base)/api/apps/wbflex/documents/\(file.document)/assets/\(file.segment)?\(encoded(query))"),
        ]
    }

    private static func contentType(_ file: SegmentFile) -> String {
        ContentTypes.type(of: AssetName(stored: file.asset.name))
    }

    /// Differs after every change and only grows: the time of the change in ticks of 100 ns since the year 1 (5.5).
    private static func version(_ asset: Asset) -> String {
        String(asset.updatedOn.microseconds * 10 + 621_355_968_000_000_000)
    }

    private static func encoded(_ query: [(String, String)]) -> String {
        query.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
    }

    /// RFC 3986: everything but unreserved characters.
    static func percentEncoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// ISO 8601 in UTC; the fraction without trailing zeros (1.2).
    static func date(_ time: Timestamp) -> String {
        let seconds = time.microseconds / 1_000_000
        var parts = tm()
        var clock = time_t(seconds)
        gmtime_r(&clock, &parts)
        func digits(_ value: some BinaryInteger, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let day = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let hour = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        var fraction = digits(time.microseconds % 1_000_000, 6)
        while fraction.last == "0" { fraction.removeLast() }
        return "\(day)T\(hour)\(fraction.isEmpty ? "" : "." + fraction)Z"
    }
}
