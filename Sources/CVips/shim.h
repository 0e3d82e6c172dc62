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

/// The first band, and the one of transparency when there is one, as grey.
static inline VipsImage *shim_as_grey(VipsImage *in) {
    VipsImage *value = NULL, *alpha = NULL, *both = NULL, *out = NULL;
    int bands = vips_image_get_bands(in);
    int failed = vips_extract_band(in, &value, 0, NULL);
    if (!failed && bands == 4)
        failed = vips_extract_band(in, &alpha, 3, NULL) || vips_bandjoin2(value, alpha, &both, NULL);
    if (!failed)
        failed = vips_copy(both ? both : value, &out, "interpretation", VIPS_INTERPRETATION_B_W, NULL);
    if (value) g_object_unref(value);
    if (alpha) g_object_unref(alpha);
    if (both) g_object_unref(both);
    return failed ? NULL : out;
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

/// Without pixels of its own.
static inline VipsImage *shim_black(int width, int height) {
    VipsImage *out = NULL;
    return vips_black(&out, width, height, "bands", 3, NULL) ? NULL : out;
}

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

/// Writes into memory that g_free() gives back.
static inline int shim_encode(VipsImage *in, const char *suffix, void **bytes, size_t *size) {
    return vips_image_write_to_buffer(in, suffix, bytes, size, NULL);
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

static inline int shim_call(const char *operation, const char *options, VipsSource *source, VipsImage **out, ...) {
    va_list arguments;
    va_start(arguments, out);
    int failed = vips_call_split_option_string(operation, options, arguments, source, out);
    va_end(arguments);
    return failed;
}

/// Opens an image that lies in memory, which must outlive it, with a loader such as "jpegload_source".
/// `options` are those of the loader, such as "[shrink=4]"; anything wrong with the bytes is an error.
static inline VipsImage *shim_open(
    const char *loader, const void *bytes, size_t size, const char *options, int is_sequential) {
    VipsImage *image = NULL;
    VipsSource *source = vips_source_new_from_memory(bytes, size);
    if (!source) return NULL;
    int failed = shim_call(
        loader, options, source, &image, "access", is_sequential ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM,
        "fail_on", VIPS_FAIL_ON_TRUNCATED, NULL);
    g_object_unref(source);
    return failed ? NULL : image;
}

/// Lines of an image, which are computed by the calling thread.
static inline VipsRegion *shim_region(VipsImage *in) { return vips_image_pio_input(in) ? NULL : vips_region_new(in); }

/// The first byte of these lines, and how far apart they are; NULL means failure. Good until the next call.
static inline const unsigned char *shim_lines(VipsRegion *region, int top, int count, size_t *stride) {
    VipsRect lines = {.left = 0, .top = top, .width = region->im->Xsize, .height = count};
    if (vips_region_prepare(region, &lines)) return NULL;
    *stride = VIPS_REGION_LSKIP(region);
    return VIPS_REGION_ADDR(region, 0, top);
}

static inline VipsImage *shim_premultiply(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_premultiply(in, &out, NULL) ? NULL : out;
}

static inline VipsImage *shim_resize(VipsImage *in, double horizontal, double vertical) {
    VipsImage *out = NULL;
    return vips_resize(in, &out, horizontal, "vscale", vertical, NULL) ? NULL : out;
}

static inline VipsImage *shim_rounded(VipsImage *in) {
    VipsImage *out = NULL;
    return vips_rint(in, &out, NULL) ? NULL : out;
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

/// A copy that shares the pixels and has no profile.
static inline VipsImage *shim_without_profile(VipsImage *in) {
    VipsImage *out = NULL;
    if (vips_copy(in, &out, NULL)) return NULL;
    vips_image_remove(out, VIPS_META_ICC_NAME);
    return out;
}
