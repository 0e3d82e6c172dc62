// What Swift cannot call of libvips: its functions with variable arguments, each here once with the arguments that we use, in
// alphabetical order. Everything that decodes or encodes goes through `shim_open` and `shim_save`.
//
// Images that a function returns belong to the caller; NULL means failure, and the reason stands in the error buffer.
#pragma once

#include <vips/vips.h>

static inline VipsImage *shim_add_alpha(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_addalpha(in, &out, NULL) ? NULL : out;
}

/// One below the other.
static inline VipsImage *shim_array_join(VipsImage **in, int count) {
    VipsImage *out = NULL;
    return vips_arrayjoin(in, &out, count, "across", 1, NULL) ? NULL : out;
}

static inline VipsImage *shim_autorotate(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_autorot(in, &out, NULL) ? NULL : out;
}

/// The mean of all pixels: computes, and so decodes, every one of them.
static inline int shim_average(VipsImage *in, double *out) { return vips_avg(in, out, NULL); }

static inline VipsImage *shim_cast_to_bytes(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_cast_uchar(in, &out, NULL) ? NULL : out;
}

static inline VipsImage *shim_crop(VipsImage *in, int left, int top, int width, int height) {
    VipsImage *out = NULL;
    return vips_extract_area(in, &out, left, top, width, height, NULL) ? NULL : out;
}

static inline VipsImage *shim_embed(
    VipsImage *in, int x, int y, int width, int height, const double *background, int bands) {
    VipsImage *out = NULL;
    VipsArrayDouble *color = vips_array_double_new(background, bands);
    int failed = vips_embed(
        in, &out, x, y, width, height, "extend", VIPS_EXTEND_BACKGROUND, "background", color, NULL);
    vips_area_unref(VIPS_AREA(color));
    return failed ? NULL : out;
}

static inline VipsImage *shim_extract_bands(VipsImage *in, int first, int count) {
    VipsImage *out = NULL;
    return vips_extract_band(in, &out, first, "n", count, NULL) ? NULL : out;
}

static inline VipsImage *shim_flatten(VipsImage *in, const double *background, int bands) {
    VipsImage *out = NULL;
    VipsArrayDouble *color = vips_array_double_new(background, bands);
    int failed = vips_flatten(in, &out, "background", color, NULL);
    vips_area_unref(VIPS_AREA(color));
    return failed ? NULL : out;
}

/// Opens an image that lies in memory, which must outlive it.
/// `options` are those of its loader, such as "[shrink=4]"; anything wrong with the bytes is an error.
static inline VipsImage *shim_open(const void *bytes, size_t size, const char *options, int is_sequential) {
    VipsSource *source = vips_source_new_from_memory(bytes, size);
    if (!source) return NULL;
    VipsImage *image = vips_image_new_from_source(
        source, options, "access", is_sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM, "fail_on",
        VIPS_FAIL_ON_TRUNCATED, NULL);
    g_object_unref(source);
    return image;
}

static inline VipsImage *shim_premultiply(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_premultiply(in, &out, NULL) ? NULL : out;
}

static inline VipsImage *shim_resize(VipsImage *in, double horizontal, double vertical) {
    VipsImage *out = NULL;
    return vips_resize(in, &out, horizontal, "vscale", vertical, NULL) ? NULL : out;
}

/// Writes to a file descriptor; `suffix` names the format with its options, such as ".jpg[Q=80]".
static inline int shim_save(VipsImage *in, const char *suffix, int descriptor) {
    VipsTarget *target = vips_target_new_to_descriptor(descriptor);
    if (!target) return -1;
    int failed = vips_image_write_to_target(in, suffix, target, NULL);
    g_object_unref(target);
    return failed;
}

static inline VipsImage *shim_to_srgb(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_colourspace(in, &out, VIPS_INTERPRETATION_sRGB, NULL) ? NULL : out;
}

/// By the embedded profile; `fallback` (a name of libvips, such as "cmyk") is taken when there is none.
static inline VipsImage *shim_to_srgb_by_profile(VipsImage *in, const char *fallback) {
    VipsImage *out = NULL;
    return vips_icc_transform(
               in, &out, "srgb", "embedded", TRUE, "input_profile", fallback, "intent", VIPS_INTENT_RELATIVE, NULL)
        ? NULL
        : out;
}

static inline VipsImage *shim_unpremultiply(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_unpremultiply(in, &out, NULL) ? NULL : out;
}
