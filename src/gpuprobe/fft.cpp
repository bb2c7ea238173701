#include "gpuprobe/cufft.h"
#include "gpuprobe/gpu.h"
#include "gpuprobe/steps.h"

namespace gpuprobe {

namespace {

constexpr int values = 4096; // complex ones

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
float wave[2 * values];
float spectrum_sum[2];
float returned[2 * values];
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

bool transform(Step& step, const Cufft& cufft, int index);
bool is_as_it_was(Step& step);
void make_wave();

} // namespace

bool transform_and_back(Step& step, void* library, int count) {
    Cufft cufft;
    if (!step.find(library, cufft.plan, cufft.destroy, cufft.execute)) {
        return false;
    }
    step.name_results_by(cufft_result_name);
    make_wave();
    return on_each_gpu(count, [&](int index) { return transform(step, cufft, index); });
}

namespace {

bool transform(Step& step, const Cufft& cufft, int index) {
    Address there = 0;
    Address spectrum = 0;
    Gpu gpu;
    if (!gpu.open(step, index) || !gpu.allocate(there, sizeof wave) ||
        !gpu.allocate(spectrum, sizeof wave) || !gpu.write(there, wave, sizeof wave)) {
        return false;
    }
    float first[2] = {};
    Owned<int> plan(step, cufft.destroy);
    return plan.make(cufft.plan, values, Cufft::complex_to_complex, 1) &&
           step.call(cufft.execute, plan.get(), there, spectrum, Cufft::forward) &&
           step.call(cufft.execute, plan.get(), spectrum, there, Cufft::inverse) && gpu.wait() &&
           gpu.read(first, spectrum, sizeof first) && step.compare(first, spectrum_sum, 2, 0.25F) &&
           gpu.read(returned, there, sizeof returned) && is_as_it_was(step);
}

/// The library does not divide by the number of values.
bool is_as_it_was(Step& step) {
    for (float& value : returned) {
        value /= static_cast<float>(values);
    }
    return step.compare(returned, wave, 2 * values, 1e-3F);
}

/// Whole numbers, so that their sum is one too: the first value of the spectrum, but for rounding.
void make_wave() {
    spectrum_sum[0] = spectrum_sum[1] = 0;
    for (unsigned i = 0; i < 2 * values; ++i) {
        wave[i] = small_number(i);
        spectrum_sum[i % 2] += wave[i];
    }
}

} // namespace

} // namespace gpuprobe
