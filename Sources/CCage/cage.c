#define _GNU_SOURCE
#include "cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define CAGE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CAGE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "The list of system calls is not known for this processor"
#endif

// MARK: Files

// As in the newest kernels: an older one is given as much of it as it knows.
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

#define FILE_READ LANDLOCK_ACCESS_FS_READ_FILE
#define FILE_EXECUTE LANDLOCK_ACCESS_FS_EXECUTE
#define DIRECTORY_READ LANDLOCK_ACCESS_FS_READ_DIR

/// All rights on files that this version of Landlock knows: what is not handled would stay allowed.
static uint64_t all_file_rights(long version) {
    if (version >= 5) return (1u << 16) - 1;
    if (version >= 3) return (1u << 15) - 1;
    if (version == 2) return (1u << 14) - 1;
    return (1u << 13) - 1;
}

static void allow(int ruleset, int descriptor, uint64_t rights) {
    struct stat status;
    if (fstat(descriptor, &status)) return;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = S_ISDIR(status.st_mode) ? rights : rights & ~(uint64_t)DIRECTORY_READ,
        .parent_fd = descriptor,
    };
    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int lock_files(const char *const *readable, int count, int source, int may_execute) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return 0;
    struct ruleset rules = {
        .files = all_file_rights(version),
        .network = version >= 4 ? 3 : 0, // binding and connecting
        .scopes = version >= 6 ? 3 : 0,  // abstract sockets and signals
    };
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (ruleset < 0) return 0;
    uint64_t rights = FILE_READ | DIRECTORY_READ | (may_execute ? FILE_EXECUTE : 0);
    for (int i = 0; i < count; i++) {
        int descriptor = open(readable[i], O_PATH | O_CLOEXEC);
        if (descriptor < 0) continue;
        allow(ruleset, descriptor, rights);
        close(descriptor);
    }
    if (source >= 0) allow(ruleset, source, FILE_READ);
    long failed = syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    if (failed) return 0;
    return CAGE_FILES | (version >= 4 ? CAGE_NETWORK : 0);
}

// MARK: System calls

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, value)
#define DENIED (SECCOMP_RET_ERRNO | EPERM)
#define DENY(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), ANSWER(DENIED)

static int lock_system_calls(int may_execute) {
    struct sock_filter program[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CAGE_ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
#if defined(__x86_64__)
        // The x32 calls have numbers of their own.
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        ANSWER(DENIED),
#endif
        DENY(socket),
        DENY(connect),
        DENY(bind),
        DENY(listen),
        DENY(kill),
        DENY(tkill),
        DENY(rt_sigqueueinfo),
        DENY(rt_tgsigqueueinfo),
        DENY(pidfd_open),
        DENY(pidfd_send_signal),
        DENY(pidfd_getfd),
        DENY(ptrace),
        DENY(process_vm_readv),
        DENY(process_vm_writev),
        DENY(mount),
        DENY(umount2),
        DENY(pivot_root),
        DENY(chroot),
        DENY(unshare),
        DENY(setns),
        DENY(fsopen),
        DENY(fsmount),
        DENY(open_tree),
        DENY(move_mount),
        DENY(fanotify_init),
        DENY(name_to_handle_at),
        DENY(open_by_handle_at),
        DENY(bpf),
        DENY(perf_event_open),
        DENY(userfaultfd),
        DENY(io_uring_setup),
        DENY(keyctl),
        DENY(add_key),
        DENY(request_key),
        DENY(fchmod),
        DENY(fchmodat),
        DENY(fchown),
        DENY(fchownat),
        DENY(utimensat),
        DENY(setxattr),
        DENY(lsetxattr),
        DENY(fsetxattr),
        DENY(removexattr),
        DENY(lremovexattr),
        DENY(fremovexattr),
        DENY(setpriority),
        DENY(sched_setaffinity),
        DENY(sched_setscheduler),
        DENY(sched_setparam),
        DENY(sched_setattr),
        DENY(setsid),
        DENY(setpgid),
        DENY(sethostname),
        DENY(setdomainname),
        DENY(syslog),
        DENY(msgget),
        DENY(shmget),
        DENY(semget),
        DENY(mq_open),
        DENY(reboot),
        DENY(clock_settime),
        DENY(settimeofday),
        DENY(adjtimex),
        DENY(init_module),
        DENY(finit_module),
        DENY(delete_module),
        DENY(kexec_load),
        DENY(swapon),
        DENY(swapoff),
        DENY(acct),
        DENY(quotactl),
        DENY(personality),
#if defined(__x86_64__)
        DENY(fork),
        DENY(vfork),
        DENY(chmod),
        DENY(chown),
        DENY(lchown),
        DENY(utime),
        DENY(utimes),
        DENY(futimesat),
        DENY(iopl),
        DENY(ioperm),
#endif
#ifdef SYS_fchmodat2
        DENY(fchmodat2),
#endif
        // Limits of its own only: the C library reads them.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        ANSWER(DENIED),
        ANSWER(SECCOMP_RET_ALLOW),
        // It cannot escape the end of its parent.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_PDEATHSIG, 0, 1),
        ANSWER(DENIED),
        ANSWER(SECCOMP_RET_ALLOW),
        // Threads, no processes. Where a filter cannot look into the arguments, the C library takes the older call.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
        ANSWER(DENIED),
        ANSWER(SECCOMP_RET_ALLOW),
        // Signals to its own threads only: abort() needs these.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0),
        ANSWER(DENIED),
        ANSWER(SECCOMP_RET_ALLOW),
        // The last ones: left out for a process that has still a program to run.
        DENY(execve),
        DENY(execveat),
        ANSWER(SECCOMP_RET_ALLOW),
    };
    size_t length = sizeof program / sizeof program[0];
    if (may_execute) {
        program[length - 5] = program[length - 1];
        length -= 4;
    }
    struct sock_fprog filter = {.len = (unsigned short)length, .filter = program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) ? 0 : CAGE_SYSCALLS;
}

