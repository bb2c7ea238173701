#include "gpuprobe/gpu.h"

namespace gpuprobe {

Gpu::~Gpu() {
    if (context_ == nullptr || step_->has_failed() || !select()) {
        return;
    }
    const Driver& driver = step_->driver();
    if (stream_ != nullptr && !step_->drive(step_->transport().stream_destroy, stream_)) {
        return;
    }
    for (int i = 0; i < piece_count_; ++i) {
        if (!step_->drive("cuMemFree_v2", driver.memory_free, pieces_[i])) {
            return;
        }
    }
    if (step_->drive("cuCtxSetCurrent", driver.context_set_current, nullptr)) {
        step_->drive("cuDevicePrimaryCtxRelease", driver.primary_context_release, device_);
    }
}

bool Gpu::open(Step& step, int index) {
    step_ = &step;
    index_ = index;
    step.turn_to(index);
    const Driver& driver = step.driver();
    return step.drive("cuDeviceGet", driver.device_get, &device_, index) &&
           step.drive("cuDevicePrimaryCtxRetain", driver.primary_context_retain, &context_,
                      device_) &&
           select();
}

bool Gpu::select() {
    step_->turn_to(index_);
    return step_->drive("cuCtxSetCurrent", step_->driver().context_set_current, context_);
}

bool Gpu::allocate(Address& memory, std::size_t size_bytes) {
    if (!step_->drive("cuMemAlloc_v2", step_->driver().memory_allocate, &memory, size_bytes)) {
        return false;
    }
    pieces_[piece_count_++] = memory;
    return true;
}

bool Gpu::make_stream() {
    constexpr unsigned non_blocking = 1; // CU_STREAM_NON_BLOCKING
    return step_->drive(step_->transport().stream_create, &stream_, non_blocking);
}

bool Gpu::write(Address to, const void* from, std::size_t size_bytes) {
    return step_->drive(step_->transport().to_device, to, from, size_bytes);
}

bool Gpu::wait() {
    return step_->drive("cuCtxSynchronize", step_->driver().context_synchronize);
}

bool Gpu::read(void* to, Address from, std::size_t size_bytes) {
    return step_->drive("cuMemcpyDtoH_v2", step_->driver().memory_copy_to_host, to, from,
                        size_bytes);
}

} // namespace gpuprobe
