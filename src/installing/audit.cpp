#include "installing/audit.h"

#include "base/error.h"
#include "conda/package_scripts.h"
#include "gpu/binary_cache.h"
#include "gpu/machine_search.h"
#include "host/this_machine.h"
#include "installing/audit_ahead.h"
#include "installing/audit_lock.h"
#include "installing/generations.h"
#include "installing/own_libraries.h"
#include "installing/package_owners.h"
#include "realize/prefix_manifest.h"
#include "realize/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace envpm::installing {

namespace {

/// What of a prefix an audit looks at.
struct PrefixFiles {
    std::vector<std::string> paths; ///< of what may be a binary, sorted
    std::vector<gpu::FileToRead> files;
    std::vector<std::string> owners; ///< the package of each, where a layout tells it
    std::vector<std::string> links;
    std::vector<std::string> records; ///< of packages
    bool is_own = false;              ///< envpm made the prefix
};

void require_target(const realize::Generation& current, const std::optional<std::string>& name);
std::optional<LockedTarget> locked_target(const project::Project& project, const Sha256& env);
GlibcVersion glibc_of_machine();
PrefixFiles files_of(const std::filesystem::path& prefix, const Layout* layout);
std::optional<PrefixFiles> files_of_layout(const std::filesystem::path& prefix,
                                           const Layout& layout);
void add(PrefixFiles& files, const std::filesystem::path& prefix, realize::RealisedFile file,
         bool has_digest);
bool is_wanted(std::string_view path, realize::EntryKind kind);
std::vector<std::string> owners_of(const std::filesystem::path& prefix, const PrefixFiles& files,
                                   const std::vector<std::optional<gpu::Binary>>& binaries);
gpu::AuditRequest request_for(const std::filesystem::path& prefix, const PrefixFiles& files,
                              std::vector<std::optional<gpu::Binary>> binaries);
void add_after_errors(const std::vector<gpu::Finding>& more, std::vector<gpu::Finding>& findings);
std::vector<CodeReport> code_of(const gpu::AuditRequest& request);
void add_scripts(AuditReport& report, const std::vector<std::string>& allowed);
std::filesystem::path folder_of(const std::filesystem::path& named);

} // namespace

bool AuditReport::has_error() const {
    return std::any_of(findings.begin(), findings.end(), [](const gpu::Finding& finding) {
        return finding.severity == gpu::Severity::error;
    });
}

AuditReport audit(const std::optional<project::Project>& project, const AuditOrder& order,
                  project::Services& services) {
    gpu::AuditTarget target = {order.gpus, {}, order.driver};
    AuditOrder own = order;
    if (project) {
        const std::vector<std::string> allowed = project::read_manifest(*project).gpu.audit_allow;
        own.allowed.insert(own.allowed.end(), allowed.begin(), allowed.end());
    }
    std::filesystem::path prefix;
    if (order.prefix) {
        prefix = folder_of(*order.prefix);
        target.glibc = glibc_of_machine();
    } else if (project) {
        const realize::Generation current = present_generation(*project);
        require_target(current, order.target_name);
        prefix = current.prefix;
        if (const auto locked = locked_target(*project, current.env)) {
            target.glibc = locked->target.glibc;
            own.locked = locked->gpu;
        } else {
            target.glibc = glibc_of_machine(); // the lock has changed since
        }
    } else {
        throw Error({"there is no project here and no --prefix", "envpm audit",
                     "run it in a project, or name a folder with `--prefix`"},
                    ExitCode::usage);
    }
    return audit_prefix(prefix, std::move(target), own, services);
}

