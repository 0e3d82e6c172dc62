#include "jpeg_writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>

#define PIECE (64 << 10)

struct jpeg_writer {
    struct jpeg_compress_struct state;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr target;
    jmp_buf failed;
    int descriptor;
    char error[JMSG_LENGTH_MAX];
    JOCTET piece[PIECE];
};

static jpeg_writer *writer_of(j_common_ptr state) { return state->client_data; }

static void fail(j_common_ptr state) {
    jpeg_writer *writer = writer_of(state);
    if (!writer->error[0]) state->err->format_message(state, writer->error);
    longjmp(writer->failed, 1);
}

static void say_nothing(j_common_ptr state) { (void)state; }

// MARK: The target

static void begin_target(j_compress_ptr state) {
    jpeg_writer *writer = writer_of((j_common_ptr)state);
    writer->target.next_output_byte = writer->piece;
    writer->target.free_in_buffer = PIECE;
}

static void write_piece(jpeg_writer *writer, size_t size) {
    const JOCTET *rest = writer->piece;
    while (size > 0) {
        ssize_t count = write(writer->descriptor, rest, size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            snprintf(writer->error, sizeof writer->error, "write: %s", strerror(errno));
            longjmp(writer->failed, 1);
        }
        rest += count;
        size -= (size_t)count;
    }
}

/// The whole piece counts, whatever the library says is free in it.
static boolean next_piece(j_compress_ptr state) {
    write_piece(writer_of((j_common_ptr)state), PIECE);
    begin_target(state);
    return TRUE;
}

static void end_target(j_compress_ptr state) {
    jpeg_writer *writer = writer_of((j_common_ptr)state);
    write_piece(writer, PIECE - writer->target.free_in_buffer);
}

// MARK: Calls

jpeg_writer *jpeg_writer_begin(int descriptor, int width, int height, int quality) {
    jpeg_writer *writer = malloc(sizeof *writer);
    if (!writer) return NULL;
    memset(&writer->state, 0, sizeof writer->state);
    writer->error[0] = 0;
    writer->descriptor = descriptor;
    writer->state.err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = fail;
    writer->errors.output_message = say_nothing;
    writer->state.client_data = writer;
    writer->target.init_destination = begin_target;
    writer->target.empty_output_buffer = next_piece;
    writer->target.term_destination = end_target;
    if (setjmp(writer->failed)) return writer;
    // This keeps the error manager and the client's data.
    jpeg_create_compress(&writer->state);
    writer->state.dest = &writer->target;
    writer->state.image_width = (JDIMENSION)width;
    writer->state.image_height = (JDIMENSION)height;
    writer->state.input_components = 3;
    writer->state.in_color_space = JCS_RGB;
    jpeg_set_defaults(&writer->state);
    jpeg_set_quality(&writer->state, quality, TRUE);
    writer->state.write_JFIF_header = FALSE;
    if (quality >= 90)
        writer->state.comp_info[0].h_samp_factor = writer->state.comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(&writer->state, TRUE);
    return writer;
}

int jpeg_writer_add(jpeg_writer *writer, const uint8_t *lines, size_t stride, int count) {
    if (writer->error[0] || setjmp(writer->failed)) return -1;
    for (int i = 0; i < count; i++) {
        JSAMPROW line = (JSAMPROW)(lines + (size_t)i * stride);
        jpeg_write_scanlines(&writer->state, &line, 1);
    }
    return 0;
}

int jpeg_writer_end(jpeg_writer *writer) {
    if (writer->error[0] || setjmp(writer->failed)) return -1;
    jpeg_finish_compress(&writer->state);
    return 0;
}

const char *jpeg_writer_error(const jpeg_writer *writer) { return writer->error; }

void jpeg_writer_free(jpeg_writer *writer) {
    jpeg_destroy_compress(&writer->state);
    free(writer);
}
