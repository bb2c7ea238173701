#include "pipeline/project.h"

#include "base/error.h"
#include "host/this_machine.h"
#include "lockfiles/lock_file.h"
#include "manifest/read.h"
#include "pipeline/torch_variants.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

std::vector<std::string> urls_of(const std::vector<Mirror>& mirrors, const std::string& own);

} // namespace

std::filesystem::path Project::folder() const {
    return std::filesystem::absolute(manifest_file).lexically_normal().parent_path();
}

std::optional<Project>
find_project_if_any(const std::optional<std::filesystem::path>& manifest_path,
                    const std::filesystem::path& start) {
    if (manifest_path) {
        if (!std::filesystem::exists(*manifest_path)) {
            throw Error({"there is no such manifest", manifest_path->string(),
                         "run `envpm init` there to make one"});
        }
        return Project{*manifest_path};
    }
    if (const auto found = manifest::find(start)) {
        return Project{*found};
    }
    return std::nullopt;
}

Project find_project(const std::optional<std::filesystem::path>& manifest_path,
                     const std::filesystem::path& start) {
    if (const auto found = find_project_if_any(manifest_path, start)) {
        return *found;
    }
    const bool has_pyproject = std::filesystem::exists(start / "pyproject.toml");
    throw Error({"there is no `envpm.toml` here or in a folder above", start.string(),
                 has_pyproject
                     ? "add a `[tool.envpm]` table to pyproject.toml and its `[project]` is used"
                     : "run `envpm init` to make one, or name it with `--manifest-path`"});
}

std::optional<Lock> read_lock(const Project& project) {
    return lockfiles::read_if_present(project.lock_file());
}

Manifest read_manifest(const Project& project) {
    const auto machine = host::detect_target();
    return manifest::read(project.manifest_file, machine ? machine->platform : Platform::linux_64);
}

std::vector<conda::Channel> channels_of(const Manifest& manifest, const Settings& settings) {
    std::vector<conda::Channel> channels;
    for (const ChannelEntry& entry : manifest.channels) {
        const auto mirrors = settings.mirrors.find(entry.name);
        channels.push_back({entry.name, mirrors == settings.mirrors.end()
                                            ? std::vector<std::string>{entry.url}
                                            : urls_of(mirrors->second, entry.url)});
    }
    return channels;
}

std::vector<pypi::Index> indexes_of(const Manifest& manifest, const Requests& requests,
                                    Services& services) {
    const Settings& settings = services.settings();
    std::vector<pypi::Index> indexes;
    bool has_pypi = false;
    const auto mirrors_of = [&](const std::string& name) {
        const auto found = settings.mirrors.find(name);
        return found == settings.mirrors.end() ? std::vector<Mirror>() : found->second;
    };
    for (const IndexEntry& entry : manifest.indexes) {
        // What pip is configured for stands for the default index, not for one that replaces it.
        std::vector<Mirror> mirrors = mirrors_of(entry.name);
        if (entry.name == "pypi") {
            has_pypi = true;
            std::erase_if(mirrors,
                          [](const Mirror& mirror) { return mirror.kind == MirrorKind::pip; });
        }
        indexes.push_back({entry.name, urls_of(mirrors, entry.url), entry.is_explicit});
    }
    if (!has_pypi) {
        std::vector<std::string> urls = urls_of(mirrors_of("pypi"), "");
        if (urls.empty()) {
            throw Error({"no Python index is configured", manifest.file.string(),
                         "set PIP_INDEX_URL, or add `pypi = \"https://…/simple\"` under "
                         "`[indexes]`"});
        }
        indexes.push_back({"pypi", std::move(urls), false});
    }
    if (manifest.gpu.chooses_torch_variants) {
        for (pypi::Index& index : torch_indexes(requests.gpu, services.facts().get(), settings)) {
            indexes.push_back(std::move(index));
        }
    }
    return indexes;
}

Bindings bindings_of(const Manifest& manifest, const Requests& requests, Services& services) {
    Bindings bindings;
    if (manifest.gpu.chooses_torch_variants) {
        bindings.spread = torch_projects(
            torch_indexes(requests.gpu, services.facts().get(), services.settings()), requests);
    }
    std::map<PackageName, std::string>& bound = bindings.bound;
    for (const Request& request : requests.packages) {
        if (!request.index) {
            continue;
        }
        const auto [place, is_new] = bound.emplace(request.name, *request.index);
        if (!is_new && place->second != *request.index) {
            throw Error({fmt::format("`{}` cannot come from `{}` and from `{}`",
                                     request.name.string(), place->second, *request.index),
                         request.location.text(), "name one index for it"});
        }
    }
    return bindings;
}

std::map<std::string, std::string> bound_packages(const Requests& requests) {
    std::map<std::string, std::string> bound;
    for (const CondaRequest& request : requests.conda) {
        if (request.channel) {
            bound.emplace(request.name.string(), *request.channel);
        }
    }
    return bound;
}

CachePolicy cache_policy(const Services& services, bool refresh) {
    CachePolicy policy;
    policy.now = services.now();
    policy.refresh = refresh;
    policy.offline = services.is_offline();
    return policy;
}

realize::Generations generations_of(const Project& project) {
    return {project.folder(), "default"};
}

std::vector<Interpreter> host_interpreters(const Services& services) {
    return host::find_interpreters(services.variables(),
                                   services.cache("interpreters") / "found.json");
}

std::vector<Interpreter> host_interpreters(const Services& services,
                                           const pypi::SpecifierSet& specifiers) {
    constexpr int highest_patch = 40;
    const auto is_wanted = [&](int major, int minor) {
        for (int patch = 0; patch <= highest_patch; ++patch) {
            const auto version = pypi::Version::parse(fmt::format("{}.{}.{}", major, minor, patch));
            if (specifiers.contains(*version)) {
                return true;
            }
        }
        return false;
    };
    return host::find_interpreters(services.variables(),
                                   services.cache("interpreters") / "found.json", is_wanted);
}

namespace {

/// `own` is what the manifest says; "default" in a list of mirrors stands for it. A list of mirrors
/// without "default" replaces it: sites without a way out rely on that.
std::vector<std::string> urls_of(const std::vector<Mirror>& mirrors, const std::string& own) {
    std::vector<std::string> urls;
    if (mirrors.empty() && !own.empty()) {
        urls.push_back(own);
    }
    for (const Mirror& mirror : mirrors) {
        const std::string& url = mirror.url == "default" ? own : mirror.url;
        if (!url.empty()) {
            urls.push_back(url);
        }
    }
    return urls;
}

} // namespace

} // namespace envpm::pipeline
