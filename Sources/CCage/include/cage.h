// What a process does to itself before it touches hostile bytes, and how it is started and spoken to: the parts that Linux
// offers only to C (variable arguments, macros). Everything else about workers is Swift: see AssetMedia/Workers.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// What of the cage holds; the rest the kernel does not offer.
enum {
    CAGE_FILES = 1,    // Landlock: only the named folders can be read, and nothing can be written
    CAGE_SYSCALLS = 2, // seccomp: no sockets, no other processes, no rights or times of files, nothing of the system
    CAGE_NETWORK = 4,  // Landlock: no TCP either, whatever seccomp says
};

/// Locks the process in, for good.
///
/// `readable`: paths that can still be read (and, with `may_execute`, run); those that do not exist are left out.
/// `source`: a descriptor whose file can be opened again for reading; -1 for none.
/// Returns what holds, as a sum of the above; -1 when not even the privileges could be given up.
int cage_enter(const char *const *readable, int count, int source, int may_execute);

/// The process is killed when its parent ends. Returns 0, or -1 when the parent has ended already.
int cage_die_with_parent(pid_t parent);

/// Starts a program with three descriptors as its standard ones, and no others. Returns an error number, or 0.
int cage_spawn(
    pid_t *pid, const char *path, char *const arguments[], char *const environment[], int input, int output, int error);

/// Opens a new file without a name in a folder. Returns its descriptor, or -1.
int cage_scratch_file(const char *folder);

/// Sends bytes and up to 2 descriptors in one message. Returns an error number, or 0.
int cage_send(int socket, const void *bytes, size_t size, const int *descriptors, int count);

/// Receives one message of at most `capacity` bytes, with up to 2 descriptors (-1 where there is none).
/// Returns its size; 0 at the end; -1 on an error.
ssize_t cage_receive(int socket, void *bytes, size_t capacity, int descriptors[2]);
