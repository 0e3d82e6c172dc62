/// What a header tells; nil is unknown.
struct HeaderFacts {
    /// How the pixels are coloured, in the words of the project reference (11.3), which are ImageMagick's.
    enum Colors: String {
        case greyscale, greyscalematte, palette, palettematte, truecolor, truecolormatte, colorseparation

        var withAlpha: Colors {
            switch self {
            case .greyscale: .greyscalematte
            case .palette: .palettematte
            case .truecolor: .truecolormatte
            case .greyscalematte, .palettematte, .truecolormatte, .colorseparation: self
            }
        }

        var colorspace: String {
            switch self {
            case .greyscale, .greyscalematte: "gray"
            case .palette, .palettematte, .truecolor, .truecolormatte: "srgb"
            case .colorseparation: "cmyk"
            }
        }
    }

    var type: String
    /// Extensions of names that say what the content is, as well as `type` or better.
    var otherExtensions: Set<String> = []
    var pages: Int?
    var width: Int?
    var height: Int?
    /// In dots per inch.
    var resolution: (x: Int, y: Int)?
    var transparent: Bool?
    var animated: Bool?
    var colors: Colors?

    init(_ type: String, otherExtensions: Set<String> = []) {
        self.type = type
        self.otherExtensions = otherExtensions
    }

    /// A file with one picture that does not move.
    static func stillImage(_ type: String, otherExtensions: Set<String> = []) -> HeaderFacts {
        var facts = HeaderFacts(type, otherExtensions: otherExtensions)
        facts.pages = 1
        facts.animated = false
        return facts
    }

    /// Zero is how some formats say that they do not know.
    mutating func setSize(_ width: Int?, _ height: Int?) {
        guard let width, let height, width > 0, height > 0 else { return }
        self.width = width
        self.height = height
    }

    /// - Parameter inchesFactor: how many units an inch has: 1 for dots per inch, 2.54 for dots per centimetre.
    mutating func setResolution(_ x: Double?, _ y: Double?, inchesFactor: Double) {
        guard let x, let y, let x = Int(exactly: (x * inchesFactor).rounded()),
            let y = Int(exactly: (y * inchesFactor).rounded()),
            x > 0, y > 0
        else { return }
        resolution = (x, y)
    }
}
