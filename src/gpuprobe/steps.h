#pragma once

#include "gpuprobe/driver.h"
#include "gpuprobe/step.h"

namespace gpuprobe {

/// Computes on every visible GPU with one library of an environment, opened by its path: "copies"
/// (libcudart, or by the driver if `path` is null), "gemm" (libcublas), "convolution" (libcudnn),
/// "fft" (libcufft), "peer-access" (the driver alone) or "all-reduce" (libnccl). One process for
/// one step. Tells what it does, which CUDA libraries the process has mapped afterwards, and the
/// verdict. `fallback` is as for load_driver.
ExitStatus run_step(const char* name, const char* path, const char* fallback);

bool is_step(const char* name);

/// The steps, on `count` GPUs, with the library that was loaded. False after a verdict, true if
/// none is there yet; what is known besides is told as a note.
bool copy_there_and_back(Step& step, void* library, int count);
bool multiply_matrices(Step& step, void* library, int count);
bool convolve(Step& step, void* library, int count);
bool transform_and_back(Step& step, void* library, int count);
bool copy_between_gpus(Step& step, void* library, int count);
bool sum_over_gpus(Step& step, void* library, int count);

/// Bytes that differ from GPU to GPU, in a pattern whose length divides no page or block of memory.
void fill_bytes(unsigned char* bytes, std::size_t count, int gpu);

/// A whole number from -4 to 4, of which sums of products are exact in any order and in TF32 too.
constexpr float small_number(unsigned i) {
    return static_cast<float>((i * 2654435761U >> 16U) % 9U) - 4.0F;
}

} // namespace gpuprobe