AuditReport audit_prefix(const std::filesystem::path& prefix, gpu::AuditTarget target,
                         const AuditOrder& order, project::Services& services) {
    AuditReport report;
    report.prefix = prefix;
    report.target = std::move(target);
    const PrefixFiles files = files_of(report.prefix, order.layout);
    services.throw_if_stopped();

    auto binaries =
        gpu::read_binaries(files.files, gpu::BinaryCache(services.cache("audit")), services.pool());
    services.throw_if_stopped();
    // From here on everything is known that the files tell.

    gpu::AuditRequest request = request_for(report.prefix, files, std::move(binaries));
    request.target = report.target;
    request.allowed = order.allowed;
    report.binaries = request.binaries.size();
    report.code = code_of(request);
    report.findings = gpu::audit(request);
    add_after_errors(less_than_locked(report.code, order.locked, order.allowed), report.findings);
    if (files.is_own) {
        add_scripts(report, order.allowed);
    }
    const gpu::OwnLibraries own = gpu::own_libraries(request);
    keep_own_libraries(own, services);
    report.machine = gpu::hidden_libraries(gpu::search_folders(services.variables()), own);
    if (order.loader_configuration) {
        const auto doubled =
            gpu::doubled_libraries(gpu::configured_folders(*order.loader_configuration, own), own);
        report.machine.insert(report.machine.end(), doubled.begin(), doubled.end());
    }
    return report;
}

