// The part of libcudnn that envpm-gpuprobe calls, computed by the processor: a cross-correlation
// with strides and dilations of 1.

#include "modes.h"

namespace {

/// A tensor, a filter, or a convolution's padding.
struct Shape {
    int n, c, h, w;
};

Shape shapes[64];
int made = 0;

int make(void** shape) {
    *shape = &shapes[made++ % 64];
    return 0;
}

int set(void* shape, int n, int c, int h, int w) {
    *static_cast<Shape*>(shape) = {n, c, h, w};
    return 0;
}

const Shape& of(const void* shape) {
    return *static_cast<const Shape*>(shape);
}

/// The value at a place, 0 outside.
float at(const float* values, const Shape& shape, int n, int c, int y, int x) {
    const bool is_inside = y >= 0 && y < shape.h && x >= 0 && x < shape.w;
    return is_inside ? values[((n * shape.c + c) * shape.h + y) * shape.w + x] : 0;
}

} // namespace

extern "C" {

const char* cudnnGetErrorString(int status) {
    return status == 5000 ? "CUDNN_STATUS_EXECUTION_FAILED" : "CUDNN_STATUS_BAD_PARAM";
}

int cudnnCreate(void** handle) {
    return make(handle);
}

int cudnnDestroy(void*) {
    return 0;
}

int cudnnCreateTensorDescriptor(void** shape) {
    return make(shape);
}

int cudnnDestroyTensorDescriptor(void*) {
    return 0;
}

int cudnnSetTensor4dDescriptor(void* shape, int format, int type, int n, int c, int h, int w) {
    return format == 0 && type == 0 ? set(shape, n, c, h, w) : 2000;
}

int cudnnCreateFilterDescriptor(void** shape) {
    return make(shape);
}

int cudnnDestroyFilterDescriptor(void*) {
    return 0;
}

int cudnnSetFilter4dDescriptor(void* shape, int type, int format, int k, int c, int h, int w) {
    return format == 0 && type == 0 ? set(shape, k, c, h, w) : 2000;
}

int cudnnCreateConvolutionDescriptor(void** shape) {
    return make(shape);
}

int cudnnDestroyConvolutionDescriptor(void*) {
    return 0;
}

int cudnnSetConvolution2dDescriptor(void* shape, int pad_y, int pad_x, int stride_y, int stride_x,
                                    int, int, int mode, int type) {
    const bool is_known = stride_y == 1 && stride_x == 1 && mode == 1 && type == 0;
    return is_known ? set(shape, 0, 0, pad_y, pad_x) : 2000;
}

int cudnnGetConvolutionForwardWorkspaceSize(void*, void*, void*, void*, void*, int,
                                            std::size_t* size) {
    *size = 64;
    return 0;
}

int cudnnConvolutionForward(void*, const float* alpha, void* from_shape, const float* from,
                            void* filter_shape, const float* filter, void* padding, int,
                            void* workspace, std::size_t size, const float*, void* to_shape,
                            float* to) {
    if (const int failure = fake::begin(5000); failure != 0) {
        return failure;
    }
    if (workspace == nullptr || size != 64) {
        return 2000;
    }
    const Shape& out = of(to_shape);
    const Shape& taps = of(filter_shape);
    const Shape& pad = of(padding);
    for (int i = 0; i < out.n * out.c * out.h * out.w; ++i) {
        const int x = i % out.w;
        const int y = i / out.w % out.h;
        const int k = i / out.w / out.h % out.c;
        const int n = i / out.w / out.h / out.c;
        float sum = 0;
        for (int tap = 0; tap < taps.c * taps.h * taps.w; ++tap) {
            const int c = tap / taps.w / taps.h;
            const int from_y = y + tap / taps.w % taps.h - pad.h;
            const int from_x = x + tap % taps.w - pad.w;
            sum += at(from, of(from_shape), n, c, from_y, from_x) *
                   at(filter, taps, k, c, tap / taps.w % taps.h, tap % taps.w);
        }
        to[i] = *alpha * sum;
    }
    to[11] += fake::error();
    return 0;
}

} // extern "C"
