#include "gpu/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace envpm::gpu {

namespace {

/// By CUDA's major version, or the whole name of one that has none, who has or needs it.
using Runtimes = std::map<std::string, const PrefixBinary*>;

Runtimes shared_runtimes(const Audit& audit);
void tell_several(const Runtimes& runtimes, Audit& audit);
void check_static(const PrefixBinary& binary, const std::string& shared, Audit& audit);
std::optional<int> major_in(std::string_view soname);
std::optional<CudaVersion> compiler_of(const BinaryCode& code);

} // namespace

void check_runtimes(Audit& audit) {
    const Runtimes shared = shared_runtimes(audit);
    if (shared.size() > 1) {
        tell_several(shared, audit);
    }
    if (shared.size() != 1) {
        return;
    }
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (binary.facts.has_static_runtime) {
            check_static(binary, shared.begin()->first, audit);
        }
    }
}

namespace {

Runtimes shared_runtimes(const Audit& audit) {
    Runtimes runtimes;
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (stem_of(binary.facts.soname) == "libcudart") {
            runtimes.emplace(binary.facts.soname, &binary);
        }
        for (const std::string& soname : binary.facts.needed) {
            if (stem_of(soname) == "libcudart" && !audit.is_allowed(soname)) {
                runtimes.emplace(soname, &binary);
            }
        }
    }
    return runtimes;
}

void tell_several(const Runtimes& runtimes, Audit& audit) {
    std::string all;
    for (const auto& [soname, binary] : runtimes) {
        all += fmt::format("{}`{}` (`{}`)", all.empty() ? "" : " and ", soname, binary->path);
    }
    audit.add(Severity::error, Rule::two_runtimes, *runtimes.begin()->second,
              fmt::format("the environment mixes CUDA runtimes: {}", all),
              "lock builds for one major version of CUDA");
}

/// A runtime that is linked in has its own streams, errors and idea of the current device. NVIDIA's
/// libraries have one each, and agree with the shared one if they are of its CUDA. Of those whose
/// soname is not CUDA's version, the PTX tells what they were built with.
void check_static(const PrefixBinary& binary, const std::string& shared, Audit& audit) {
    constexpr std::array<std::string_view, 3> named_by_cuda = {"libcublas", "libcublasLt",
                                                               "libnvblas"};
    const std::optional<int> major = major_in(shared);
    const std::string_view stem = stem_of(binary.facts.soname);
    const bool is_named =
        std::find(named_by_cuda.begin(), named_by_cuda.end(), stem) != named_by_cuda.end();
    if (const auto own = is_named ? major_in(binary.facts.soname) : std::nullopt;
        own && major && *own != *major) {
        audit.add(Severity::warning, Rule::two_runtimes, binary,
                  fmt::format("it has the runtime of CUDA {} linked in, beside `{}`", *own, shared),
                  "lock builds for one major version of CUDA");
        return;
    }
    if (const auto built = is_named ? std::nullopt : compiler_of(binary.facts.code);
        built && major && built->major != *major) {
        audit.add(Severity::note, Rule::two_runtimes, binary,
                  fmt::format("it has a runtime of its own linked in, of CUDA {} as its PTX says, "
                              "beside `{}`",
                              built->text(), shared),
                  "streams and errors of the one mean nothing to the other");
    }
}

/// 13 of "libcudart.so.13"; "libcudart.so.11.0" is 11's.
std::optional<int> major_in(std::string_view soname) {
    constexpr std::string_view mark = ".so.";
    const std::size_t at = soname.find(mark);
    int major = 0;
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const char* const begin = soname.data() + at + mark.size();
    const auto result = std::from_chars(begin, soname.data() + soname.size(), major);
    return result.ec == std::errc() ? std::optional(major) : std::nullopt;
}

/// That of the newest PTX which nvcc registered.
std::optional<CudaVersion> compiler_of(const BinaryCode& code) {
    PtxVersion newest;
    for (const auto& [image, count] : code.images) {
        if (image.kind == CodeKind::ptx && count.registered > 0) {
            newest = std::max(newest, image.ptx);
        }
    }
    return cuda_of(newest);
}

} // namespace

} // namespace envpm::gpu
