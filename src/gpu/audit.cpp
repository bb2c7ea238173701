#include "gpu/audit.h"

#include "gpu/checks.h"
#include "gpu/library_search.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace envpm::gpu {

namespace {

void check_damage(Audit& audit);

} // namespace

std::vector<Finding> audit(const AuditRequest& request) {
    const LibrarySearch search(request);
    Audit audit{request, search, {}};
    check_damage(audit);
    check_linking(audit);
    check_versions(audit);
    check_copies(audit);
    check_device_code(audit);
    check_cuda_libraries(audit);
    std::stable_sort(audit.findings.begin(), audit.findings.end(),
                     [](const Finding& a, const Finding& b) {
                         return std::tie(b.severity, a.file, a.rule, a.text) <
                                std::tie(a.severity, b.file, b.rule, b.text);
                     });
    return std::move(audit.findings);
}

std::string_view to_text(Rule rule) {
    constexpr std::array<std::string_view, 16> texts = {
        "damaged-binary", "missing-library",   "missing-by-name",   "missing-version",
        "glibc-too-new",  "libstdcxx-too-new", "no-code-for-gpu",   "driver-too-old",
        "two-copies",     "two-runtimes",      "driver-library",    "jit-link-mismatch",
        "cudnn-mix",      "less-than-locked",  "search-path-hides", "script-not-run"};
    return texts.at(static_cast<std::size_t>(rule));
}

std::string_view to_text(Severity severity) {
    constexpr std::array<std::string_view, 3> texts = {"note", "warning", "error"};
    return texts.at(static_cast<std::size_t>(severity));
}

bool is_of_system(std::string_view soname) {
    constexpr std::array<std::string_view, 14> stems = {
        "libc",   "libm",   "libdl",   "libpthread", "librt",     "libutil", "libresolv",
        "libnsl", "libanl", "libmvec", "libgcc_s",   "libstdc++", "libcuda", "libnvcuvid"};
    const std::string_view stem = stem_of(soname);
    return std::find(stems.begin(), stems.end(), stem) != stems.end() ||
           stem.starts_with("libnvidia-") || stem.starts_with("ld-linux-");
}

bool Audit::is_allowed(std::string_view name) const {
    return std::find(request.allowed.begin(), request.allowed.end(), name) != request.allowed.end();
}

void Audit::add(Severity severity, Rule rule, const PrefixBinary& binary, std::string text,
                std::string hint) {
    if (!is_allowed(name_of(binary.path)) && !is_allowed(binary.facts.soname)) {
        findings.push_back(
            {severity, rule, binary.path, binary.package, std::move(text), std::move(hint)});
    }
}

namespace {

void check_damage(Audit& audit) {
    for (const PrefixBinary& binary : audit.request.binaries) {
        if (!binary.facts.damage.empty()) {
            audit.add(Severity::error, Rule::damaged_binary, binary,
                      "it is damaged: " + binary.facts.damage, "install its package again");
        }
        if (!binary.facts.code_damage.empty()) {
            audit.add(Severity::warning, Rule::damaged_binary, binary,
                      "its device code cannot be read: " + binary.facts.code_damage,
                      "it may be of a CUDA newer than this envpm");
        }
    }
}

} // namespace

} // namespace envpm::gpu
