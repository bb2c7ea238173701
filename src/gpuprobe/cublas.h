#pragma once

#include "gpuprobe/driver.h"
#include "gpuprobe/finder.h"

namespace gpuprobe {

/// What the steps call of libcublas 11 to 13, by the signatures of cublas_api.h, whose plain names
/// cublas_v2.h maps to those with `_v2` (docs.nvidia.com/cuda/cublas). A result is a
/// cublasStatus_t; a pointer into the GPU's memory is passed as the number that it is.
struct Cublas {
    Call<int(Handle*)> create{"cublasCreate_v2"};
    Call<int(Handle)> destroy{"cublasDestroy_v2"};
    /// Handle; transa, transb; m, n, k; alpha; A, lda; B, ldb; beta; C, ldc. By columns.
    Call<int(Handle, int, int, int, int, int, const float*, Address, int, Address, int,
             const float*, Address, int)>
        sgemm{"cublasSgemm_v2"};
    /// Since 11.4.2; null in an older one.
    Call<const char*(int)> status_name{"cublasGetStatusName"};

    static constexpr int not_transposed = 0; ///< CUBLAS_OP_N
    static constexpr int transposed = 1;     ///< CUBLAS_OP_T
};

} // namespace gpuprobe
