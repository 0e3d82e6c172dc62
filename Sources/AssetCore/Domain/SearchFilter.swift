/// A filter of the project dialect: `[property, operator, operands]` (project reference 7.2, 7.3), and two properties of our own,
/// `is_deleted` and `path`. The same filters serve searches, selections and saved queries.
package indirect enum SearchFilter: Hashable, Sendable {
    case and([SearchFilter])
    case or([SearchFilter])
    case not(SearchFilter)
    /// The file type: a category (`image`, `file`) or a concrete type such as `pdf`.
    case type(String)
    /// Terms over a text, with the modifiers of `q`; title and description in the search's language.
    case matches(TextProperty, TextQuery)
    /// These consecutive whole words in a text.
    case phrase(TextProperty, [String])
    case time(TimeProperty, TimeCondition)
    case validation(Validation, Set<LocalizedProperty>)
    case number(NumberProperty, NumberCondition)
    case metadata(MetadataCondition)
    case isDeleted(Bool)
    /// Everything below a folder, at any depth.
    case under(AssetPath)

    package enum TextProperty: String, Sendable { case name, title, description }
    package enum LocalizedProperty: String, Sendable, CaseIterable { case title, description }
    package enum TimeProperty: String, Sendable {
        case updatedOn = "updated_on"
        case createdOn = "created_on"
    }
    package enum NumberProperty: String, Sendable, CaseIterable { case width, height, filesize, pages }

    package enum TimeCondition: Hashable, Sendable {
        /// Fewer days ago than this.
        case newer(days: Double)
        case older(days: Double)
        case between(Timestamp, Timestamp)
    }

    package enum NumberCondition: Hashable, Sendable {
        case equal(Double)
        case less(Double)
        case greater(Double)
        case between(Double, Double)
    }

    package enum Validation: Hashable, Sendable {
        /// Any failure. An empty text is none, so that a missing translation is the only one that an asset can have.
        case any
        case isEmpty
        /// Empty in the search's language, filled in another.
        case notTranslated
    }

    package enum MetadataCondition: Hashable, Sendable {
        case has(MetadataName)
        /// The value, or one value of a list, in the search's language when it is localized.
        case value(MetadataName, JSON)
        /// Terms over all textual metadata.
        case matches(TextQuery)
    }

    package static let maximumDepth = 64
    package static let maximumNodes = 1000

    /// Types that the category `image` covers: raster and vector pictures.
    package static let imageTypes = [
        "jpg", "jpeg", "png", "gif", "webp", "avif", "heic", "heif", "tif", "tiff", "bmp", "svg", "eps", "ai", "psd",
        "ico",
        "jp2", "jxl",
    ]

    /// How many filters there are in this one, itself included.
    var nodeCount: Int {
        switch self {
        case .and(let filters), .or(let filters): 1 + filters.reduce(0) { $0 + $1.nodeCount }
        case .not(let filter): 1 + filter.nodeCount
        default: 1
        }
    }

    /// Reads a filter; `null` and `[]` as a whole mean no filter, and give nil.
    ///
    /// - Throws: `badParameter` that names the property or operator that is not known.
    package static func parse(_ json: JSON?) throws(AssetError) -> SearchFilter? {
        guard let json, !json.isNull, json != .array([]) else { return nil }
        var parser = FilterParser()
        return try parser.parse(json, depth: 1)
    }
}
