#include "gpuprobe/cudart.h"
#include "gpuprobe/gpu.h"
#include "gpuprobe/report.h"
#include "gpuprobe/steps.h"

#include <cstring>

namespace gpuprobe {

namespace {

constexpr std::size_t size_bytes = (16U << 20U) + 13U; // a length that no copying unit divides

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
unsigned char sent[size_bytes];
unsigned char received[size_bytes];
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

bool copy_by_runtime(Step& step, const Cudart& cudart, int gpu);
bool copy_by_driver(Step& step, int gpu);
void fill(int gpu);

} // namespace

bool copy_there_and_back(Step& step, void* library, int count) {
    Cudart cudart;
    if (library == nullptr) {
        Line::fact("note").text("text", "by the driver").send();
    } else if (!step.find(library, cudart.error_name, cudart.set_device, cudart.allocate,
                          cudart.free, cudart.copy, cudart.synchronize)) {
        return false;
    }
    step.name_results_by(cudart.error_name.function);
    return on_each_gpu(count, [&](int gpu) {
        fill(gpu);
        return library == nullptr ? copy_by_driver(step, gpu) : copy_by_runtime(step, cudart, gpu);
    });
}

namespace {

bool copy_by_runtime(Step& step, const Cudart& cudart, int gpu) {
    step.turn_to(gpu);
    Owned<void*> first(step, cudart.free);
    Owned<void*> second(step, cudart.free);
    return step.call(cudart.set_device, gpu) && first.make(cudart.allocate, size_bytes) &&
           second.make(cudart.allocate, size_bytes) &&
           step.call(cudart.copy, first.get(), sent, size_bytes, Cudart::to_device) &&
           step.call(cudart.copy, second.get(), first.get(), size_bytes, Cudart::on_device) &&
           step.call(cudart.synchronize) &&
           step.call(cudart.copy, received, second.get(), size_bytes, Cudart::to_host) &&
           step.compare(received, sent, size_bytes);
}

bool copy_by_driver(Step& step, int index) {
    Gpu gpu;
    Address first = 0;
    Address second = 0;
    return gpu.open(step, index) && gpu.allocate(first, size_bytes) &&
           gpu.allocate(second, size_bytes) && gpu.write(first, sent, size_bytes) &&
           step.drive(step.transport().on_device, second, first, size_bytes) && gpu.wait() &&
           gpu.read(received, second, size_bytes) && step.compare(received, sent, size_bytes);
}

/// Of each GPU other bytes, and none of those before are left where its own should come.
void fill(int gpu) {
    fill_bytes(sent, size_bytes, gpu);
    std::memset(received, 0, size_bytes);
}

} // namespace

} // namespace gpuprobe
