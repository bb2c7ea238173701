#include "base/assert.h"
#include "fuzz.h"
#include "gpu/fatbin.h"

namespace envpm::fuzz {

namespace {

/// Every container holds something, and nothing that is not among the images.
void check(const gpu::BinaryCode& code) {
    for (const auto& [images, times] : code.containers) {
        ENVPM_ASSERT(!images.empty() && times.registered + times.loose > 0);
        for (const gpu::Image& image : images) {
            ENVPM_ASSERT(code.images.contains(image));
        }
    }
    if (!code.empty()) {
        const gpu::CodeCoverage coverage = code.coverage({9, 0});
        ENVPM_ASSERT(coverage.runnable + coverage.jit + coverage.none == code.container_count());
        ENVPM_ASSERT(!code.is_homogeneous() || code.container_count() > 0);
    }
}

} // namespace

/// As a section of its own, and among other data.
void read(std::string_view input) {
    if (const auto code = if_accepted([&] {
            gpu::BinaryCode found;
            gpu::read_registered_containers(gpu::Bytes(input, "a.so"), found);
            return found;
        })) {
        check(*code);
    }
    gpu::BinaryCode loose;
    gpu::find_loose_containers(input, loose);
    check(loose);
}

} // namespace envpm::fuzz
