import Foundation

/// What decoding may cost, and where its programs are.
package struct MediaSettings: Sendable {
    /// This program, as a path that stays right when the file is replaced by a newer one.
    package var program = "/proc/self/exe"
    /// Worker processes, from 1.
    package var workers = 2
    /// How many requests may wait for a worker, from 0.
    package var maximumWaiting = 64
    /// How long one file may take, in seconds, from 1.
    package var seconds = 20
    /// The most pixels of a source or an output, all frames of an animation together.
    package var maximumPixels = 100_000_000
    /// The most frames of an animation.
    package var maximumFrames = 1000
    /// How much memory a worker may take for itself, in bytes.
    package var workerMemory = 1 << 30
    /// The largest output, in bytes.
    package var maximumOutput: Int64 = 256 << 20
    /// A folder for outputs that are not finished; they have no names there.
    package var scratchFolder = "/tmp"
    /// Looks into video and audio, and takes a frame; nil when they are not installed.
    package var ffprobe: String?
    package var ffmpeg: String?

    package init() {}

    /// Looks for the programs that are optional, in `PATH`.
    package mutating func findTools() {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        func find(_ name: String) -> String? {
            folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        }
        ffprobe = find("ffprobe")
        ffmpeg = find("ffmpeg")
    }

    var limits: RenderLimits {
        RenderLimits(pixels: maximumPixels, frames: maximumFrames, output: maximumOutput)
    }

    var workerArguments: [String] {
        [
            program, "media-worker", "--parent", String(ProcessInfo.processInfo.processIdentifier), "--memory",
            String(workerMemory),
        ]
    }
}
