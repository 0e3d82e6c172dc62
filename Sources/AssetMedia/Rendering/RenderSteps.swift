import AssetCore
import Foundation

/// The way from a file to an output: an ordered list of steps.
///
/// Runs in a worker process, on hostile files: limits are looked at before pixels are decoded.
struct RenderSteps {
    let recipe: Recipe
    let limits: RenderLimits

    /// Renders a file and writes the output.
    /// - Returns: the size of the output in pixels.
    /// - Throws: `RenderFailure`.
    func run(_ source: RenderSource, to descriptor: CInt) throws -> (width: Int, height: Int) {
        let header = try source.header()
        // Turned upright, width and height may change places.
        let isLying = header.orientation >= 5
        let frames = source.canMove ? header.pages : 1
        let isAnimated = frames > 1 && (recipe.format == .gif || recipe.format == .webp)
        let size = isLying ? (header.height, header.width) : (header.width, header.height)
        let geometry = RenderGeometry(recipe, width: size.0, height: size.1)
        if !source.isVector { try limits.check(header.width, header.height, frames: isAnimated ? frames : 1) }
        try limits.check(
            geometry.horizontal.length, geometry.vertical.length, frames: isAnimated ? frames : 1)
        do {
            let output =
                isAnimated
                ? try animation(source, frames, geometry)
                : try still(
                    source.open(scale: geometry.scale, header: header, isCropped: recipe.crop != nil, limits).upright(),
                    geometry)
            try write(output, isGrey: header.isGrey, to: descriptor)
        } catch let error as VipsError {
            // What the disk cannot take says nothing of the file.
            if error.description.contains("No space left") { throw RenderFailure.noRoom }
            throw RenderFailure.broken(error)
        }
        return (geometry.horizontal.length, geometry.vertical.length)
    }

    private func animation(_ source: RenderSource, _ count: Int, _ geometry: RenderGeometry) throws -> VipsImage {
        let roll = try source.frames()
        // Frames of a broken file may be fewer than its header says.
        let height = roll.pageHeight
        let all = try roll.inMemory()
        var frames = VipsImage.Frames()
        for top in stride(from: 0, to: min(count * height, all.height - height + 1), by: height) {
            let frame = try all.area(left: 0, top: top, width: all.width, height: height)
            frames.append(try still(frame, geometry))
        }
        return try frames.joined(
            frameHeight: geometry.vertical.length, delays: roll.integers("delay"), loops: roll.integer("loop"))
    }

    /// One upright picture.
    private func still(_ image: consuming VipsImage, _ geometry: RenderGeometry) throws -> VipsImage {
        var image = try cropped(image, geometry)
        image = try scaled(image, geometry)
        image = try colored(image)
        return try placed(image, geometry)
    }

    // MARK: Steps

    private func cropped(_ image: consuming VipsImage, _ geometry: RenderGeometry) throws -> VipsImage {
        guard recipe.crop != nil else { return image }
        // Decoded smaller, the picture has other pixels than the source.
        let nominal = geometry.crop
        let factor = (
            x: Double(image.width) / Double(geometry.source.width),
            y: Double(image.height) / Double(geometry.source.height)
        )
        let left = min(max(Int((nominal.left * factor.x).rounded()), 0), image.width - 1)
        let top = min(max(Int((nominal.top * factor.y).rounded()), 0), image.height - 1)
        let width = min(max(Int((nominal.width * factor.x).rounded()), 1), image.width - left)
        let height = min(max(Int((nominal.height * factor.y).rounded()), 1), image.height - top)
        return try image.area(left: left, top: top, width: width, height: height)
    }

    private func scaled(_ image: consuming VipsImage, _ geometry: RenderGeometry) throws -> VipsImage {
        let width = geometry.horizontal.scaled
        let height = geometry.vertical.scaled
        guard image.width != width || image.height != height else { return image }
        guard image.hasAlpha else { return try image.resized(width: width, height: height) }
        // Colours of transparent pixels must not bleed into their neighbours.
        let plain = image.isSRGB && image.isBytes && !image.hasProfile ? image : try image.inSRGB()
        return try plain.premultiplied().resized(width: width, height: height).unpremultiplied()
    }

