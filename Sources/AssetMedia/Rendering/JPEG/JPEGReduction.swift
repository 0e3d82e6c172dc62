/// At which size a JPEG is decoded: decoders make it 2, 4 or 8 times smaller for less work.
struct JPEGReduction: Equatable {
    let shrink: Int
    /// What comes out, in pixels.
    let width: Int
    let height: Int

    private init(shrink: Int, width: Int, height: Int) {
        self.shrink = shrink
        self.width = width
        self.height = height
    }

    /// At which pixels are left over for the last step, which scales well: a decoder takes simple means.
    ///
    /// A factor of 1.75 at least is left. `vips_thumbnail` leaves 2; for a picture of 36 megapixels at 500 this is the
    /// difference between 1/8 and 1/4, and a quarter of the time (2026-11). With less, patterns of fine lines suffer.
    /// - Parameter scale: how much smaller the output will be, 0 to 1
    init(width: Int, height: Int, scale: Double) {
        // libvips has no pixel where the source does not fill it.
        shrink = [8, 4, 2].first { scale * 1.75 * Double($0) <= 1 && $0 <= min(width, height) } ?? 1
        self.width = width / shrink
        self.height = height / shrink
    }

    /// At 1/8 or 1/4, when that is the size of the output: each of its pixels is the mean of those of the source below
    /// it, and nothing is left to be scaled. Nil at other scales.
    static func exact(width: Int, height: Int, scale: Double) -> JPEGReduction? {
        for shrink in [8, 4] {
            // What is beyond the last whole pixel is one more when it is half a pixel, as in the size of the output.
            let exact = JPEGReduction(
                shrink: shrink, width: (width + shrink / 2) / shrink, height: (height + shrink / 2) / shrink)
            let isExact =
                (Double(width) * scale).rounded() == Double(exact.width)
                && (Double(height) * scale).rounded() == Double(exact.height)
            if isExact, exact.width > 0, exact.height > 0 { return exact }
        }
        return nil
    }
}
