#pragma once

#include "gpuprobe/step.h"

namespace gpuprobe {

/// How many GPUs a step uses at most, the first ones.
constexpr int most_gpus = 32;

/// A GPU with its primary context, in which CUDA's runtime and its libraries work too, and memory
/// of it. Given back at the end unless the step has failed.
class Gpu {
  public:
    Gpu() = default;
    Gpu(const Gpu&) = delete;
    Gpu& operator=(const Gpu&) = delete;
    ~Gpu();

    /// All of these are false after a verdict.
    bool open(Step& step, int index);
    bool select(); ///< what this thread calls is for this GPU from now on
    bool allocate(Address& memory, std::size_t size_bytes); ///< four times at most
    bool make_stream();
    bool write(Address to, const void* from, std::size_t size_bytes);
    bool wait(); ///< until the context of this thread has done what was asked of it
    bool read(void* to, Address from, std::size_t size_bytes);

    [[nodiscard]] Device device() const { return device_; }

    [[nodiscard]] Handle context() const { return context_; }

    [[nodiscard]] Handle stream() const { return stream_; }

  private:
    static constexpr int most_pieces = 4;

    Step* step_ = nullptr;
    int index_ = -1;
    Device device_ = 0;
    Handle context_ = nullptr;
    Handle stream_ = nullptr;
    Address pieces_[most_pieces] = {};
    int piece_count_ = 0;
};

/// Whether `compute(index)` succeeds on all GPUs; none is asked after one that fails.
template <class Compute> bool on_each_gpu(int count, Compute compute) {
    for (int index = 0; index < count; ++index) {
        if (!compute(index)) {
            return false;
        }
    }
    return true;
}

} // namespace gpuprobe