int cage_enter(const char *const *readable, int count, int source, int may_execute) {
    // Without this the two below are refused, and a program with the set-uid bit would get out.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    int held = lock_files(readable, count, source, may_execute);
    return held | lock_system_calls(may_execute);
}

int cage_die_with_parent(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) return -1;
    return getppid() == parent ? 0 : -1;
}

// MARK: Processes and messages

int cage_spawn(
    pid_t *pid, const char *path, char *const arguments[], char *const environment[], int input, int output, int error) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // Copies first above the standard ones, so that no order of numbers can overwrite one that is still needed.
    int standard[3] = {input, output, error};
    int copies[3];
    int failed = 0;
    for (int i = 0; i < 3; i++) {
        copies[i] = fcntl(standard[i], F_DUPFD_CLOEXEC, 10);
        if (copies[i] < 0) failed = errno;
    }
    for (int i = 0; i < 3 && !failed; i++) failed = posix_spawn_file_actions_adddup2(&actions, copies[i], i);
    if (!failed) failed = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0); // Ctrl-C in a terminal is for the server alone, which ends its workers itself
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (!failed) failed = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
    for (int i = 0; i < 3; i++)
        if (copies[i] >= 0) close(copies[i]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

int cage_scratch_file(const char *folder) {
    int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor >= 0) return descriptor;
    // A file system that does not have such files.
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/.stockroom-XXXXXX", folder) >= sizeof path) return -1;
    descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor >= 0) unlink(path);
    return descriptor;
}

#define MAXIMUM_DESCRIPTORS 2

int cage_send(int socket, const void *bytes, size_t size, const int *descriptors, int count) {
    char control[CMSG_SPACE(MAXIMUM_DESCRIPTORS * sizeof(int))] = {0};
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > MAXIMUM_DESCRIPTORS) return EINVAL;
    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) return errno;
    return (size_t)sent == size ? 0 : EMSGSIZE;
}

ssize_t cage_receive(int socket, void *bytes, size_t capacity, int descriptors[2]) {
    char control[CMSG_SPACE(MAXIMUM_DESCRIPTORS * sizeof(int))] = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    descriptors[0] = descriptors[1] = -1;
    ssize_t size;
    do size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (count > MAXIMUM_DESCRIPTORS) count = MAXIMUM_DESCRIPTORS;
        memcpy(descriptors, CMSG_DATA(header), count * sizeof(int));
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (int i = 0; i < 2; i++)
            if (descriptors[i] >= 0) close(descriptors[i]);
        errno = EMSGSIZE;
        return -1;
    }
    return size;
}
