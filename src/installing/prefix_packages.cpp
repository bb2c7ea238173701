#include "installing/prefix_packages.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/files.h"
#include "model/package_name.h"

#include <functional>
#include <string_view>
#include <system_error>

namespace envpm::installing {

namespace {

using Packages = std::map<std::string, std::string>;

void add_conda_packages(const std::filesystem::path& prefix, Packages& packages);
void add_wheels(const std::filesystem::path& site, Packages& packages);
bool is_own_wheel(const std::filesystem::path& info);
void each_entry(const std::filesystem::path& folder,
                const std::function<void(const std::filesystem::directory_entry&)>& on_entry);
std::string version_without_build(const std::string& version);

} // namespace

std::optional<Packages> packages_in(const std::filesystem::path& prefix) {
    constexpr std::string_view python = "python";
    std::error_code failure;
    if (!std::filesystem::is_directory(prefix, failure)) {
        return std::nullopt;
    }
    Packages packages;
    add_conda_packages(prefix, packages);
    each_entry(prefix / "lib", [&](const std::filesystem::directory_entry& entry) {
        const std::string name = entry.path().filename().string();
        std::error_code unknown;
        if (name.starts_with("python3.") && !entry.is_symlink(unknown) &&
            std::filesystem::is_directory(entry.path() / "site-packages", unknown)) {
            add_wheels(entry.path() / "site-packages", packages);
            packages.emplace(python, name.substr(python.size())); // unless it is a package
        }
    });
    return packages;
}

std::vector<PackageChange> changes_between(const Packages& before, const Packages& after) {
    std::vector<PackageChange> changes;
    Packages all = before;
    all.insert(after.begin(), after.end());
    for (const auto& [name, version] : all) {
        const auto old = before.find(name);
        const auto now = after.find(name);
        PackageChange change{name, {}, {}};
        if (old != before.end() && now != after.end()) {
            if (old->second == now->second) {
                continue;
            }
            change.before = version_without_build(old->second);
            change.after = version_without_build(now->second);
            if (change.before == change.after) {
                change.before = old->second;
                change.after = now->second;
            }
        } else {
            (now == after.end() ? change.before : change.after) = version_without_build(version);
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

namespace {

/// "conda-meta/libcudnn-9.10.0-h1_0.json"
void add_conda_packages(const std::filesystem::path& prefix, Packages& packages) {
    each_entry(prefix / "conda-meta", [&](const std::filesystem::directory_entry& entry) {
        const std::string record = entry.path().stem().string();
        const std::size_t build = record.rfind('-');
        const std::size_t version =
            build == std::string::npos || build == 0 ? build : record.rfind('-', build - 1);
        if (entry.path().extension() == ".json" && version != std::string::npos && build != 0) {
            packages.emplace(record.substr(0, version),
                             record.substr(version + 1, build - version - 1) + " " +
                                 record.substr(build + 1));
        }
    });
}

/// "nvidia_nccl_cu13-2.30.7.dist-info"
void add_wheels(const std::filesystem::path& site, Packages& packages) {
    const bool has_conda_packages = !packages.empty();
    each_entry(site, [&](const std::filesystem::directory_entry& entry) {
        const std::string info = entry.path().stem().string();
        const std::size_t dash = info.rfind('-');
        const auto name = PackageName::parse(info.substr(0, dash));
        if (entry.path().extension() == ".dist-info" && dash != std::string::npos && name &&
            (!has_conda_packages || is_own_wheel(entry.path()))) {
            packages.insert_or_assign(name->string(), info.substr(dash + 1));
        }
    });
}

/// Of a wheel that envpm laid out: conda packages bring such folders too, with another installer.
bool is_own_wheel(const std::filesystem::path& info) {
    try {
        const std::optional<std::string> installer = read_file_if_present(info / "INSTALLER");
        return installer && trimmed(*installer) == "envpm";
    } catch (const Error&) {
        return false; // damaged
    }
}

/// As far as the folder can be read.
void each_entry(const std::filesystem::path& folder,
                const std::function<void(const std::filesystem::directory_entry&)>& on_entry) {
    std::error_code failure;
    std::filesystem::directory_iterator entry(folder, failure);
    while (!failure && entry != std::filesystem::directory_iterator()) {
        on_entry(*entry);
        entry.increment(failure);
    }
}

std::string version_without_build(const std::string& version) {
    return version.substr(0, version.find(' '));
}

} // namespace

} // namespace envpm::installing