namespace {

/// A record that does not tell its target may be of any.
void require_target(const realize::Generation& current, const std::optional<std::string>& name) {
    if (name && !current.target.empty() && current.target != *name) {
        throw Error(
            {fmt::format("what is installed is target `{}`, not `{}`", current.target, *name),
             current.prefix.string(),
             fmt::format("run `envpm install --target {}`, then audit", *name)},
            ExitCode::lock_out_of_date);
    }
}

std::optional<LockedTarget> locked_target(const project::Project& project, const Sha256& env) {
    if (const std::optional<Lock> lock = project::read_lock(project)) {
        for (const LockedTarget& target : lock->targets) {
            if (target.env == env) {
                return target;
            }
        }
    }
    return std::nullopt;
}

GlibcVersion glibc_of_machine() {
    const std::optional<Target> machine = host::detect_target();
    return machine ? machine->glibc : GlibcVersion();
}

PrefixFiles files_of(const std::filesystem::path& prefix, const Layout* layout) {
    if (layout != nullptr) {
        if (auto known = files_of_layout(prefix, *layout)) {
            return std::move(*known);
        }
    }
    PrefixFiles files;
    if (auto listed = realize::read_manifest_files(prefix, is_wanted)) {
        files.is_own = true;
        for (realize::RealisedFile& file : *listed) {
            add(files, prefix, std::move(file), true);
        }
        return files;
    }
    std::vector<realize::FoundEntry> found = realize::walk(prefix);
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    for (const realize::FoundEntry& entry : found) {
        if (entry.kind && is_wanted(entry.path, *entry.kind)) {
            add(files, prefix,
                {entry.path, *entry.kind, Sha256({}), entry.size_bytes, realize::Relocation()},
                false);
        }
    }
    return files;
}

/// What envpm itself wrote is no binary. Nothing if one was relocated: only the prefix's file list
/// has the digest of what became of it.
std::optional<PrefixFiles> files_of_layout(const std::filesystem::path& prefix,
                                           const Layout& layout) {
    PrefixFiles files;
    files.is_own = true;
    for (const LayoutEntry& entry : layout.entries) {
        const std::string& path = entry.path.string();
        if (std::holds_alternative<SymbolicLink>(entry.content)) {
            files.links.push_back(path);
        } else if (!may_be_binary(path, entry.is_executable)) {
            continue;
        } else if (const auto* const object = std::get_if<ObjectFile>(&entry.content)) {
            files.files.push_back({prefix / path, object->object, object->size_bytes});
            files.owners.push_back(entry.owner.string());
            files.paths.push_back(path);
        } else if (std::holds_alternative<Boxed<RelocatedFile>>(entry.content)) {
            return std::nullopt;
        }
    }
    return files;
}

void add(PrefixFiles& files, const std::filesystem::path& prefix, realize::RealisedFile file,
         bool has_digest) {
    if (file.kind == realize::EntryKind::link) {
        files.links.push_back(std::move(file.path));
    } else if (is_package_record(file.path)) {
        files.records.push_back(std::move(file.path));
    } else {
        files.files.push_back({prefix / file.path,
                               has_digest ? std::optional(file.sha256) : std::nullopt,
                               file.size_bytes});
        files.paths.push_back(std::move(file.path));
    }
}

bool is_wanted(std::string_view path, realize::EntryKind kind) {
    return kind == realize::EntryKind::link || is_package_record(path) ||
           (kind != realize::EntryKind::folder &&
            may_be_binary(path, kind == realize::EntryKind::executable));
}

/// In the order of the files; empty where no package is known.
std::vector<std::string> owners_of(const std::filesystem::path& prefix, const PrefixFiles& files,
                                   const std::vector<std::optional<gpu::Binary>>& binaries) {
    if (!files.owners.empty()) {
        return files.owners;
    }
    std::set<std::string, std::less<>> paths;
    for (std::size_t i = 0; i < binaries.size(); ++i) {
        if (binaries[i]) {
            paths.insert(files.paths[i]);
        }
    }
    const auto known = package_owners(prefix, files.records, paths);
    std::vector<std::string> owners;
    for (const std::string& path : files.paths) {
        const auto owner = known.find(path);
        owners.push_back(owner == known.end() ? "" : owner->second);
    }
    return owners;
}

gpu::AuditRequest request_for(const std::filesystem::path& prefix, const PrefixFiles& files,
                              std::vector<std::optional<gpu::Binary>> binaries) {
    gpu::AuditRequest request;
    request.prefix = prefix.string();
    const std::vector<std::string> owners = owners_of(prefix, files, binaries);
    for (std::size_t i = 0; i < binaries.size(); ++i) {
        if (binaries[i]) {
            request.binaries.push_back({files.paths[i], owners[i], std::move(*binaries[i])});
        }
    }
    for (const std::string& link : files.links) {
        std::error_code failed;
        const std::filesystem::path target = std::filesystem::read_symlink(prefix / link, failed);
        if (!failed) {
            request.links.push_back({link, target.string()});
        }
    }
    return request;
}

/// The worst come first, and these are warnings.
void add_after_errors(const std::vector<gpu::Finding>& more, std::vector<gpu::Finding>& findings) {
    const auto first_other =
        std::find_if(findings.begin(), findings.end(), [](const gpu::Finding& finding) {
            return finding.severity != gpu::Severity::error;
        });
    findings.insert(first_other, more.begin(), more.end());
}

std::vector<CodeReport> code_of(const gpu::AuditRequest& request) {
    std::vector<CodeReport> reports;
    for (const gpu::PrefixBinary& binary : request.binaries) {
        if (binary.facts.code.empty()) {
            continue;
        }
        CodeReport report{binary.path, binary.package, binary.facts.code, {}};
        for (const ComputeCapability& gpu : request.target.gpus) {
            report.coverage.push_back(report.code.coverage(gpu));
        }
        reports.push_back(std::move(report));
    }
    return reports;
}

std::filesystem::path folder_of(const std::filesystem::path& named) {
    std::error_code failure;
    std::filesystem::path folder = std::filesystem::canonical(named, failure);
    if (failure == std::errc::no_such_file_or_directory) {
        throw Error({"there is no such folder to audit", named.string(),
                     "name the folder of an environment"});
    }
    if (failure) {
        throw_system_error("cannot audit a folder", named.string(), failure.value());
    }
    if (!std::filesystem::is_directory(folder)) {
        throw Error({"only a folder can be audited, and this is a file", named.string(),
                     "name the folder of an environment"});
    }
    return folder;
}

/// Notes come last, by file, as the audit of the binaries has them.
void add_scripts(AuditReport& report, const std::vector<std::string>& allowed) {
    for (const conda::UnrunScripts& scripts : conda::unrun_scripts(report.prefix)) {
        for (const std::string& path : scripts.paths) {
            const std::string name = path.substr(path.rfind('/') + 1);
            if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) {
                continue;
            }
            const auto behind = std::find_if(
                report.findings.begin(), report.findings.end(), [&](const gpu::Finding& finding) {
                    return finding.severity == gpu::Severity::note && finding.file > path;
                });
            report.findings.insert(
                behind, {gpu::Severity::note, gpu::Rule::script_not_run, path, scripts.package,
                         "envpm does not run this script: the package may need more than its files",
                         "look into it: what it would have done is not there"});
        }
    }
}

} // namespace

} // namespace envpm::installing
