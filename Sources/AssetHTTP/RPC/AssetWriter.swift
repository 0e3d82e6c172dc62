import AssetCore
import NIOCore
import OrderedCollections

/// Writes assets as JSON text (project reference 2.1), without a tree of values in between: a page can have a thousand.
struct AssetWriter {
    /// The languages of the project, each once, and how each begins as a key.
    private let languages: [(code: String, key: String)]
    private var buffer = ByteBuffer()

    private init(_ project: Project) {
        var languages: [(code: String, key: String)] = []
        for code in project.languages where !languages.contains(where: { $0.code == code }) {
            languages.append((code, (languages.isEmpty ? "" : ",") + JSON.string(code).text + ":"))
        }
        self.languages = languages
    }

    /// An object with a member for each asset, named by its gid.
    static func object(of assets: [LocatedAsset], in project: Project) -> JSON {
        var writer = AssetWriter(project)
        writer.buffer.reserveCapacity(assets.count * 1024)
        writer.buffer.writeStaticString("{")
        var seen: Set<GID> = []
        for located in assets where seen.insert(located.asset.gid).inserted {
            if seen.count > 1 { writer.buffer.writeStaticString(",") }
            writer.write(located)
        }
        writer.buffer.writeStaticString("}")
        return .raw(String(buffer: writer.buffer))
    }

    private mutating func write(_ located: LocatedAsset) {
        let asset = located.asset
        let gid = asset.gid.description
        write("\"", raw: gid)
        write("\":{\"gid\":\"", raw: gid)
        write("\",\"pathname\":", located.pathname)
        write(",\"path\":", located.path)
        write(",\"name\":", asset.name)
        write(",\"is_file\":", raw: asset.isFile ? "true" : "false")
        write(",\"type\":", JSON(asset.content?.type))
        write(",\"childcount\":", raw: String(asset.fileCount + asset.folderCount))
        write(",\"status\":", asset.status.rawValue)
        write(",\"version\":", raw: String(asset.version))
        if let content = asset.content {
            write(",\"info\":", content.info)
        } else {
            write(",\"info\":{\"filecount\":", raw: String(asset.fileCount))
            write(",\"foldercount\":", raw: String(asset.folderCount))
            buffer.writeStaticString("}")
        }
        write(",\"transforms\":", asset.transforms)
        write(",\"title\":", asset.title)
        write(",\"description\":", asset.description)
        write(",\"metadata\":", asset.metadata)
        write(",\"created_on\":", .double(asset.createdOn.seconds))
        write(",\"updated_on\":", .double(asset.updatedOn.seconds))
        buffer.writeStaticString("}")
    }

    private mutating func write(_ before: StaticString, raw text: String) {
        buffer.writeStaticString(before)
        buffer.writeString(text)
    }

    private mutating func write(_ before: StaticString, _ text: String) {
        buffer.writeStaticString(before)
        JSON.write(text, into: &buffer)
    }

    private mutating func write(_ before: StaticString, _ value: JSON) {
        buffer.writeStaticString(before)
        value.write(into: &buffer)
    }

    /// A key for every language of the project; what is empty is "" (1.7).
    private mutating func write(_ before: StaticString, _ texts: LocalizedText) {
        buffer.writeStaticString(before)
        buffer.writeStaticString("{")
        for language in languages {
            buffer.writeString(language.key)
            JSON.write(texts.isEmpty ? "" : texts[language.code] ?? "", into: &buffer)
        }
        buffer.writeStaticString("}")
    }
}
