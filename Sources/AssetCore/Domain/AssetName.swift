import Foundation

/// The name of a file or folder: one component of a path, at most 255 bytes of UTF-8, in Unicode normalization form C.
///
/// The references leave the rules open (project reference 5.8, segment reference U18, U19). Forbidden are the empty name, `.` and
/// `..`, `/`, `\`, NUL and every other control character: what a file system or a URL could not carry.
package struct AssetName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumBytes = 255

    package let description: String

    /// - Throws: `badParameter` that names `parameter` and says which rule is broken.
    package init(_ text: String, parameter: String = "name") throws(AssetError) {
        // What is ASCII is in every normalization form.
        let text = text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
        if text.isEmpty { throw .badParameter(parameter, "The name must not be empty") }
        if text == "." || text == ".." { throw .badParameter(parameter, "The name must not be '.' or '..'") }
        if text.utf8.count > Self.maximumBytes {
            throw .badParameter(parameter, "The name must not be longer than \(Self.maximumBytes) bytes")
        }
        for scalar in text.unicodeScalars {
            if scalar == "/" || scalar == "\\" {
                throw .badParameter(parameter, "The name must not contain '/' or '\\'")
            }
            if scalar.properties.generalCategory == .control {
                throw .badParameter(parameter, "The name must not contain control characters")
            }
        }
        description = text
    }

    /// A name that is already in the catalog.
    package init(stored: String) { description = stored }

    /// The extension in lower case without its dot, or nil: `.profile` and `readme` have none.
    package var fileExtension: String? {
        guard let dot = description.lastIndex(of: "."), dot != description.startIndex else { return nil }
        let text = description[description.index(after: dot)...]
        return text.isEmpty || text.utf8.count > 16 ? nil : text.lowercased()
    }

    /// The name with a number before its extension, as the project dialect numbers names that are taken: `a 2.jpg`.
    ///
    /// The base is cut, at a character boundary, when the result would be too long.
    package func numbered(_ number: Int) -> AssetName {
        var base = Substring(description)
        var ending = ""
        if let dot = description.lastIndex(of: "."), dot != description.startIndex {
            base = description[..<dot]
            ending = String(description[dot...])
        }
        let suffix = " \(number)"
        if suffix.utf8.count + ending.utf8.count >= Self.maximumBytes {
            base = Substring(description)
            ending = ""
        }
        while base.utf8.count + suffix.utf8.count + ending.utf8.count > Self.maximumBytes { base.removeLast() }
        return AssetName(stored: base + suffix + ending)
    }
}
