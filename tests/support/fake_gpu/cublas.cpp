// The part of libcublas that envpm-gpuprobe calls, computed by the processor.

#include "modes.h"

namespace {

int handle = 0;

} // namespace

extern "C" {

const char* cublasGetStatusName(int status) {
    return status == 13 ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_NOT_SUPPORTED";
}

int cublasCreate_v2(void** made) {
    *made = &handle;
    return 0;
}

int cublasDestroy_v2(void*) {
    return 0;
}

int cublasSgemm_v2(void*, int is_left_transposed, int is_right_transposed, int m, int n, int k,
                   const float* alpha, const float* a, int lda, const float* b, int ldb,
                   const float* beta, float* c, int ldc) {
    if (const int failure = fake::begin(13); failure != 0) {
        return failure;
    }
    for (int column = 0; column < n; ++column) {
        for (int row = 0; row < m; ++row) {
            float sum = 0;
            for (int i = 0; i < k; ++i) {
                sum += (is_left_transposed != 0 ? a[row * lda + i] : a[i * lda + row]) *
                       (is_right_transposed != 0 ? b[i * ldb + column] : b[column * ldb + i]);
            }
            float& value = c[column * ldc + row];
            value = *alpha * sum + (*beta == 0 ? 0 : *beta * value);
        }
    }
    c[ldc + 5] += fake::error();
    return 0;
}

} // extern "C"
