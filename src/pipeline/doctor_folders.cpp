#include "base/error.h"
#include "base/free_space.h"
#include "model/store_paths.h"
#include "pipeline/doctor.h"
#include "store/format.h"

#include <fmt/format.h>

namespace envpm::pipeline {

namespace {

std::string setting_of(const std::string& part);
std::optional<Diagnosis> obstacle_of(const std::string& part, const host::FolderFacts& facts);
std::optional<Diagnosis> shortage_of(const std::string& part, const host::FolderFacts& facts);

} // namespace

std::vector<Diagnosis> diagnose_folder(const std::string& part, const host::FolderFacts& facts) {
    if (auto obstacle = obstacle_of(part, facts)) {
        return {*std::move(obstacle)};
    }
    std::vector<Diagnosis> found;
    if (part == "store" && facts.has_hard_links == false) {
        found.push_back(
            {part, Condition::warning,
             fmt::format("`{}` has no hard links: each environment is a copy, unless "
                         "the file system can clone files",
                         facts.folder.string()),
             "link(2)",
             fmt::format("set {} to a folder on another file system", setting_of(part))});
    }
    if (auto shortage = shortage_of(part, facts)) {
        found.push_back(*std::move(shortage));
    }
    if (found.empty()) {
        constexpr std::uint64_t gigabyte = 1'000'000'000;
        found.push_back(
            {part, Condition::good,
             fmt::format("`{}`, {} GB free{}", facts.folder.string(), facts.free_bytes / gigabyte,
                         facts.existing == facts.folder ? "" : ", not made yet")});
    }
    return found;
}

std::optional<Diagnosis> diagnose_format(const std::filesystem::path& root) {
    const StorePaths paths(root);
    std::error_code failure;
    if (!std::filesystem::exists(paths.objects(), failure)) {
        return std::nullopt; // it is not made yet
    }
    try {
        store::require_format(paths);
    } catch (const Error& error) {
        return Diagnosis{"store", Condition::defect, error.text().what, (root / "VERSION").string(),
                         error.text().hint};
    }
    return std::nullopt;
}

std::optional<Diagnosis> diagnose_downloads(std::uint64_t bytes) {
    constexpr std::uint64_t few_bytes = 1'000'000;
    return bytes < few_bytes
               ? std::nullopt
               : std::optional(Diagnosis{"downloads", Condition::good,
                                         fmt::format("unfinished ones take {}; the next install "
                                                     "goes on with them, or `envpm gc --grace 0h` "
                                                     "removes them",
                                                     bytes_in_words(bytes))});
}

namespace {

std::string setting_of(const std::string& part) {
    return part == "store" ? "ENVPM_ROOT" : "ENVPM_CACHE";
}

/// With which nothing else of the folder matters.
std::optional<Diagnosis> obstacle_of(const std::string& part, const host::FolderFacts& facts) {
    const std::string where = facts.existing.string();
    const std::string elsewhere = fmt::format("or set {} to another folder", setting_of(part));
    if (!facts.is_folder) {
        return Diagnosis{part, Condition::defect, fmt::format("`{}` is no folder", where),
                         facts.folder.string(), fmt::format("move it away, {}", elsewhere)};
    }
    if (facts.is_read_only) {
        return Diagnosis{part, Condition::defect,
                         fmt::format("`{}` is on a file system that is mounted read-only", where),
                         "statvfs(3)", fmt::format("mount it writable, {}", elsewhere)};
    }
    if (!facts.may_write) {
        return Diagnosis{part, Condition::defect,
                         fmt::format("this user may not write to `{}`", where), "access(2)",
                         fmt::format("change its owner or mode, {}", elsewhere)};
    }
    if (part == "store" && !facts.runs_programs) {
        return Diagnosis{
            part, Condition::defect,
            fmt::format("`{}` is on a file system that runs no programs (noexec)", where),
            "statvfs(3)", fmt::format("mount it without noexec, {}", elsewhere)};
    }
    return std::nullopt;
}

/// An environment with PyTorch for CUDA takes about 5 GB and 19,000 files in the store.
std::optional<Diagnosis> shortage_of(const std::string& part, const host::FolderFacts& facts) {
    constexpr std::uint64_t few_bytes = 1'000'000'000;
    constexpr std::uint64_t few_files = 20'000;
    const std::string remedy =
        fmt::format("make room (`envpm gc`), or set {} to another folder", setting_of(part));
    if (facts.free_bytes < few_bytes) {
        return Diagnosis{part, Condition::warning,
                         fmt::format("`{}` has only {} MB free", facts.folder.string(),
                                     facts.free_bytes / 1'000'000),
                         "statvfs(3)", remedy};
    }
    if (facts.limits_files && facts.free_files < few_files) {
        return Diagnosis{
            part, Condition::warning,
            fmt::format("`{}` has room for only {} files", facts.folder.string(), facts.free_files),
            "statvfs(3)", remedy};
    }
    return std::nullopt;
}

} // namespace

} // namespace envpm::pipeline
