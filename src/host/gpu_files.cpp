#include "host/gpu_files.h"

#include "base/error.h"
#include "base/files.h"
#include "model/cuda_version.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file);
std::string version_in(std::string_view text);
std::vector<std::string> uuids_below(const fs::path& folder);
std::vector<std::string> device_files(const fs::path& dev);
std::string file_stamp(const fs::path& file);
std::vector<fs::path> entries_of(const fs::path& folder);

} // namespace

KernelDriver read_kernel_driver(const MachineFolders& folders) {
    KernelDriver driver;
    driver.is_wsl =
        text_of(folders.proc / "sys/kernel/osrelease").find("icrosoft") != std::string::npos;
    driver.boot_id = text_of(folders.proc / "sys/kernel/random/boot_id");
    if (driver.is_wsl) {
        driver.stamp = {file_stamp(folders.wsl / "libcuda.so.1"),
                        file_stamp(folders.wsl / "libdxcore.so")};
        return driver;
    }
    for (const fs::path& file :
         {folders.sys / "module/nvidia/version", folders.proc / "driver/nvidia/version"}) {
        if (driver.version.empty()) {
            driver.version = version_in(text_of(file));
            driver.origin = file;
        }
    }
    if (driver.version.empty()) {
        driver.origin.clear();
    }
    driver.gpus = uuids_below(folders.proc / "driver/nvidia/gpus");
    driver.stamp = device_files(folders.dev);
    driver.stamp.push_back(driver.version);
    return driver;
}

namespace {

/// Without the ends of its lines; empty if there is no such file.
std::string text_of(const fs::path& file) {
    std::string text;
    try {
        text = read_file_if_present(file).value_or("");
    } catch (const Error&) {
        return {}; // one that may not be read says nothing
    }
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

/// "580.65.06" alone, or in "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06
/// Release Build": the first word that is a version with a dot.
std::string version_in(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
        const std::string_view word = text.substr(0, end);
        if (word.find('.') != std::string_view::npos && DriverVersion::parse(word)) {
            return std::string(word);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

/// From lines such as "GPU UUID:        GPU-0e8b2b0c-…" of `*/information`.
std::vector<std::string> uuids_below(const fs::path& folder) {
    std::vector<std::string> uuids;
    for (const fs::path& gpu : entries_of(folder)) {
        const std::string text = text_of(gpu / "information");
        const std::size_t mark = text.find("GPU UUID:");
        const std::size_t begin = text.find("GPU-", mark);
        const std::size_t end = text.find_first_of(" \t\n", begin);
        const bool is_named = mark != std::string::npos && begin != std::string::npos;
        uuids.push_back(is_named ? text.substr(begin, end - begin) : gpu.filename().string());
    }
    std::sort(uuids.begin(), uuids.end());
    return uuids;
}

/// /dev/nvidia0 and so on.
std::vector<std::string> device_files(const fs::path& dev) {
    constexpr int most_gpus = 64;
    std::vector<std::string> names;
    for (int i = 0; i < most_gpus; ++i) {
        std::error_code failure;
        const std::string name = fmt::format("nvidia{}", i);
        if (fs::exists(dev / name, failure)) {
            names.push_back(name);
        }
    }
    return names;
}

std::string file_stamp(const fs::path& file) {
    std::error_code failure;
    const auto size = fs::file_size(file, failure);
    const auto time = fs::last_write_time(file, failure);
    return failure ? std::string()
                   : fmt::format("{} {} {}", file.string(), size, time.time_since_epoch().count());
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> entries;
    std::error_code failure;
    for (fs::directory_iterator place(folder, failure), end; !failure && place != end;
         place.increment(failure)) {
        entries.push_back(place->path());
    }
    return entries;
}

} // namespace

} // namespace envpm::host
