#include "gpu/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace envpm::gpu {

namespace {

/// By folder: a wheel has no links, so one library often lies there under several names.
using Copies = std::map<std::string, const PrefixBinary*>;

void add_copies(const std::string& soname, const Copies& folders, Audit& audit);
bool is_vendored(const PrefixBinary& binary);
bool breaks_when_mixed(std::string_view soname);

} // namespace

void check_copies(Audit& audit) {
    std::map<std::string, Copies> copies;
    for (const PrefixBinary& binary : audit.request.binaries) {
        const std::string& soname = binary.facts.soname;
        if (!soname.empty() && !is_vendored(binary) && !audit.is_allowed(soname)) {
            copies[soname].emplace(folder_of(binary.path), &binary);
        }
    }
    for (const auto& [soname, folders] : copies) {
        if (folders.size() > 1) {
            add_copies(soname, folders, audit);
        }
    }
}

namespace {

void add_copies(const std::string& soname, const Copies& folders, Audit& audit) {
    std::string others;
    for (auto copy = std::next(folders.begin()); copy != folders.end(); ++copy) {
        others += fmt::format("{}`{}`", others.empty() ? "" : " and ", copy->second->path);
    }
    const bool is_bad = breaks_when_mixed(soname);
    audit.add(is_bad ? Severity::error : Severity::note, Rule::two_copies, *folders.begin()->second,
              fmt::format("`{}` is there more than once: also as {}", soname, others),
              is_bad ? "keep one of the packages that bring it"
                     : "which one a program gets depends on what it loads first");
}

/// Repaired by auditwheel (`.libs`, or a name with a digest), which keeps copies apart, and stubs
/// to link with.
bool is_vendored(const PrefixBinary& binary) {
    const std::string_view folder = name_of(folder_of(binary.path));
    const std::string_view stem = stem_of(binary.facts.soname);
    const std::size_t dash = stem.rfind('-');
    const bool has_digest =
        dash != std::string_view::npos && stem.size() - dash > 8 &&
        stem.find_first_not_of("0123456789abcdef", dash + 1) == std::string_view::npos;
    return has_digest || folder.ends_with(".libs") || folder == "stubs";
}

/// Parts of one CUDA that look for each other by these names.
bool breaks_when_mixed(std::string_view soname) {
    constexpr std::array<std::string_view, 11> stems = {
        "libcudart",   "libcublas",     "libcublasLt",  "libcufft", "libcurand", "libcusolver",
        "libcusparse", "libcusparseLt", "libnvJitLink", "libnvrtc", "libnccl"};
    const std::string_view stem = stem_of(soname);
    return std::find(stems.begin(), stems.end(), stem) != stems.end() ||
           stem.starts_with("libcudnn");
}

} // namespace

} // namespace envpm::gpu
