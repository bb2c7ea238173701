#pragma once

#include "gpuprobe/driver.h"
#include "gpuprobe/finder.h"

namespace gpuprobe {

/// What the steps call of libcufft 10 to 12, by the signatures of cufft.h
/// (docs.nvidia.com/cuda/cufft). A result is a cufftResult, a plan an int; a pointer into the GPU's
/// memory is passed as the number that it is.
struct Cufft {
    /// Plan; nx; type; batch.
    Call<int(int*, int, int, int)> plan{"cufftPlan1d"};
    Call<int(int)> destroy{"cufftDestroy"};
    /// Plan; from, to; direction.
    Call<int(int, Address, Address, int)> execute{"cufftExecC2C"};

    static constexpr int complex_to_complex = 0x29; ///< CUFFT_C2C
    static constexpr int forward = -1;              ///< CUFFT_FORWARD
    static constexpr int inverse = 1;               ///< CUFFT_INVERSE
};

/// The library has no function for its results' names. The numbers of cufft.h; null for others.
constexpr const char* cufft_result_name(int result) {
    constexpr const char* names[] = {
        "CUFFT_SUCCESS",
        "CUFFT_INVALID_PLAN",
        "CUFFT_ALLOC_FAILED",
        "CUFFT_INVALID_TYPE",
        "CUFFT_INVALID_VALUE",
        "CUFFT_INTERNAL_ERROR",
        "CUFFT_EXEC_FAILED",
        "CUFFT_SETUP_FAILED",
        "CUFFT_INVALID_SIZE",
        "CUFFT_UNALIGNED_DATA",
        nullptr,
        "CUFFT_INVALID_DEVICE",
        nullptr,
        "CUFFT_NO_WORKSPACE",
        "CUFFT_NOT_IMPLEMENTED",
        nullptr,
        "CUFFT_NOT_SUPPORTED",
        "CUFFT_MISSING_DEPENDENCY",
        "CUFFT_NVRTC_FAILURE",
        "CUFFT_NVJITLINK_FAILURE",
        "CUFFT_NVSHMEM_FAILURE",
    };
    constexpr int count = sizeof names / sizeof names[0];
    return result >= 0 && result < count ? names[result] : nullptr;
}

} // namespace gpuprobe
