#pragma once

#include "gpuprobe/driver.h"
#include "gpuprobe/finder.h"

#include <cstddef>

namespace gpuprobe {

/// What the steps call of libcudnn 8 and 9, by the signatures of cudnn_ops_infer.h and
/// cudnn_cnn_infer.h (8), cudnn_ops.h and cudnn_cnn.h (9): docs.nvidia.com/deeplearning/cudnn, the
/// legacy API. A result is a cudnnStatus_t, the enumerations are ints; a pointer into the GPU's
/// memory is passed as the number that it is.
struct Cudnn {
    Call<const char*(int)> status_name{"cudnnGetErrorString"};
    Call<int(Handle*)> create{"cudnnCreate"};
    Call<int(Handle)> destroy{"cudnnDestroy"};
    Call<int(Handle*)> create_tensor{"cudnnCreateTensorDescriptor"};
    Call<int(Handle)> destroy_tensor{"cudnnDestroyTensorDescriptor"};
    /// Descriptor; format, type; n, c, h, w.
    Call<int(Handle, int, int, int, int, int, int)> set_tensor{"cudnnSetTensor4dDescriptor"};
    Call<int(Handle*)> create_filter{"cudnnCreateFilterDescriptor"};
    Call<int(Handle)> destroy_filter{"cudnnDestroyFilterDescriptor"};
    /// Descriptor; type, format; k, c, h, w.
    Call<int(Handle, int, int, int, int, int, int)> set_filter{"cudnnSetFilter4dDescriptor"};
    Call<int(Handle*)> create_convolution{"cudnnCreateConvolutionDescriptor"};
    Call<int(Handle)> destroy_convolution{"cudnnDestroyConvolutionDescriptor"};
    /// Descriptor; padding, stride and dilation, of height and width each; mode, type.
    Call<int(Handle, int, int, int, int, int, int, int, int)> set_convolution{
        "cudnnSetConvolution2dDescriptor"};
    /// Handle; x, w, convolution, y; algorithm; size.
    Call<int(Handle, Handle, Handle, Handle, Handle, int, std::size_t*)> workspace_size{
        "cudnnGetConvolutionForwardWorkspaceSize"};
    /// Handle; alpha; x and its memory, w and its memory; convolution, algorithm; workspace and its
    /// size; beta; y and its memory.
    Call<int(Handle, const float*, Handle, Address, Handle, Address, Handle, int, Address,
             std::size_t, const float*, Handle, Address)>
        forward{"cudnnConvolutionForward"};

    static constexpr int type_float = 0;        ///< CUDNN_DATA_FLOAT
    static constexpr int format_nchw = 0;       ///< CUDNN_TENSOR_NCHW
    static constexpr int cross_correlation = 1; ///< CUDNN_CROSS_CORRELATION
    static constexpr int implicit_gemm = 0;     ///< CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM
};

} // namespace gpuprobe