    private func colored(_ image: consuming VipsImage) throws -> VipsImage {
        let isReady = image.isSRGB && image.isBytes && !image.hasProfile && image.bands <= 4
        return isReady ? image : try image.inSRGB()
    }

    private func placed(_ image: consuming VipsImage, _ geometry: RenderGeometry) throws -> VipsImage {
        let horizontal = geometry.horizontal
        let vertical = geometry.vertical
        var image = image
        let color: [Double]
        switch (recipe.background, recipe.format) {
        case (.transparent, .jpg):
            color = [255, 255, 255]
            image = try image.flattened(on: color)
        case (.transparent, _):
            color = [0, 0, 0, 0]
            let isFilled = horizontal.visible == 0..<horizontal.length && vertical.visible == 0..<vertical.length
            if !isFilled { image = try image.withAlpha() }
        case (.color(let red, let green, let blue), _):
            color = [Double(red), Double(green), Double(blue)]
            image = try image.flattened(on: color)
        }
        if horizontal.visible.isEmpty || vertical.visible.isEmpty {
            // Padding that leaves no room for the picture.
            let pixel = try VipsImage(
                pixels: color.map { UInt8($0) }, width: 1, height: 1, bands: color.count)
            return try pixel.placed(x: 0, y: 0, width: horizontal.length, height: vertical.length, on: color)
        }
        if horizontal.visible.count < image.width || vertical.visible.count < image.height {
            image = try image.area(
                left: horizontal.visible.lowerBound - horizontal.start,
                top: vertical.visible.lowerBound - vertical.start,
                width: horizontal.visible.count, height: vertical.visible.count)
        }
        if image.width == horizontal.length && image.height == vertical.length { return image }
        return try image.placed(
            x: horizontal.visible.lowerBound, y: vertical.visible.lowerBound, width: horizontal.length,
            height: vertical.length, on: color)
    }

    // MARK: Formats

    private func write(_ image: consuming VipsImage, isGrey: Bool, to descriptor: CInt) throws {
        var image = image
        // Other formats have one way to store colours, or choose it themselves.
        if recipe.format == .png, isGrey, recipe.background.isGrey { image = try image.asGrey() }
        let plain = Self.suffix(recipe, isOptimized: false)
        guard recipe.isOptimized else {
            if recipe.format == .jpg, image.isBytes, image.bands == 3 {
                return try image.writeJPEG(quality: Self.jpegQuality(recipe), to: descriptor)
            }
            return try image.write(plain, to: descriptor)
        }
        // More effort does not always pay.
        image = try image.inMemory()
        let candidates = [try image.encoded(Self.suffix(recipe, isOptimized: true)), try image.encoded(plain)]
        let best = candidates[0].count <= candidates[1].count ? candidates[0] : candidates[1]
        guard FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).writeAll(best) else {
            throw RenderFailure.noRoom
        }
    }

    private static func jpegQuality(_ recipe: Recipe) -> Int { max(recipe.quality ?? 100, 1) }

    /// The format with its options, as libvips writes them. Nothing that came with the source is passed on: it may tell where a
    /// photograph was taken.
    private static func suffix(_ recipe: Recipe, isOptimized: Bool) -> String {
        switch recipe.format {
        case .jpg: ".jpg[Q=\(jpegQuality(recipe)),strip\(isOptimized ? ",optimize_coding,interlace" : "")]"
        case .png: isOptimized ? ".png[compression=9,filter=all,strip]" : ".png[compression=6,filter=sub,strip]"
        case .gif: ".gif[effort=\(isOptimized ? 10 : 5),strip]"
        case .webp: ".webp[Q=\(recipe.quality ?? 82),effort=\(isOptimized ? 6 : 4),strip]"
        case .avif: ".avif[Q=\(max(recipe.quality ?? 82, 1)),effort=\(isOptimized ? 5 : 2),strip]"
        }
    }
}

extension Recipe.Background {
    fileprivate var isGrey: Bool {
        switch self {
        case .transparent: true
        case .color(let red, let green, let blue): red == green && green == blue
        }
    }
}

extension FileHandle {
    fileprivate func writeAll(_ bytes: [UInt8]) -> Bool { (try? write(contentsOf: bytes)) != nil }
}
