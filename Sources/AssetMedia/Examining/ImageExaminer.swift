import CVips

/// Reads all of an image or document, and tells what it is. Runs in a worker process.
struct ImageExaminer {
    let limits: RenderLimits

    func facts(_ bytes: UnsafeRawBufferPointer) -> MediaFacts {
        do {
            return try unsafe read(RenderSource(bytes))
        } catch {
            return .broken
        }
    }

    private func read(_ source: RenderSource) throws -> MediaFacts {
        let header = try source.header(limits)
        var facts = MediaFacts()
        facts.pages = header.pages
        facts.animated = source.canMove && header.pages > 1
        facts.width = header.width
        facts.height = header.canSplit ? header.pageHeight : header.height
        facts.resolution = resolution(source, header)
        facts.transparent = header.hasAlpha
        let alpha = header.hasAlpha ? "matte" : ""
        if header.isCMYK {
            facts.colors = "colorseparation"
            facts.colorspace = "cmyk"
        } else if header.isGrey {
            facts.colors = "greyscale" + alpha
            facts.colorspace = "gray"
        } else {
            facts.colors = "truecolor" + alpha
            facts.colorspace = "srgb"
        }
        EmbeddedTexts.read(header, into: &facts)
        // What is too large to be decoded here may be in order all the same.
        guard source.isVector || (try? limits.check(header.width, header.height)) != nil else { return facts }
        let longest = Double(max(header.width, header.height))
        try source.open(scale: min(1, 500 / longest), header: header, limits).decode()
        return facts
    }

    private func resolution(_ source: RenderSource, _ header: borrowing VipsImage) -> [Int]? {
        if source.kind == .library(.pdf) { return [Int(RenderSource.pageDensity), Int(RenderSource.pageDensity)] }
        let known = [header.resolution.x, header.resolution.y].map { ($0 * 25.4).rounded() }
        // One pixel a millimetre is what the library says when it knows nothing.
        guard header.resolution.x != 1, known.allSatisfy({ $0 > 0 && $0 < 100_000 }) else { return nil }
        return known.map { Int($0) }
    }
}

extension VipsImage {
    /// Whether its height is that of several frames.
    fileprivate var canSplit: Bool { pageHeight > 0 && pageHeight < height && height % pageHeight == 0 }
}
