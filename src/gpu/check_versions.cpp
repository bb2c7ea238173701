#include "gpu/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace envpm::gpu {

namespace {

/// "3.4.30" as numbers.
using Numbers = std::vector<int>;

struct CxxRuntime {
    GlibcVersion glibc;
    std::string_view glibcxx;
    std::string_view cxxabi;
};

// The libstdc++ of distributions with that glibc or a later one: manylinux policies of auditwheel,
// which has them from the distributions.
constexpr std::array<CxxRuntime, 9> cxx_runtimes = {{
    {{2, 5}, "3.4.8", "1.3.1"},
    {{2, 12}, "3.4.13", "1.3.3"},
    {{2, 17}, "3.4.19", "1.3.7"},
    {{2, 24}, "3.4.22", "1.3.10"},
    {{2, 27}, "3.4.24", "1.3.11"},
    {{2, 31}, "3.4.28", "1.3.12"},
    {{2, 34}, "3.4.29", "1.3.13"},
    {{2, 35}, "3.4.30", "1.3.13"},
    {{2, 39}, "3.4.33", "1.3.15"},
}};

/// The newest version that one file needs of one language runtime.
struct Newest {
    Numbers numbers;
    std::string text;

    void take(std::string_view prefix, std::string_view version);
};

void check_glibc(const PrefixBinary& binary, Audit& audit);
void check_cxx(const PrefixBinary& binary, Audit& audit);
const CxxRuntime* runtime_beside(const GlibcVersion& glibc);
void check_own(const PrefixBinary& binary, Audit& audit);
bool is_newer(const Newest& needed, std::string_view available);
Numbers numbers_of(std::string_view text);

} // namespace

void check_versions(Audit& audit) {
    for (const PrefixBinary& binary : audit.request.binaries) {
        check_glibc(binary, audit);
        check_cxx(binary, audit);
        check_own(binary, audit);
    }
}

namespace {

void check_glibc(const PrefixBinary& binary, Audit& audit) {
    Newest newest;
    for (const NeededVersion& needed : binary.facts.needed_versions) {
        if (needed.is_weak || !is_of_system(needed.library)) {
            continue;
        }
        newest.take("GLIBC_", needed.version);
        if (needed.version == "GLIBC_ABI_DT_RELR") { // came with glibc 2.36
            newest.take("GLIBC_", "GLIBC_2.36");
        }
    }
    const GlibcVersion& target = audit.request.target.glibc;
    if (is_newer(newest, target.text())) {
        audit.add(
            Severity::error, Rule::glibc_too_new, binary,
            fmt::format("it needs glibc {}, and the target has {}", newest.text, target.text()),
            "declare that glibc for the target, or lock an older build");
    }
}

void check_cxx(const PrefixBinary& binary, Audit& audit) {
    if (!audit.search.all("libstdc++.so.6").empty()) {
        return; // the environment has its own, which `check_own` compares
    }
    Newest glibcxx;
    Newest cxxabi;
    for (const NeededVersion& needed : binary.facts.needed_versions) {
        if (!needed.is_weak && needed.library == "libstdc++.so.6") {
            glibcxx.take("GLIBCXX_", needed.version);
            cxxabi.take("CXXABI_", needed.version);
        }
    }
    const CxxRuntime* const runtime = runtime_beside(audit.request.target.glibc);
    if (runtime == nullptr) {
        return;
    }
    const bool is_library = is_newer(glibcxx, runtime->glibcxx);
    if (is_library || is_newer(cxxabi, runtime->cxxabi)) {
        audit.add(Severity::warning, Rule::libstdcxx_too_new, binary,
                  fmt::format("it needs {}_{} of libstdc++, and systems with glibc {} have {}",
                              is_library ? "GLIBCXX" : "CXXABI",
                              is_library ? glibcxx.text : cxxabi.text,
                              audit.request.target.glibc.text(),
                              is_library ? runtime->glibcxx : runtime->cxxabi),
                  "add the conda package `libstdcxx`, or lock an older build");
    }
}

/// That of the systems with such a glibc; null for one before all that are known.
const CxxRuntime* runtime_beside(const GlibcVersion& glibc) {
    const CxxRuntime* runtime = nullptr;
    for (const CxxRuntime& candidate : cxx_runtimes) {
        runtime = candidate.glibc <= glibc ? &candidate : runtime;
    }
    return runtime;
}

/// Versions of libraries that the environment has itself. One that defines none at all is taken as
/// it is, as the loader does.
void check_own(const PrefixBinary& binary, Audit& audit) {
    for (const NeededVersion& needed : binary.facts.needed_versions) {
        const PrefixBinary* const library =
            needed.is_weak ? nullptr : audit.search.find_anywhere(needed.library, binary);
        if (library == nullptr || library->facts.defined_versions.empty()) {
            continue;
        }
        const std::vector<std::string>& defined = library->facts.defined_versions;
        if (!std::binary_search(defined.begin(), defined.end(), needed.version)) {
            audit.add(Severity::error, Rule::missing_version, binary,
                      fmt::format("it needs version `{}` of `{}`, which `{}` does not define",
                                  needed.version, needed.library, library->path),
                      "lock builds of the two packages that belong together");
        }
    }
}

void Newest::take(std::string_view prefix, std::string_view version) {
    if (!version.starts_with(prefix)) {
        return;
    }
    version.remove_prefix(prefix.size());
    Numbers candidate = numbers_of(version);
    if (candidate > numbers) {
        numbers = std::move(candidate);
        text = version;
    }
}

bool is_newer(const Newest& needed, std::string_view available) {
    return needed.numbers > numbers_of(available);
}

/// Empty, and so older than all others, for what is no version: GLIBC_PRIVATE.
Numbers numbers_of(std::string_view text) {
    Numbers numbers;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        int number = 0;
        const auto result = std::from_chars(at, end, number);
        if (result.ec != std::errc() || number < 0) {
            return {};
        }
        numbers.push_back(number);
        if (result.ptr == end) {
            return numbers;
        }
        if (*result.ptr != '.') {
            return {};
        }
        at = result.ptr + 1;
    }
}

} // namespace

} // namespace envpm::gpu
