/// What is done with the pixels of a source (project reference 11.4): crop, scale, place on a canvas, encode.
///
/// Lengths are logical pixels; `density` makes them physical ones.
package struct Recipe: Sendable, Hashable, Codable {
    /// The canvas, and what the scale comes from. The aspect ratio is always kept, and nothing is ever scaled up.
    package enum Resize: Sendable, Hashable, Codable {
        case width(Int, height: Int?)
        case height(Int, width: Int?)
        /// The whole source in the canvas.
        case fit(width: Int, height: Int)
        /// The whole canvas full of the source.
        case fill(width: Int, height: Int)
    }

    /// Fractions of width and height, 0 to 1.
    package struct Fractions: Sendable, Hashable, Codable {
        package var x: Double
        package var y: Double

        package init(_ x: Double, _ y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// Space around the source; nil is `auto`, which takes what is free.
    package struct Padding: Sendable, Hashable, Codable {
        package var top: Int?
        package var right: Int?
        package var bottom: Int?
        package var left: Int?

        package init(top: Int? = nil, right: Int? = nil, bottom: Int? = nil, left: Int? = nil) {
            self.top = top
            self.right = right
            self.bottom = bottom
            self.left = left
        }
    }

    package enum Background: Sendable, Hashable, Codable {
        case transparent
        case color(red: UInt8, green: UInt8, blue: UInt8)

        package static let white = Background.color(red: 255, green: 255, blue: 255)
    }

    package var resize: Resize?
    package var hotspot = Fractions(0.5, 0.5)
    /// How much of the source is kept, around the hotspot.
    package var crop: Fractions?
    package var padding = Padding()
    package var background = Background.transparent
    /// Whether the canvas is no larger than what lies on it.
    package var isCanvasTight = false
    /// Physical pixels for each logical one, 1 to 4.
    package var density = 1
    /// 0 to 100; nil is the standard of the format.
    package var quality: Int?
    /// Takes more time for a smaller file.
    package var isOptimized = false
    package var format: OutputFormat

    package init(format: OutputFormat) { self.format = format }
}

/// A format that renditions can have; the raw value is their extension.
package enum OutputFormat: String, Sendable, Codable, CaseIterable {
    case jpg, png, gif, webp, avif

    /// What a source becomes when the type is not given: itself, or what loses least.
    package init(source type: String?) {
        switch type {
        case "jpg", "jpeg", "jpe", "jfif", "pjpeg", "heic", "heif": self = .jpg
        case "png", "apng", "svg", "pdf", "ai", "tif", "tiff", "bmp", "dib": self = .png
        case "gif": self = .gif
        case "webp": self = .webp
        case "avif": self = .avif
        default: self = .jpg
        }
    }

    /// The best format that an `Accept` header names; nil when it names none that saves anything.
    package init?(accepting header: String) {
        let types = Set(
            header.lowercased().split(separator: ",").compactMap { range -> String? in
                let parts = range.split(separator: ";").map { $0.filter { $0 != " " } }
                // A quality of zero is a refusal (RFC 9110, 12.4.2).
                let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
                return isRefused ? nil : parts.first
            })
        if types.contains("image/avif") {
            self = .avif
        } else if types.contains("image/webp") {
            self = .webp
        } else {
            return nil
        }
    }
}
