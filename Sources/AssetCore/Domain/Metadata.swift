import OrderedCollections

/// The type of a metadata entry (project reference 2.6).
package enum MetadataType: String, Sendable, CaseIterable {
    /// Text with line breaks.
    case text
    case textline
    /// A list of lines.
    case textlist
    /// A whole number.
    case number
    case decimal
    case boolean
    /// The gid of an asset.
    case image
    /// The gid of a field.
    case fieldpicker

    /// The value as this type. What does not fit is coerced as well as it can be, never refused; what says nothing becomes null,
    /// or the empty text or list.
    func coerce(_ value: JSON) -> JSON {
        switch self {
        case .text: .string(Self.text(value))
        case .textline: .string(Self.line(value))
        case .textlist: .array(Self.lines(value).map(JSON.string))
        case .number:
            (Self.whole(value) ?? Self.number(value).flatMap { Int64(exactly: $0.rounded()) }).map(JSON.int) ?? .null
        case .decimal: Self.whole(value).map(JSON.int) ?? Self.number(value).map(JSON.double) ?? .null
        case .boolean: .bool(Self.bool(value))
        case .image, .fieldpicker: value.stringValue.flatMap { GID($0) }.map { JSON($0) } ?? .null
        }
    }

    private static func text(_ value: JSON) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .array(let elements): elements.map(text).joined(separator: "\n")
        default: value.text
        }
    }

    private static func line(_ value: JSON) -> String {
        text(value).split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    private static func lines(_ value: JSON) -> [String] {
        if let elements = value.arrayValue { return elements.map(line) }
        return text(value).split(whereSeparator: \.isNewline).map(String.init)
    }

    /// With all its digits: a double holds no more than fifteen.
    private static func whole(_ value: JSON) -> Int64? {
        value.intValue ?? value.stringValue.flatMap { Int64($0.filter { !$0.isWhitespace }) }
    }

    private static func number(_ value: JSON) -> Double? {
        let number: Double? =
            switch value {
            case .int(let number): Double(number)
            case .double(let number): number
            case .bool(let flag): flag ? 1 : 0
            case .string(let text):
                Double(String(text.filter { !$0.isWhitespace }.map { $0 == "," ? "." : $0 }))
            default: nil
            }
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func bool(_ value: JSON) -> Bool {
        if let text = value.stringValue { return ["true", "1", "yes", "on"].contains(text.lowercased()) }
        return number(value).map { $0 != 0 } ?? false
    }
}

/// A name of a metadata entry: letters, digits, `_` and dots, not a digit first, with at least one dot, none of them leading,
/// trailing or doubled (project reference 2.6). Dots express grouping only.
package struct MetadataName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 255
    package let description: String

    /// - Throws: `badParameter` that names `parameter`.
    package init(_ text: String, parameter: String = "name") throws(AssetError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = parts.allSatisfy { part in
            !part.isEmpty
                && part.unicodeScalars.allSatisfy {
                    $0.isASCII && ($0 == "_" || $0.properties.numericType != nil || $0.properties.isAlphabetic)
                }
        }
        guard isName, parts.count > 1, text.utf8.count <= Self.maximumBytes, text.first?.isNumber == false else {
            throw .badParameter(parameter, "A metadata name looks like 'group.code': letters, digits, '_' and dots")
        }
        description = text
    }
}

/// What a call says about one metadata entry; what it leaves out is kept (project reference 5.16).
package struct MetadataPatch: Sendable {
    package let type: MetadataType?
    package let isLocalized: Bool?
    package let value: JSON?

    package init(type: MetadataType?, isLocalized: Bool?, value: JSON?) {
        self.type = type
        self.isLocalized = isLocalized
        self.value = value
    }

    /// The entry with the patch applied: type, flag and value, coerced. `languages` are those of the project.
    func applied(to old: JSON?, languages: [String]) -> JSON {
        let type = type ?? old?[key: "type"]?.stringValue.flatMap(MetadataType.init) ?? .textline
        let isLocalized = isLocalized ?? old?[key: "is_localized"]?.boolValue ?? false
        let kept = old?[key: "value"] ?? ""
        let wasLocalized = old?[key: "is_localized"]?.boolValue ?? false
        var value: JSON
        if isLocalized {
            var members: JSON.Object = [:]
            for language in languages {
                let before = wasLocalized ? kept[key: language] ?? "" : kept
                let given = self.value.map { $0.objectValue == nil ? $0 : $0[key: language] ?? before }
                members[language] = type.coerce(given ?? before)
            }
            value = .object(members)
        } else {
            value = self.value ?? kept
            if let members = value.objectValue {
                value = languages.lazy.compactMap { members[$0] }.first ?? members.values.first ?? ""
            }
            value = type.coerce(value)
        }
        return ["type": .string(type.rawValue), "is_localized": .bool(isLocalized), "value": value]
    }
}

extension JSON {
    fileprivate var isImageEntry: Bool { self[key: "type"]?.stringValue == MetadataType.image.rawValue }

    /// Of a value, localized or not.
    fileprivate var imageGIDs: [GID] {
        (objectValue.map { Array($0.values) } ?? [self]).compactMap { $0.stringValue.flatMap { GID($0) } }
    }

    fileprivate func losing(_ isLost: (GID) throws -> Bool) rethrows -> JSON {
        if let members = objectValue { return .object(try members.mapValues { try $0.losing(isLost) }) }
        guard let gid = stringValue.flatMap({ GID($0) }), try isLost(gid) else { return self }
        return .null
    }
}

extension Asset {
    /// The gids that the image entries of the metadata name.
    package func imageReferences() throws -> [GID] {
        // Most assets have none, and then there is nothing to parse.
        guard metadata.text.contains("\"\(MetadataType.image.rawValue)\"") else { return [] }
        return try metadataEntries().values.filter(\.isImageEntry).flatMap { entry in
            entry[key: "value"]?.imageGIDs ?? []
        }
    }

    /// The metadata without the images that `isLost` says are gone: their values become null (project reference 2.6).
    func metadataEntries(losing isLost: (GID) throws -> Bool) throws -> JSON.Object {
        var entries = try metadataEntries()
        for (name, entry) in entries where entry.isImageEntry {
            guard var members = entry.objectValue, let value = members["value"] else { continue }
            members["value"] = try value.losing(isLost)
            entries[name] = .object(members)
        }
        return entries
    }

    /// The most entries that an asset can have, and the most bytes of its metadata as JSON.
    package static let maximumMetadataEntries = 1000
    package static let maximumMetadataBytes = 256 << 10

    /// The metadata as an object that can be read and changed.
    func metadataEntries() throws -> JSON.Object {
        try JSON(parsing: metadata.text).objectValue ?? [:]
    }

    /// - Throws: `unprocessable` beyond the limits.
    mutating func setMetadata(_ entries: JSON.Object) throws {
        let text = JSON.object(entries).text
        guard entries.count <= Self.maximumMetadataEntries, text.utf8.count <= Self.maximumMetadataBytes else {
            throw AssetError.unprocessable(
                "More than \(Self.maximumMetadataEntries) metadata entries or \(Self.maximumMetadataBytes) bytes")
        }
        metadata = .raw(text)
    }
}
