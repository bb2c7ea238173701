#include "gpu/device_code.h"

#include "model/code_rules.h"

#include <algorithm>
#include <array>

namespace envpm::gpu {

namespace {

/// What of one container a GPU can use.
struct Usable {
    bool is_runnable = false;             ///< machine code
    std::optional<PtxVersion> oldest_ptx; ///< that suits it
};

Usable usable_of(const std::vector<Image>& images, ComputeCapability gpu);
bool holds(const std::vector<Image>& images, const std::vector<Image>& others);

struct PtxRelease {
    CudaVersion cuda;
    PtxVersion ptx;
};

constexpr std::array<PtxRelease, 24> ptx_releases = {{
    {{9, 0}, {6, 0}},  {{9, 1}, {6, 1}},  {{9, 2}, {6, 2}},  {{10, 0}, {6, 3}}, {{10, 1}, {6, 4}},
    {{10, 2}, {6, 5}}, {{11, 0}, {7, 0}}, {{11, 1}, {7, 1}}, {{11, 2}, {7, 2}}, {{11, 3}, {7, 3}},
    {{11, 4}, {7, 4}}, {{11, 5}, {7, 5}}, {{11, 6}, {7, 6}}, {{11, 7}, {7, 7}}, {{11, 8}, {7, 8}},
    {{12, 0}, {8, 0}}, {{12, 1}, {8, 1}}, {{12, 2}, {8, 2}}, {{12, 3}, {8, 3}}, {{12, 4}, {8, 4}},
    {{12, 5}, {8, 5}}, {{12, 7}, {8, 6}}, {{12, 8}, {8, 7}}, {{12, 9}, {8, 8}},
}};

} // namespace

std::string Image::text() const {
    return (kind == CodeKind::sass ? "sm_" : "compute_") + capability.code();
}

bool runs_on(const Image& image, ComputeCapability gpu) {
    return image.kind == CodeKind::sass ? sass_runs_on(image.capability, gpu)
                                        : ptx_suits(image.capability, gpu);
}

std::uint64_t BinaryCode::container_count() const {
    std::uint64_t count = 0;
    for (const auto& [what, times] : containers) {
        count += times.registered + times.loose;
    }
    return count;
}

bool BinaryCode::is_homogeneous() const {
    std::uint64_t registered = 0;
    const std::vector<Image>* commonest = nullptr;
    std::uint64_t most = 0;
    for (const auto& [held, times] : containers) {
        registered += times.registered;
        if (times.registered > most) {
            most = times.registered;
            commonest = &held;
        }
    }
    // The one or two of a library that loads all else itself say nothing of it.
    return commonest != nullptr && registered * 2 > container_count() &&
           std::all_of(containers.begin(), containers.end(), [&](const auto& container) {
               return container.second.registered == 0 || holds(container.first, *commonest);
           });
}

bool BinaryCode::is_special() const {
    return std::none_of(images.begin(), images.end(),
                        [](const auto& image) { return image.first.capability.suffix == '\0'; });
}

CodeCoverage BinaryCode::coverage(ComputeCapability gpu) const {
    CodeCoverage coverage;
    for (const auto& [images_in_it, times] : containers) {
        const std::size_t all = times.registered + times.loose;
        const Usable usable = usable_of(images_in_it, gpu);
        if (usable.is_runnable) {
            coverage.runnable += all;
        } else if (usable.oldest_ptx) {
            coverage.jit += all;
            coverage.newest_ptx = std::max(coverage.newest_ptx, *usable.oldest_ptx);
        } else {
            coverage.none += all;
            coverage.missed += times.registered;
        }
    }
    return coverage;
}

bool understands(CudaVersion driver, PtxVersion ptx) {
    // From 13.0 on the numbers go together: 9.0 is 13.0's, 9.2 is 13.2's.
    if (ptx.major >= 9) {
        return driver >= CudaVersion{ptx.major + 4, ptx.minor};
    }
    return std::any_of(ptx_releases.begin(), ptx_releases.end(), [&](const PtxRelease& release) {
        return release.cuda <= driver && release.ptx >= ptx;
    });
}

std::optional<CudaVersion> cuda_of(PtxVersion ptx) {
    if (ptx.major >= 9) {
        return CudaVersion{ptx.major + 4, ptx.minor};
    }
    const auto found = std::find_if(ptx_releases.begin(), ptx_releases.end(),
                                    [&](const PtxRelease& release) { return release.ptx == ptx; });
    return found == ptx_releases.end() ? std::nullopt : std::optional(found->cuda);
}

namespace {

Usable usable_of(const std::vector<Image>& images, ComputeCapability gpu) {
    Usable usable;
    for (const Image& image : images) {
        if (!runs_on(image, gpu)) {
            continue;
        }
        if (image.kind == CodeKind::sass) {
            usable.is_runnable = true;
        } else {
            usable.oldest_ptx =
                usable.oldest_ptx ? std::min(*usable.oldest_ptx, image.ptx) : image.ptx;
        }
    }
    return usable;
}

/// Both sorted.
bool holds(const std::vector<Image>& images, const std::vector<Image>& others) {
    return std::includes(images.begin(), images.end(), others.begin(), others.end());
}

} // namespace

} // namespace envpm::gpu
