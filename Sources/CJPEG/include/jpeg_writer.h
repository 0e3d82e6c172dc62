// Compresses lines to a baseline JPEG as they are given: libjpeg, whose errors are jumps, which Swift cannot be left by.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct jpeg_writer jpeg_writer;

/// Begins a JPEG with three components from 8-bit RGB, without anything but the picture.
///
/// `descriptor`: where it is written; it stays open. `quality`: 1 to 100; below 90 colours have half the resolution, as libvips
/// has it.
/// Returns NULL when there is no memory. Whatever else is wrong shows in `jpeg_writer_error`.
jpeg_writer *jpeg_writer_begin(int descriptor, int width, int height, int quality);

/// Adds lines from the top. `stride` is the distance of their beginnings in bytes. Returns 0, or -1: all further calls fail too.
int jpeg_writer_add(jpeg_writer *writer, const uint8_t *lines, size_t stride, int count);

/// After as many lines as there are: writes what is left. Returns 0 when all has been written, else -1.
int jpeg_writer_end(jpeg_writer *writer);

/// What went wrong, for the log; empty when nothing has. Good until `jpeg_writer_free`.
const char *jpeg_writer_error(const jpeg_writer *writer);

/// Gives back its memory, at whatever point it is.
void jpeg_writer_free(jpeg_writer *writer);
