import Foundation

/// How text becomes words, for the index and for queries alike, so that every database finds the same.
///
/// Letters lose case and diacritics; whatever is neither letter, digit nor mark separates; each character of a script written
/// without spaces is a word of its own.
package enum SearchText {
    package static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        func finish() {
            if !word.isEmpty {
                words.append(word)
                word = ""
            }
        }
        for scalar in text.lowercased().decomposedStringWithCanonicalMapping.unicodeScalars {
            if scalar.isASCII {
                let isWord = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
                if isWord { word.unicodeScalars.append(scalar) } else { finish() }
            } else if (0x300...0x36f).contains(scalar.value) {
                continue
            } else if isWrittenWithoutSpaces(scalar) {
                finish()
                words.append(String(Character(scalar)))
            } else if isWordScalar(scalar) {
                word.unicodeScalars.append(scalar)
            } else {
                finish()
            }
        }
        finish()
        return words
    }

    private static func isWrittenWithoutSpaces(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isIdeographic || (0x3040...0x30ff).contains(scalar.value)
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark, .enclosingMark:
            true
        default: false
        }
    }
}

/// The `q` of a search: space-separated terms (project reference 7.1).
///
/// `+term` must occur, `-term` must not occur, plain terms add to the relevance; when there are only plain terms, any one of them
/// suffices. `"double quotes"` make a phrase. Matching is by word prefix, a phrase matches whole words.
package struct TextQuery: Hashable, Sendable {
    /// Consecutive words; the last one may be the beginning of a longer word.
    package struct Term: Hashable, Sendable {
        package let words: [String]
        package let isPrefix: Bool

        package init(words: [String], isPrefix: Bool) {
            self.words = words
            self.isPrefix = isPrefix
        }
    }

    package var required: [Term] = []
    package var excluded: [Term] = []
    package var optional: [Term] = []

    package var isEmpty: Bool { required.isEmpty && excluded.isEmpty && optional.isEmpty }

    /// The most terms that one query may have.
    package static let maximumTerms = 64
    /// The longest query, in bytes.
    package static let maximumBytes = 4096

    /// - Throws: `badParameter` when there are more than 64 terms, or more than 4096 bytes.
    package init(parsing text: String, parameter: String = "q") throws(AssetError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw .badParameter(parameter, "Longer than \(Self.maximumBytes) bytes")
        }
        var rest = text[...]
        var count = 0
        while let start = rest.firstIndex(where: { !$0.isWhitespace }) {
            rest = rest[start...]
            let sign = rest.first
            if sign == "+" || sign == "-" { rest.removeFirst() }
            let term: Term
            if rest.first == "\"" {
                rest.removeFirst()
                let end = rest.firstIndex(of: "\"") ?? rest.endIndex
                term = Term(words: SearchText.words(String(rest[..<end])), isPrefix: false)
                rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
            } else {
                let end = rest.firstIndex(where: \.isWhitespace) ?? rest.endIndex
                term = Term(words: SearchText.words(String(rest[..<end])), isPrefix: true)
                rest = rest[end...]
            }
            if term.words.isEmpty { continue }
            count += 1
            guard count <= Self.maximumTerms else {
                throw .badParameter(parameter, "More than \(Self.maximumTerms) search terms")
            }
            switch sign {
            case "+": required.append(term)
            case "-": excluded.append(term)
            default: optional.append(term)
            }
        }
    }
}
