import AssetCore

/// Where the pixels of a source go: the geometry of section 11.4 of the project reference, in physical pixels.
///
/// Crop, then scale, then canvas; on the canvas the hotspot comes as near to the centre as padding and edges allow. What
/// overflows is cut off, what stays free is background.
struct RenderGeometry {
    struct Area: Equatable {
        var left: Double
        var top: Double
        var width: Double
        var height: Double
    }

    /// One direction of the canvas.
    struct Axis: Equatable {
        /// The canvas.
        let length: Int
        /// The scaled source.
        let scaled: Int
        /// Where it would begin, before and beyond the edges too.
        let start: Int
        /// What of the canvas shows the source.
        let visible: Range<Int>

        /// - Parameters:
        ///   - before, after: padding; nil is what is free.
        ///   - hotspot: a fraction of the scaled source.
        init(length: Int, scaled: Int, before: Int?, after: Int?, hotspot: Double) {
            self.length = length
            self.scaled = scaled
            let first = min(before ?? 0, length)
            let last = max(length - (after ?? 0), first)
            let room = last - first
            let ideal = Double(length) / 2 - hotspot * Double(scaled)
            let position: Double
            if scaled > room {
                position = min(max(ideal, Double(last - scaled)), Double(first))
            } else {
                switch (before, after) {
                case (nil, nil): position = min(max(ideal, 0), Double(length - scaled))
                case (_, nil): position = Double(first)
                case (nil, _): position = Double(last - scaled)
                case (_, _): position = Double(first) + Double(room - scaled) / 2
                }
            }
            start = Int(position.rounded())
            visible = max(start, first)..<max(min(start + scaled, last), max(start, first))
        }
    }

    /// The size of the source, in its own pixels, and the part of it that is used.
    let source: (width: Int, height: Int)
    let crop: Area
    let horizontal: Axis
    let vertical: Axis

    /// How much smaller the output is than the source: 0 to 1.
    let scale: Double

    init(_ recipe: Recipe, width: Int, height: Int) {
        self.source = (width, height)
        let source = (width: Double(width), height: Double(height))
        let fraction = recipe.crop ?? Recipe.Fractions(1, 1)
        let kept = (width: max(fraction.x * source.width, 1), height: max(fraction.y * source.height, 1))
        crop = Area(
            left: Self.start(of: kept.width, around: recipe.hotspot.x, in: source.width),
            top: Self.start(of: kept.height, around: recipe.hotspot.y, in: source.height),
            width: kept.width, height: kept.height)

        let density = recipe.density
        let scale = min(1, Self.scale(recipe.resize, density: Double(density), kept.width, kept.height))
        self.scale = scale
        let scaled = (width: Self.length(kept.width * scale), height: Self.length(kept.height * scale))
        let canvas = recipe.isCanvasTight ? (nil, nil) : Self.canvas(recipe.resize)
        let padding = recipe.padding
        horizontal = Axis(
            length: canvas.0.map { $0 * density } ?? scaled.width, scaled: scaled.width,
            before: padding.left.map { $0 * density }, after: padding.right.map { $0 * density },
            hotspot: (recipe.hotspot.x * source.width - crop.left) / crop.width)
        vertical = Axis(
            length: canvas.1.map { $0 * density } ?? scaled.height, scaled: scaled.height,
            before: padding.top.map { $0 * density }, after: padding.bottom.map { $0 * density },
            hotspot: (recipe.hotspot.y * source.height - crop.top) / crop.height)
    }

    /// Centred on the hotspot, as far as the edges of the source allow.
    private static func start(of length: Double, around hotspot: Double, in source: Double) -> Double {
        min(max(hotspot * source - length / 2, 0), source - length)
    }

    private static func length(_ value: Double) -> Int { max(1, Int(value.rounded())) }

    private static func scale(_ resize: Recipe.Resize?, density: Double, _ width: Double, _ height: Double) -> Double {
        switch resize {
        case nil: 1
        case .width(let wanted, _): Double(wanted) * density / width
        case .height(let wanted, _): Double(wanted) * density / height
        case .fit(let w, let h): min(Double(w) * density / width, Double(h) * density / height)
        case .fill(let w, let h): max(Double(w) * density / width, Double(h) * density / height)
        }
    }

    /// What is asked for; nil is as much as the source takes.
    private static func canvas(_ resize: Recipe.Resize?) -> (Int?, Int?) {
        switch resize {
        case nil: (nil, nil)
        case .width(let width, let height): (width, height)
        case .height(let height, let width): (width, height)
        case .fit(let width, let height), .fill(let width, let height): (width, height)
        }
    }
}
