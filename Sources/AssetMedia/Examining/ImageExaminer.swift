import CVips

/// Reads all of an image or document, and tells what it is. Runs in a worker process.
struct ImageExaminer {
    let limits: RenderLimits

    func facts(_ bytes: UnsafeRawBufferPointer, type: String?) -> MediaFacts {
        do {
            return try unsafe read(RenderSource(bytes, type: type))
        } catch let failure as RenderFailure where !failure.isBroken {
            // Not decoded here, which says nothing of the file.
            return MediaFacts()
        } catch {
            return .broken
        }
    }

    private func read(_ source: RenderSource) throws -> MediaFacts {
        let header = try source.header()
        var facts = MediaFacts()
        if source.countsPages {
            facts.pages = header.pages
            facts.animated = source.canMove && header.pages > 1
        }
        facts.width = header.width
        facts.height = header.canSplit ? header.pageHeight : header.height
        if source.kind == .library(.pdf) {
            facts.resolution = [Int(RenderSource.pageDensity), Int(RenderSource.pageDensity)]
        }
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
}

extension VipsImage {
    /// Whether its height is that of several frames.
    fileprivate var canSplit: Bool { pageHeight > 0 && pageHeight < height && height % pageHeight == 0 }
}
