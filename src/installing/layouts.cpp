#include "installing/layouts.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "conda/package_layout.h"
#include "conda/package_scripts.h"
#include "conda/prefix_record.h"
#include "locking/file_rules.h"
#include "pypi/wheel_layout.h"
#include "realize/compose.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <optional>

namespace envpm::installing {

namespace {

/// What the layouts of one environment share.
struct Workshop {
    const LayoutRequest& request;
    const store::Store& store;
    std::optional<PythonAbi> python;
    std::string site_packages; ///< of a packaged Python (CEP 17)

    [[nodiscard]] std::string content(const TreeFile& file) const {
        return read_file(store.paths().object(file.object, file.is_executable));
    }
};

std::string site_packages_of(const LayoutRequest& request, const std::vector<Tree>& trees,
                             const store::Store& store);
std::optional<std::string> own_site_packages(const Tree& python, const store::Store& store);

/// Of one package; paths in it.
struct Scripts {
    std::vector<std::string> link;
    std::vector<std::string> activation;
};

void tell_scripts(const LayoutRequest& request, const std::vector<Scripts>& scripts,
                  Progress& progress);
void tell_idle(const std::vector<realize::FileClaim>& claims, Progress& progress);
Layout layout_of_wheel(const LockedPackage& package, const Tree& tree, const Workshop& workshop);
Layout layout_of_package(const LockedPackage& package, const Tree& tree, const Workshop& workshop);
std::optional<Layout> history_of(const LayoutRequest& request);
std::string build_of(const LockedPackage& package);
realize::PythonSource python_source(const LockedTarget& target, const std::string& site_packages);

} // namespace

Layout layout_of(const LayoutRequest& request, std::vector<Tree> trees, const store::Store& store,
                 project::Services& services) {
    Workshop workshop{request, store, std::nullopt, site_packages_of(request, trees, store)};
    if (request.target.python) {
        workshop.python = request.target.python->abi;
    }
    const std::vector<LockedPackage>& packages = request.packages;
    std::vector<Layout> layouts(packages.size());
    std::vector<Scripts> scripts(packages.size());
    const auto lay_out = [&](std::size_t i) {
        const LockedPackage& package = packages[i];
        const Tree tree = std::move(trees[i]);
        layouts[i] = package.is_conda() ? layout_of_package(package, tree, workshop)
                                        : layout_of_wheel(package, tree, workshop);
        if (package.is_conda()) {
            scripts[i] = {conda::link_scripts(tree, package.name.string()),
                          conda::activation_scripts(tree)};
        }
    };
    TaskGroup tasks(services.pool());
    for (std::size_t i = 0; i < packages.size(); ++i) {
        tasks.run([&, i] { lay_out(i); }, trees[i].files.size()); // the longest first
    }
    tasks.wait();
    // What the threads parsed and dropped goes back to the system, before the environment is held
    // whole.
    ::malloc_trim(0);
    tell_scripts(request, scripts, services.progress());
    if (auto history = history_of(request)) {
        layouts.push_back(std::move(*history));
    }
    realize::Composition composition =
        realize::compose(std::move(layouts), python_source(request.target, workshop.site_packages),
                         {locking::claims_of(packages), request.manifest.outside_links});
    tell_idle(composition.idle_claims, services.progress());
    return std::move(composition.layout);
}

namespace {

void tell_scripts(const LayoutRequest& request, const std::vector<Scripts>& scripts,
                  Progress& progress) {
    std::vector<std::string> sourced;
    for (std::size_t i = 0; i < scripts.size(); ++i) {
        const std::string owner = request.packages[i].label();
        if (!scripts[i].link.empty()) {
            progress.note(fmt::format(
                "{} brings {}, which envpm does not run: it may need more than its files", owner,
                fmt::join(scripts[i].link, ", ")));
        }
        if (!scripts[i].activation.empty()) {
            sourced.push_back(owner);
        }
    }
    if (!sourced.empty() && !request.manifest.sources_conda_scripts) {
        progress.note(fmt::format("{} {} scripts for activation, which envpm does not source; "
                                  "`conda-scripts = true` under `[activation]` has it do so",
                                  fmt::join(sourced, ", "), sourced.size() == 1 ? "has" : "have"));
    }
}

void tell_idle(const std::vector<realize::FileClaim>& claims, Progress& progress) {
    for (const realize::FileClaim& claim : claims) {
        progress.note(fmt::format("`{}` of {} under `[files]` settles nothing: no other "
                                  "package has another file there",
                                  claim.path.text(), claim.owner));
    }
}

/// What the Python among the packages says, else the usual place.
std::string site_packages_of(const LayoutRequest& request, const std::vector<Tree>& trees,
                             const store::Store& store) {
    if (!request.target.python || !request.target.python->is_package) {
        return {};
    }
    for (std::size_t i = 0; i < trees.size(); ++i) {
        const LockedPackage& package = request.packages[i];
        if (package.is_conda() && package.name.string() == "python") {
            if (auto path = own_site_packages(trees[i], store)) {
                return std::move(*path);
            }
        }
    }
    return fmt::format("lib/{}/site-packages", request.target.python->abi.library_folder());
}

std::optional<std::string> own_site_packages(const Tree& python, const store::Store& store) {
    for (const TreeFile& file : python.files) {
        if (file.path.string() != "info/index.json") {
            continue;
        }
        const Json index =
            parse_json(read_file(store.paths().object(file.object, file.is_executable)), "python");
        const Json* const path = index.find("python_site_packages_path");
        const auto* const text = path == nullptr ? nullptr : path->get_if<std::string>();
        if (text != nullptr) {
            return RelativePath::parse(*text).string();
        }
    }
    return std::nullopt;
}

Layout layout_of_wheel(const LockedPackage& package, const Tree& tree, const Workshop& workshop) {
    if (!workshop.python) {
        throw Error({fmt::format("the lock has the wheel {}, and no Python for it", package.file),
                     "envpm.lock", "run `envpm lock`"},
                    ExitCode::integrity);
    }
    return pypi::wheel_layout(
        {.name = package.name,
         .version = package.version,
         .tree = tree,
         .python = *workshop.python,
         .content = [&](const TreeFile& file) { return workshop.content(file); }});
}

Layout layout_of_package(const LockedPackage& package, const Tree& tree, const Workshop& workshop) {
    return conda::package_layout(
        {.name = package.name.string(),
         .version = package.version,
         .build = build_of(package),
         .subdir = package.subdir,
         .file_name = package.file,
         .size_bytes = package.size_bytes,
         .channel = package.source,
         .tree = tree,
         .python = workshop.python,
         .site_packages = workshop.site_packages,
         .content = [&](const TreeFile& file) { return workshop.content(file); }});
}

/// What conda-aware tools know an environment by; nothing without conda packages.
std::optional<Layout> history_of(const LayoutRequest& request) {
    std::vector<std::string> packages;
    for (const LockedPackage& package : request.packages) {
        if (package.is_conda()) {
            packages.push_back(fmt::format("{}/{}::{}-{}-{}", package.source, package.subdir,
                                           package.name.string(), package.version,
                                           build_of(package)));
        }
    }
    if (packages.empty()) {
        return std::nullopt;
    }
    return Layout{{conda::history_entry(std::move(packages))}};
}

/// The file is called name-version-build; the lock's reader saw to that.
std::string build_of(const LockedPackage& package) {
    const std::size_t begin = package.name.string().size() + package.version.size() + 2;
    const std::size_t end = package.file.size() -
                            (package.file.ends_with(".conda") ? 6 : std::string(".tar.bz2").size());
    return package.file.substr(begin, end - begin);
}

realize::PythonSource python_source(const LockedTarget& target, const std::string& site_packages) {
    if (!target.python) {
        return std::monostate();
    }
    if (target.python->is_package) {
        return realize::PackagedPython{site_packages};
    }
    return target.python->abi;
}

} // namespace

} // namespace envpm::installing
