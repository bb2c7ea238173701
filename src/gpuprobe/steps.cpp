#include "gpuprobe/steps.h"

#include "gpuprobe/gpu.h"
#include "gpuprobe/libraries.h"
#include "gpuprobe/report.h"

#include <cstring>

namespace gpuprobe {

namespace {

struct KnownStep {
    const char* name;
    bool (*run)(Step& step, void* library, int count);
    bool needs_library;
    int least_gpus;
};

constexpr KnownStep steps[] = {
    {"copies", copy_there_and_back, false, 1},    {"gemm", multiply_matrices, true, 1},
    {"convolution", convolve, true, 1},           {"fft", transform_and_back, true, 1},
    {"peer-access", copy_between_gpus, false, 2}, {"all-reduce", sum_over_gpus, true, 1},
};

const KnownStep* step_of(const char* name) {
    for (const KnownStep& step : steps) {
        if (std::strcmp(step.name, name) == 0) {
            return &step;
        }
    }
    return nullptr;
}

} // namespace

ExitStatus run_step(const char* name, const char* path, const char* fallback) {
    const KnownStep* known = step_of(name);
    ExitStatus status = exit_usage;
    const Driver driver = load_driver(fallback, Extent::all, status);
    if (driver.library == nullptr) {
        return status;
    }
    const int visible = initialise(driver, status);
    if (visible < 0) {
        return status;
    }
    const int count = visible < most_gpus ? visible : most_gpus;
    if (count < known->least_gpus) {
        Line::verdict("skipped").text("detail", "one GPU only").send();
        return exit_ok;
    }
    Step step(driver);
    void* library = nullptr;
    if (path != nullptr || known->needs_library) {
        library = step.load(path);
    }
    const bool is_loaded = library != nullptr || !step.has_failed();
    const bool is_right = is_loaded && step.find_transport() && known->run(step, library, count);
    send_mapped();
    if (is_right && !step.has_failed()) {
        Line::verdict("ok").send();
    }
    return step.status();
}

void fill_bytes(unsigned char* bytes, std::size_t count, int gpu) {
    constexpr std::size_t pattern = 65'521; // a prime
    auto number = static_cast<unsigned>(gpu) + 1U;
    for (std::size_t i = 0; i < count && i < pattern; ++i) {
        number = number * 1664525U + 1013904223U;
        bytes[i] = static_cast<unsigned char>(number >> 24U);
    }
    for (std::size_t i = pattern; i < count; i += pattern) {
        std::memcpy(bytes + i, bytes, count - i < pattern ? count - i : pattern);
    }
}

bool is_step(const char* name) {
    return step_of(name) != nullptr;
}

} // namespace gpuprobe
