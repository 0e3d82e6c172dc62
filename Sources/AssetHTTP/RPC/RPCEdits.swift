import AssetCore
import OrderedCollections

/// Reads what a call changes of an asset (project reference 5.11, 5.16).
enum RPCEdits {
    /// - Throws: `badParameter`, also when there is nothing to change.
    static func edit(_ call: RPCCall) throws(AssetError) -> AssetEdit {
        var edit = AssetEdit()
        if let name = try call.optionalString("name") { edit.name = try AssetName(name) }
        edit.title = try localized(call.value("title"), "title")
        edit.description = try localized(call.value("description"), "description")
        // A null is a value here: it takes the transforms away.
        if let transforms = call.parameters[key: "transforms"] {
            guard transforms.isNull || transforms.objectValue != nil else {
                throw .badParameter("transforms", "Expected an object or null")
            }
            guard transforms.text.utf8.count <= AssetEdit.maximumText else {
                throw .badParameter("transforms", "Longer than \(AssetEdit.maximumText) bytes")
            }
            edit.transforms = transforms
        }
        if let metadata = call.value("metadata") {
            guard let entries = metadata.objectValue else { throw .badParameter("metadata", "Expected an object") }
            var patches: OrderedDictionary<MetadataName, MetadataPatch> = [:]
            for (name, entry) in entries {
                guard entry.objectValue != nil else {
                    throw .badParameter("metadata", "'\(name.prefix(80))' is no object")
                }
                patches[try MetadataName(name, parameter: "metadata")] = try metadataPatch(entry, parameter: "metadata")
            }
            edit.metadata = patches
        }
        if edit.isEmpty {
            throw .badParameter("asset", "One of name, title, description, transforms, metadata is required")
        }
        return edit
    }

    /// The members `type`, `is_localized` and `value` of an object; null counts as absent.
    static func metadataPatch(_ json: JSON, parameter: String? = nil) throws(AssetError) -> MetadataPatch {
        func member(_ name: String) -> JSON? { json[key: name]?.ifNotNull }
        var type: MetadataType?
        if let given = member("type") {
            guard let known = given.stringValue.flatMap(MetadataType.init) else {
                let names = MetadataType.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badParameter(parameter ?? "type", "Expected one of \(names)")
            }
            type = known
        }
        if let given = member("is_localized"), given.boolValue == nil {
            throw .badParameter(parameter ?? "is_localized", "Expected true or false")
        }
        return MetadataPatch(type: type, isLocalized: member("is_localized")?.boolValue, value: member("value"))
    }

    private static func localized(_ json: JSON?, _ name: String) throws(AssetError) -> LocalizedText? {
        guard let json else { return nil }
        guard let members = json.objectValue else { throw .badParameter(name, "Expected an object: language to text") }
        var text: LocalizedText = [:]
        for (language, value) in members {
            guard let value = value.isNull ? "" : value.stringValue else {
                throw .badParameter(name, "The text in '\(language.prefix(80))' is not a string")
            }
            text[language] = value
        }
        return text
    }
}
