#pragma once

#include "gpuprobe/finder.h"

#include <cstddef>

namespace gpuprobe {

/// What the steps call of libcudart 11 to 13, by the signatures of cuda_runtime_api.h and
/// driver_types.h (CUDA Runtime API, docs.nvidia.com/cuda/cuda-runtime-api). A result is a
/// cudaError_t.
struct Cudart {
    Call<const char*(int)> error_name{"cudaGetErrorName"};
    Call<int(int)> set_device{"cudaSetDevice"};
    Call<int(void**, std::size_t)> allocate{"cudaMalloc"};
    Call<int(void*)> free{"cudaFree"};
    Call<int(void*, const void*, std::size_t, int)> copy{"cudaMemcpy"};
    Call<int()> synchronize{"cudaDeviceSynchronize"};

    static constexpr int to_device = 1; ///< cudaMemcpyHostToDevice
    static constexpr int to_host = 2;   ///< cudaMemcpyDeviceToHost
    static constexpr int on_device = 3; ///< cudaMemcpyDeviceToDevice
};

} // namespace gpuprobe
