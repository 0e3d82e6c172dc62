import AssetCore
import OrderedCollections

/// The shape of a value, as the description of the API states it (JSON Schema, as in OpenAPI 3.1).
indirect enum OpenAPISchema: Sendable {
    case gid
    case string
    /// A text of 1 to 255 bytes.
    case name
    /// From this number on.
    case integer(Int64)
    case number
    case boolean
    case object
    case any
    case list(OpenAPISchema)
    /// An object with these members.
    case members([OpenAPIField])
    /// Language code to text.
    case localized
    /// The bytes of a file in a form.
    case file
    /// One of these texts.
    case oneOf([String])
    case nullable(OpenAPISchema)
    /// A named schema of the document.
    case reference(String)

    /// Version 4 only (project reference 1.6).
    private static let gidPattern =
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"

    var json: JSON {
        switch self {
        case .gid: ["type": "string", "format": "uuid", "pattern": .string(Self.gidPattern)]
        case .string: ["type": "string"]
        case .name: ["type": "string", "minLength": 1, "maxLength": 255]
        case .integer(let minimum): ["type": "integer", "minimum": .int(minimum)]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .object: ["type": "object"]
        case .any: .emptyObject
        case .list(let element): ["type": "array", "items": element.json]
        case .members(let fields): OpenAPIField.object(fields)
        case .localized: ["type": "object", "additionalProperties": ["type": "string"]]
        case .file: ["type": "string", "format": "binary"]
        case .oneOf(let values): ["type": "string", "enum": .array(values.map(JSON.string))]
        case .nullable(let schema): ["anyOf": [schema.json, ["type": "null"]]]
        case .reference(let name): ["$ref": .string("#/components/schemas/\(name)")]
        }
    }
}

/// A parameter of a call, or a member of its result.
struct OpenAPIField: Sendable {
    let name: String
    let schema: OpenAPISchema
    var isRequired = true
    var description: String?

    static func required(_ name: String, _ schema: OpenAPISchema, _ description: String? = nil) -> OpenAPIField {
        OpenAPIField(name: name, schema: schema, isRequired: true, description: description)
    }

    static func optional(_ name: String, _ schema: OpenAPISchema, _ description: String? = nil) -> OpenAPIField {
        OpenAPIField(name: name, schema: schema, isRequired: false, description: description)
    }

    var json: JSON {
        guard let description, var members = schema.json.objectValue else { return schema.json }
        members["description"] = .string(description)
        return .object(members)
    }

    /// An object with these members, and any others.
    static func object(_ fields: [OpenAPIField]) -> JSON {
        var members: JSON.Object = ["type": "object"]
        if !fields.isEmpty {
            members["properties"] = .object(
                OrderedDictionary(fields.map { ($0.name, $0.json) }, uniquingKeysWith: { first, _ in first }))
        }
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members["required"] = .array(required) }
        return .object(members)
    }
}

/// What a call of the project dialect takes and answers.
struct RPCDocument: Sendable {
    let summary: String
    let parameters: [OpenAPIField]
    /// The members of `result`.
    let result: [OpenAPIField]

    init(_ summary: String, _ parameters: [OpenAPIField] = [], result: [OpenAPIField] = []) {
        self.summary = summary
        self.parameters = parameters
        self.result = result
    }
}
