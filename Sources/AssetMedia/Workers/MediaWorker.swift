import AssetCore
import CCage
import CVips
import Foundation

/// A worker process: locks itself in, then renders and examines one file after the other until its server is gone.
///
/// It is started by the server as `stockroom media-worker`. Files come as descriptors over the socket that is its standard input, so
/// that it needs no right to open any; see docs/media.md for what it is left with.
package enum MediaWorker {
    /// Must be called before the process has a second thread: the kernel locks in the calling one, and those that it starts.
    /// - Parameter memory: how much it may take for itself, in bytes.
    package static func run(parent: Int32, memory: Int) -> Never {
        guard cage_die_with_parent(parent) == 0 else { exit(0) }
        limit(RLIMIT_CORE, 0)
        limit(RLIMIT_DATA, memory)
        // A write beyond the limit of the output's size is an error, not the end.
        _ = signal(SIGXFSZ, SIG_IGN)
        let held = Cage.enter(source: -1, mayExecute: false)
        if held & CInt(CAGE_FILES | CAGE_SYSCALLS) != CInt(CAGE_FILES | CAGE_SYSCALLS) {
            Cage.warn(held)
        }
        VipsLibrary.start
        // One file at a time: the processors are shared out among the workers.
        vips_concurrency_set(1)
        var buffer = [UInt8](repeating: 0, count: WorkerMessage.maximumSize)
        var last = LastRequest()
        while true {
            var descriptors: [CInt] = [-1, -1]
            let count = unsafe cage_receive(STDIN_FILENO, &buffer, buffer.count, &descriptors)
            guard count > 0, let request = last.request(from: buffer.prefix(count)) else { exit(0) }
            serve(request, source: descriptors[0], output: descriptors[1])
        }
    }

    private static func serve(_ request: WorkerRequest, source: CInt, output: CInt) {
        defer {
            close(source)
            if output >= 0 { close(output) }
        }
        let reply: WorkerReply
        do {
            reply = try unsafe MappedFile.withBytes(of: source) { bytes in
                switch request.task {
                case .render(let recipe):
                    limit(RLIMIT_FSIZE, Int(request.limits.output))
                    let size = try unsafe RenderSteps(recipe: recipe, limits: request.limits)
                        .run(RenderSource(bytes, type: request.type), to: output)
                    return .rendered(width: size.width, height: size.height)
                case .examine:
                    return .examined(unsafe ImageExaminer(limits: request.limits).facts(bytes, type: request.type))
                }
            }
        } catch let failure as RenderFailure {
            reply = .failed(failure)
        } catch {
            reply = .failed(.broken(error))
        }
        vips_error_clear()
        guard let bytes = try? WorkerMessage.encode(reply), bytes.count <= WorkerMessage.maximumSize,
            unsafe cage_send(STDIN_FILENO, bytes, bytes.count, nil, 0) == 0
        else { exit(1) }
    }

    static func limit(_ resource: __rlimit_resource, _ value: Int) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
    }
}

/// A file in the address space; nothing of it is copied.
enum MappedFile {
    /// - Parameter body: must not keep the bytes.
    static func withBytes<Value>(
        of descriptor: CInt, _ body: (UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_size > 0 else { throw RenderFailure.unsupported }
        let size = Int(status.st_size)
        let start = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else { throw RenderFailure.unsupported }
        defer { unsafe munmap(start, size) }
        return try unsafe body(UnsafeRawBufferPointer(start: start, count: size))
    }
}

/// What a process does to itself before it touches files.
enum Cage {
    /// What decoders read besides their input: libraries, fonts, colour profiles, character sets.
    private static let readable = [
        "/usr", "/lib", "/lib64", "/bin", "/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
        "/var/cache/fontconfig", "/dev/null", "/dev/urandom", "/proc/self", "/proc/cpuinfo", "/proc/meminfo",
        "/sys/devices/system/cpu",
    ]

    static func enter(source: CInt, mayExecute: Bool) -> CInt {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) ?? 1
        guard threads == 1 else {
            FileHandle.standardError.write(Data("media-worker: \(threads) threads run already\n".utf8))
            exit(1)
        }
        let texts = unsafe readable.map { unsafe UnsafePointer(strdup($0)) }
        defer { for index in unsafe texts.indices { unsafe free(UnsafeMutablePointer(mutating: texts[index])) } }
        let held = unsafe cage_enter(texts, CInt(texts.count), source, mayExecute ? 1 : 0)
        guard held >= 0 else {
            FileHandle.standardError.write(Data("media-worker: the kernel refuses to give up privileges\n".utf8))
            exit(1)
        }
        return held
    }

    static func warn(_ held: CInt) {
        let missing = [
            held & CInt(CAGE_FILES) == 0 ? "files (Landlock)" : nil,
            held & CInt(CAGE_SYSCALLS) == 0 ? "system calls (seccomp)" : nil,
        ].compactMap(\.self).joined(separator: ", ")
        FileHandle.standardError.write(Data("media-worker: this kernel does not lock \(missing)\n".utf8))
    }
}
