// The part of libcudart that envpm-gpuprobe calls. The GPU's memory is the host's.

#include "modes.h"

extern "C" {

const char* cudaGetErrorName(int error) {
    return error == 0 ? "cudaSuccess" : error == 700 ? "cudaErrorIllegalAddress" : nullptr;
}

int cudaSetDevice(int device) {
    void* context = nullptr;
    fake::of_driver<int (*)(void**, int)>("cuDevicePrimaryCtxRetain")(&context, device);
    return fake::of_driver<int (*)(void*)>("cuCtxSetCurrent")(context);
}

int cudaMalloc(void** memory, std::size_t size) {
    *memory = std::malloc(size);
    return *memory == nullptr ? 2 : 0;
}

int cudaFree(void* memory) {
    std::free(memory);
    return 0;
}

int cudaMemcpy(void* to, const void* from, std::size_t size, int kind) {
    constexpr int on_device = 3;
    if (const int failure = fake::begin(700); failure != 0) {
        return failure;
    }
    std::memcpy(to, from, size);
    static_cast<unsigned char*>(to)[size - 1] ^= kind == on_device && fake::error() != 0 ? 1 : 0;
    return 0;
}

int cudaDeviceSynchronize() {
    return 0;
}

} // extern "C"
