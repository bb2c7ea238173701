#pragma once

#include "gpuprobe/driver.h"
#include "gpuprobe/finder.h"

#include <cstddef>

namespace gpuprobe {

/// What the steps call of libnccl 2, by the signatures of nccl.h
/// (docs.nvidia.com/deeplearning/nccl, NCCL API). A result is a ncclResult_t; a pointer into the
/// GPU's memory is passed as the number that it is.
struct Nccl {
    /// Communicators; how many; devices, null for the first ones.
    Call<int(Handle*, int, const int*)> init_all{"ncclCommInitAll"};
    Call<int(Handle)> destroy{"ncclCommDestroy"};
    Call<int()> group_start{"ncclGroupStart"};
    Call<int()> group_end{"ncclGroupEnd"};
    /// From, to, how many values; type, operation; communicator, stream.
    Call<int(Address, Address, std::size_t, int, int, Handle, Handle)> all_reduce{"ncclAllReduce"};
    /// Since 2.13; null in an older one.
    Call<const char*(Handle)> last_error{"ncclGetLastError"};

    static constexpr int type_float = 7; ///< ncclFloat32
    static constexpr int sum = 0;        ///< ncclSum
};

/// What ncclGetErrorString gives is a sentence. The numbers of nccl.h; null for others.
constexpr const char* nccl_result_name(int result) {
    constexpr const char* names[] = {
        "ncclSuccess",       "ncclUnhandledCudaError", "ncclSystemError",
        "ncclInternalError", "ncclInvalidArgument",    "ncclInvalidUsage",
        "ncclRemoteError",   "ncclInProgress",         "ncclTimeout"};
    constexpr int count = sizeof names / sizeof names[0];
    return result >= 0 && result < count ? names[result] : nullptr;
}

} // namespace gpuprobe
