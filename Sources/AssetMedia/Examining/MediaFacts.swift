import AssetCore
import OrderedCollections

/// What a full look at a file tells; nil is unknown.
struct MediaFacts: Codable, Equatable {
    /// Whether it cannot be decoded.
    var isBroken = false
    var pages: Int?
    var width: Int?
    var height: Int?
    /// In dots per inch, across and down.
    var resolution: [Int]?
    var transparent: Bool?
    var animated: Bool?
    var colors: String?
    var colorspace: String?
    /// What is embedded, as text.
    var metadata: [String: String] = [:]

    static let broken: MediaFacts = {
        var facts = MediaFacts()
        facts.isBroken = true
        return facts
    }()

    /// The most entries of metadata, the longest of them, and all of them together, in bytes.
    static let maximumEntries = 200
    static let maximumText = 1000
    static let maximumTexts = 32 << 10

    mutating func note(_ name: String, _ text: String) {
        let clean = String(text.unicodeScalars.filter { $0.properties.generalCategory != .control })
            .trimmingPrefix { $0.isWhitespace }
        guard !clean.isEmpty, metadata.count < Self.maximumEntries, metadata[name] == nil else { return }
        var short = Substring(clean)
        while short.utf8.count > Self.maximumText { short = short.prefix(max(short.count - 1, 0) * 9 / 10) }
        let size = metadata.reduce(name.utf8.count + short.utf8.count) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        guard size <= Self.maximumTexts else { return }
        metadata[name] = String(short)
    }

    /// `info` with what this adds to it. What a header says of its pixels stays: it is what the file stores.
    func added(to info: JSON) -> JSON {
        var members = info.objectValue ?? [:]
        func fill(_ key: String, _ value: JSON?) {
            if let value, members[key]?.ifNotNull == nil { members[key] = value }
        }
        if isBroken { members["format"] = .null }
        // How many frames there are shows behind the header only.
        if let pages { members["pages"] = JSON(pages) }
        if let animated { members["animated"] = .bool(animated) }
        fill("width", width.map { JSON($0) })
        fill("height", height.map { JSON($0) })
        fill("resolution", resolution.map { .array($0.map { JSON($0) }) })
        fill("transparent", transparent.map(JSON.bool))
        fill("colors", colors.map(JSON.string))
        fill("colorspace", colorspace.map(JSON.string))
        var texts = members["metadata"]?.objectValue ?? [:]
        for (name, text) in metadata.sorted(by: { $0.key < $1.key }) { texts[name] = .string(text) }
        members["metadata"] = .object(texts)
        return .object(members)
    }
}
