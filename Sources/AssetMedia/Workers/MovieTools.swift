import AssetCore
import CCage
import Foundation

/// `ffprobe` and `ffmpeg`, when they are installed: run in the cage, one process for each file.
enum MovieTools {
    /// The demultiplexer for each type. Others are not tried: some of them open what a file names.
    private static let demuxers = [
        "3gp": "mov", "avi": "avi", "flac": "flac", "m4a": "mov", "m4b": "mov", "m4v": "mov", "mk3d": "matroska",
        "mka": "matroska", "mkv": "matroska", "mov": "mov", "mp3": "mp3", "mp4": "mov", "oga": "ogg", "ogg": "ogg",
        "ogv": "ogg", "opus": "ogg", "qt": "mov", "wav": "wav", "webm": "matroska",
    ]

    static func knows(_ type: String?) -> Bool { type.map { demuxers[$0] != nil } ?? false }

    /// Runs a tool on a file.
    /// - Parameters:
    ///   - arguments: behind the input.
    ///   - output: where it writes.
    /// - Throws: `WorkerDeath`, also when the tool fails.
    @available(*, noasync)
    static func run(
        _ tool: String, _ type: String?, _ arguments: [String], source: CInt, output: CInt, _ settings: MediaSettings
    ) throws {
        guard let demuxer = type.flatMap({ demuxers[$0] }) else { throw WorkerDeath.crashed(status: 0) }
        // Its end shows at this pipe, whatever becomes of it.
        var pipe: [CInt] = [-1, -1]
        guard unsafe Foundation.pipe(&pipe) == 0 else { throw WorkerDeath.unavailable("no pipe: \(errno)") }
        defer { close(pipe[0]) }
        let command =
            settings.workerArguments + ["--run", tool, "--seconds", String(settings.seconds), "--"]
            + ["-v", "error", "-protocol_whitelist", "file", "-f", demuxer, "-i", "/proc/self/fd/0"] + arguments
        let pid: pid_t
        do {
            defer { close(pipe[1]) }
            pid = try ChildProcess.spawn(command, input: source, output: output, error: pipe[1])
        }
        guard let status = wait(pid, pipe[0], seconds: settings.seconds) else { throw WorkerDeath.tookTooLong }
        // The low bits are the signal that ended it.
        if status != 0 { throw status & 0x7f == 0 ? WorkerDeath.toolFailed(status: status) : .crashed(status: status) }
    }

    /// Reads what it says until its end; nil when its time is over.
    private static func wait(_ pid: pid_t, _ messages: CInt, seconds: Int) -> CInt? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var state = pollfd(fd: messages, events: Int16(POLLIN), revents: 0)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            let count = left > 0 ? unsafe poll(&state, 1, CInt(left.rounded(.up))) : 0
            if count < 0, errno == EINTR { continue }
            if count > 0, unsafe read(messages, &buffer, buffer.count) > 0 { continue }
            if count <= 0 { break }
            // It is about to end; or has closed what it says things by, and goes on.
            if let status = ChildProcess.statusIfEnded(pid) { return status }
            usleep(1000)
        }
        ChildProcess.kill(pid)
        ChildProcess.wait(pid)
        return nil
    }

    /// The other end: locks this process in, and becomes the tool.
    static func become(_ tool: String, _ arguments: [String]) -> Never {
        _ = Cage.enter(source: STDIN_FILENO, mayExecute: true)
        let argv = unsafe ([tool] + arguments).map { unsafe strdup($0) } + [nil]
        unsafe execv(tool, argv)
        exit(127)
    }
}

extension MediaWorker {
    /// Locks this process in, and becomes another program.
    package static func run(_ tool: String, _ arguments: [String], parent: Int32, memory: Int, seconds: Int) -> Never {
        guard cage_die_with_parent(parent) == 0 else { exit(0) }
        limit(RLIMIT_CORE, 0)
        limit(RLIMIT_DATA, memory)
        limit(RLIMIT_CPU, seconds)
        limit(RLIMIT_FSIZE, 1 << 30)
        MovieTools.become(tool, arguments)
    }
}
