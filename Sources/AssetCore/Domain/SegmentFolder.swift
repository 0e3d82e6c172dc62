import Foundation

/// Where a segment's files lie in the project's tree (segment reference 5.1):
/// `/reference/assets/<document>/<segment mod 1000>/<segment>/[<locale>/][<relative path>/]<name>`.
package struct SegmentFolder: Hashable, Sendable {
    package let document: Int64
    package let segment: Int64

    package init(document: Int64, segment: Int64) {
        self.document = document
        self.segment = segment
    }

    /// The folder's path. None of these folders can be renamed or moved.
    package var path: AssetPath {
        let names = ["reference", "assets", "\(document)", "\(segment % 1000)", "\(segment)"]
        return AssetPath(names: names.map(AssetName.init(stored:)))
    }

    /// Whether a folder with these names, from the root down, is one that segment files are found by.
    package static func protects(_ names: [String]) -> Bool {
        let expected: [(String) -> Bool] = [
            { $0 == "reference" }, { $0 == "assets" }, { Int64(digits: $0) != nil },
            { Int64(digits: $0) != nil }, { Int64(digits: $0) != nil },
        ]
        guard !names.isEmpty, names.count <= expected.count else { return false }
        return zip(names, expected).allSatisfy { name, matches in matches(name) }
    }
}

/// A file inside a segment's folder: language, folders and name (segment reference 5.2).
///
/// The path decides the language (U16): when the first folder equals a language of the project, that is the file's locale.
package struct SegmentPath: Hashable, Sendable {
    package let folders: [AssetName]
    package let name: AssetName

    /// Characters that file systems of the platform's clients cannot carry (U19).
    private static let refused: Set<Unicode.Scalar> = [":", "*", "?", "\"", "<", ">", "|"]

    /// - Parameters:
    ///   - fileName: the name bound to the token, or the `filename` parameter; may contain folders with `/` or `\`.
    ///   - relativePath: wins over folders in `fileName`; nil or blank counts as not given (U17).
    ///   - locale: empty counts as not given; otherwise a language of the project in any letter case (U20).
    ///   - isNew: whether a file will be made: refuses `: * ? " < > |` as well. A file that is there already, made through the
    ///     project dialect, stays reachable.
    package init(
        fileName: String, relativePath: String?, locale: String?, languages: [String], isNew: Bool
    ) throws(AssetError) {
        var parts = Self.split(fileName)
        guard let base = parts.popLast(), !base.isEmpty else {
            throw .badParameter("filename", "The file name is empty")
        }
        var folders: [AssetName] = []
        if let locale, !locale.isEmpty {
            guard let language = languages.first(where: { $0.lowercased() == locale.lowercased() }) else {
                throw .badParameter("locale", "'\(locale)' is not a language of the project")
            }
            folders.append(AssetName(stored: language))
        }
        if let relativePath, !relativePath.allSatisfy(\.isWhitespace) {
            var inner = Self.split(relativePath)[...]
            while inner.first?.isEmpty == true { inner.removeFirst() }
            while inner.last?.isEmpty == true { inner.removeLast() }
            for part in inner { folders.append(try Self.name(part, parameter: "relativePath", isNew: isNew)) }
            // Folders in the name are dropped, but a name that tries to climb is wrong all the same.
            for part in parts where part == ".." { _ = try Self.name(part, parameter: "filename", isNew: isNew) }
        } else {
            if parts.first?.isEmpty == true { parts.removeFirst() }
            for part in parts { folders.append(try Self.name(part, parameter: "filename", isNew: isNew)) }
        }
        name = try Self.name(base, parameter: "filename", isNew: isNew)
        self.folders = folders
    }

    private static func split(_ text: String) -> [String] {
        text.split(omittingEmptySubsequences: false) { $0 == "/" || $0 == "\\" }.map(String.init)
    }

    private static func name(_ text: String, parameter: String, isNew: Bool) throws(AssetError) -> AssetName {
        let name = try AssetName(text, parameter: parameter)
        if isNew, let character = text.unicodeScalars.first(where: refused.contains) {
            throw .badParameter(parameter, "The name must not contain '\(character)'")
        }
        return name
    }
}

/// A segment's file as the segment dialect lists it.
package struct SegmentFile: Sendable {
    package let document: Int64
    package let segment: Int64
    package let locale: String?
    /// Folders below the locale, from the top down.
    package let folders: [String]
    package let asset: Asset

    /// - Parameter path: the folders between the segment's folder and the file.
    package init(document: Int64, segment: Int64, path: [String], languages: [String], asset: Asset) {
        self.document = document
        self.segment = segment
        if let first = path.first, languages.contains(first) {
            locale = first
            folders = Array(path.dropFirst())
        } else {
            locale = nil
            folders = path
        }
        self.asset = asset
    }

    /// As answers print it: with backslashes, empty at the top (5.2).
    package var relativePath: String { folders.joined(separator: "\\") }
}
