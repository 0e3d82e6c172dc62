import Crypto
import Foundation

/// The options of a transform call (project reference 11.4): what the rendition is called, and how it is made.
///
/// What is out of range is clamped. What cannot be read, an unknown option, one that is given twice, and a second resize option are
/// errors that name the option.
package struct TransformOptions: Sendable, Equatable {
    package enum OutputType: Sendable, Equatable {
        /// That of the source.
        case source
        /// The best that the caller accepts.
        case auto
        case fixed(OutputFormat)
    }

    /// The output's base name; nil is the asset's gid.
    package private(set) var name: String?
    /// Tells outputs of one file apart; nil is a hash of the options.
    package private(set) var key: String?
    package private(set) var type = OutputType.source
    /// Whether an output of the same name is made again.
    package private(set) var isForced = false
    /// Everything else; its format is decided later.
    package private(set) var recipe = Recipe(format: .jpg)

    private var hash: String

    /// The largest lengths, in logical pixels: what the client clamps to.
    private static let sizes = 1...5000
    private static let paddings = 0...1000
    private static let densities = 1...4
    private static let qualities = 0...100

    /// - Parameter options: names and values in the order of the call, percent-decoded.
    package init(_ options: [(name: String, value: String)]) throws(AssetError) {
        hash = Self.hash(options)
        var seen: Set<String> = []
        for (name, value) in options {
            guard seen.insert(name).inserted else { throw .badParameter(name, "Given twice") }
            try set(name, value)
        }
    }

    /// The file name of the output: `<name>@<key>.<ext>`.
    /// - Throws: `badParameter` when it is longer than a name can be.
    package func fileName(of gid: GID, _ format: OutputFormat) throws(AssetError) -> String {
        let file = "\(name ?? gid.description)@\(key ?? hash).\(format.rawValue)"
        guard file.utf8.count <= AssetName.maximumBytes else {
            throw .badParameter("name", "Name and key must not be longer than \(AssetName.maximumBytes) bytes together")
        }
        return file
    }

    /// The same options in another order are the same output; so are those that do not touch what is made.
    private static func hash(_ options: [(name: String, value: String)]) -> String {
        let text = options.filter { !["name", "key", "force"].contains($0.name) }.map { "\($0.name)=\($0.value)" }
            .sorted().joined(separator: "/")
        return Secrets.hex(SHA256.hash(data: Data(text.utf8)).prefix(4))
    }

    private mutating func set(_ option: String, _ value: String) throws(AssetError) {
        switch option {
        case "name": name = try Self.text(option, value)
        case "key": key = try Self.text(option, value)
        case "type": type = try Self.type(option, value)
        case "force": isForced = try Self.flag(option, value)
        case "optimize": recipe.isOptimized = try Self.flag(option, value)
        case "width", "height", "fit", "fill": try setResize(option, value)
        case "hs": recipe.hotspot = try Self.fractions(option, value)
        case "crop": recipe.crop = try Self.fractions(option, value)
        case "padding": recipe.padding = try Self.padding(option, value)
        case "bg": recipe.background = try Self.background(option, value)
        case "q": recipe.quality = try Self.integer(option, value, in: Self.qualities)
        case "dpr": recipe.density = try Self.integer(option, value, in: Self.densities)
        default: throw .badParameter(String(option.prefix(80)), "Unknown option")
        }
    }

    private mutating func setResize(_ option: String, _ value: String) throws(AssetError) {
        guard recipe.resize == nil else { throw .badParameter(option, "Use one of width, height, fit, fill") }
        let parts = value.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2 || (parts.count == 1 && (option == "width" || option == "height")) else {
            throw .badParameter(
                option, "Expected \(option == "width" ? "W or " : option == "height" ? "H or " : "")W,H")
        }
        var lengths: [Int] = []
        for part in parts { lengths.append(try Self.integer(option, part, in: Self.sizes)) }
        // A pair is always width and height, also for `height`.
        recipe.resize =
            switch option {
            case "width": .width(lengths[0], height: lengths.count == 2 ? lengths[1] : nil)
            case "height":
                lengths.count == 2 ? .height(lengths[1], width: lengths[0]) : .height(lengths[0], width: nil)
            case "fit": .fit(width: lengths[0], height: lengths[1])
            default: .fill(width: lengths[0], height: lengths[1])
            }
    }

    // MARK: Values

    /// A part of the file name; empty counts as absent.
    private static func text(_ option: String, _ value: String) throws(AssetError) -> String? {
        let value = value.precomposedStringWithCanonicalMapping
        for scalar in value.unicodeScalars {
            guard scalar != "/", scalar != "\\", scalar.properties.generalCategory != .control else {
                throw .badParameter(option, "It must not contain '/', '\\' or control characters")
            }
        }
        return value.isEmpty ? nil : value
    }

    private static func type(_ option: String, _ value: String) throws(AssetError) -> OutputType {
        let value = value.lowercased()
        if value == "auto" { return .auto }
        guard let format = OutputFormat(rawValue: value == "jpeg" ? "jpg" : value) else {
            let known = OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badParameter(option, "Expected \(known) or auto")
        }
        return .fixed(format)
    }

    /// Hand-written clients send Python's `True`.
    private static func flag(_ option: String, _ value: String) throws(AssetError) -> Bool {
        switch value.lowercased() {
        case "true": return true
        case "false": return false
        default: throw .badParameter(option, "Expected true or false")
        }
    }

    private static func number(_ option: String, _ value: some StringProtocol) throws(AssetError) -> Double {
        // Not `Double(_:)` alone, which knows "nan", "inf" and hexadecimal numbers too.
        let isPlain = value.allSatisfy { $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }
        guard isPlain, value.utf8.count <= 40, let number = Double(value), number.isFinite else {
            throw .badParameter(option, "'\(value.prefix(40))' is not a number")
        }
        return number
    }

    private static func integer(
        _ option: String, _ value: some StringProtocol, in range: ClosedRange<Int>
    ) throws(AssetError) -> Int {
        let number = try number(option, value).rounded()
        return Int(min(max(number, Double(range.lowerBound)), Double(range.upperBound)))
    }

    private static func fractions(_ option: String, _ value: String) throws(AssetError) -> Recipe.Fractions {
        let parts = value.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .badParameter(option, "Expected two fractions from 0 to 1") }
        let x = try number(option, parts[0])
        let y = try number(option, parts[1])
        return Recipe.Fractions(min(max(x, 0), 1), min(max(y, 0), 1))
    }

    private static func padding(_ option: String, _ value: String) throws(AssetError) -> Recipe.Padding {
        let parts = value.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 4 else { throw .badParameter(option, "Expected top,right,bottom,left") }
        var sides: [Int?] = []
        for part in parts {
            sides.append(part.lowercased() == "auto" ? nil : try integer(option, part, in: paddings))
        }
        return Recipe.Padding(top: sides[0], right: sides[1], bottom: sides[2], left: sides[3])
    }

    private static func background(_ option: String, _ value: String) throws(AssetError) -> Recipe.Background {
        let value = value.lowercased()
        if value == "transparent" { return .transparent }
        if value == "white" { return .white }
        guard value.utf8.count == 6, value.allSatisfy(\.isASCII), value.allSatisfy(\.isHexDigit),
            let color = UInt32(value, radix: 16)
        else { throw .badParameter(option, "Expected white, transparent or 6 hexadecimal digits") }
        return .color(red: UInt8(color >> 16), green: UInt8(color >> 8 & 255), blue: UInt8(color & 255))
    }
}
