/// Why no output can be made of a file: words for whoever asked, and for the log.
struct RenderFailure: Error, Codable {
    let message: String
    var detail: String?
    /// Whether it cannot be decoded, in contrast to what this program does not decode, or not at that size.
    var isBroken = false

    static func broken(_ error: any Error) -> RenderFailure {
        RenderFailure(
            message: "The file is broken, or uses what cannot be rendered", detail: "\(error)", isBroken: true)
    }

    static let noRoom = RenderFailure(message: "The output is too large, or there is no room for it at the moment")
    static let unsupported = RenderFailure(message: "Files of this kind cannot be rendered")
}

/// What a file, and an output, may cost.
struct RenderLimits: Codable, Equatable {
    /// Decoded at a time, all frames together; of the output too.
    var pixels: Int
    var frames: Int
    /// The size of an output, in bytes.
    var output: Int64

    func check(_ width: Int, _ height: Int, frames: Int = 1) throws(RenderFailure) {
        guard frames <= self.frames else {
            throw RenderFailure(message: "The animation has \(frames) frames: at most \(self.frames) are rendered")
        }
        let (area, overflow) = width.multipliedReportingOverflow(by: height)
        let (total, overflowAgain) = area.multipliedReportingOverflow(by: frames)
        guard !overflow, !overflowAgain, total <= pixels else {
            throw RenderFailure(
                message: "\(width) × \(height) pixels\(frames > 1 ? " in \(frames) frames" : "") are too many: at most "
                    + "\(pixels) are rendered")
        }
    }
}
