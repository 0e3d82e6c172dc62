import AssetCore
import CCage
import Foundation

/// How a worker did not answer.
enum WorkerDeath: Error {
    /// It has ended while it worked: most likely, the file is to blame.
    case crashed(status: CInt)
    /// A program ended as it should, and says that it cannot do it.
    case toolFailed(status: CInt)
    case tookTooLong
    /// It could not be started, or spoken to.
    case unavailable(String)
}

/// A worker process, seen from the server. Every call blocks; one thread at a time.
final class WorkerProcess {
    private let pid: pid_t
    private let socket: CInt
    private(set) var requests = 0
    private var hasEnded = false
    private var lastRequest = LastRequest()
    /// Kept, so that it is not made and cleared for each message.
    private var buffer = [UInt8](repeating: 0, count: WorkerMessage.maximumSize)

    /// - Throws: `WorkerDeath.unavailable`.
    init(_ settings: MediaSettings) throws {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_SEQPACKET.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw WorkerDeath.unavailable("no socket: \(errno)")
        }
        defer { close(ends[1]) }
        do {
            pid = try ChildProcess.spawn(
                settings.workerArguments, input: ends[1], output: STDERR_FILENO, error: STDERR_FILENO)
        } catch {
            close(ends[0])
            throw error
        }
        socket = ends[0]
    }

    deinit {
        close(socket)
        _ = end()
    }

    /// Ends it, whatever it does; a second time nothing: its number may be another's by then.
    private func end() -> CInt {
        if hasEnded { return 0 }
        hasEnded = true
        ChildProcess.kill(pid)
        return ChildProcess.wait(pid)
    }

    /// Whether it can still be spoken to.
    var isAlive: Bool {
        var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        // Nothing is expected from it now: whatever can be read is its end.
        return unsafe poll(&state, 1, 0) == 0
    }

    /// - Throws: `WorkerDeath`; the process is of no use any more then.
    @available(*, noasync)
    func exchange(_ request: WorkerRequest, source: CInt, output: CInt?, seconds: Int) throws -> WorkerReply {
        requests += 1
        let message = try lastRequest.message(for: request)
        let descriptors = [source] + (output.map { [$0] } ?? [])
        let failed = unsafe cage_send(socket, message, message.count, descriptors, CInt(descriptors.count))
        guard failed == 0 else { throw WorkerDeath.unavailable("not sent: \(failed)") }

        let deadline = ContinuousClock.now + .seconds(seconds)
        var state = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            let count = left > 0 ? unsafe poll(&state, 1, CInt(left.rounded(.up))) : 0
            if count > 0 { break }
            if count < 0, errno == EINTR { continue }
            _ = end()
            throw WorkerDeath.tookTooLong
        }
        var none: [CInt] = [-1, -1]
        let size = unsafe cage_receive(socket, &buffer, buffer.count, &none)
        for descriptor in none where descriptor >= 0 { close(descriptor) }
        guard size > 0 else { throw WorkerDeath.crashed(status: end()) }
        // What it says is not trusted either: anything else than a reply is its end.
        return try WorkerMessage.decode(buffer.prefix(size))
    }
}

/// Children of the server: started without any descriptor but three, and never left behind.
enum ChildProcess {
    /// - Parameter arguments: the program first.
    static func spawn(_ arguments: [String], input: CInt, output: CInt, error: CInt) throws -> pid_t {
        let inherited = ["PATH", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "FONTCONFIG_FILE"]
        let environment = ProcessInfo.processInfo.environment
        var variables = inherited.compactMap { name in environment[name].map { "\(name)=\($0)" } }
        // Many arenas would hold memory that was freed; up to 8 MiB of it are kept, which the kernel need not clear for the next
        // file. A crash is an end, without a report that hostile bytes have shaped.
        variables += [
            "LANG=C.UTF-8", "MALLOC_ARENA_MAX=2", "MALLOC_MMAP_THRESHOLD_=4194304", "MALLOC_TRIM_THRESHOLD_=8388608",
            "HOME=/nonexistent", "SWIFT_BACKTRACE=enable=no", "VIPS_WARNING=0",
        ]
        let argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let envp = unsafe variables.map { unsafe strdup($0) } + [nil]
        let texts = unsafe argv + envp
        defer { for index in unsafe texts.indices { unsafe free(texts[index]) } }
        var pid: pid_t = 0
        let failed = unsafe cage_spawn(&pid, arguments[0], argv, envp, input, output, error)
        guard failed == 0 else { throw WorkerDeath.unavailable("\(arguments[0]) cannot be started: \(failed)") }
        return pid
    }

    /// With all that it may have started: each child has a group of its own.
    static func kill(_ pid: pid_t) { Foundation.kill(-pid, SIGKILL) }

    /// Its exit status, or nil while it runs.
    static func statusIfEnded(_ pid: pid_t) -> CInt? {
        var status: CInt = 0
        return unsafe waitpid(pid, &status, WNOHANG) == pid ? status : nil
    }

    @discardableResult
    static func wait(_ pid: pid_t) -> CInt {
        var status: CInt = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
