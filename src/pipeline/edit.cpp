#include "pipeline/edit.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/near_miss.h"
#include "host/this_machine.h"
#include "lockfiles/lock_file.h"
#include "manifest/edit.h"
#include "manifest/read.h"
#include "pypi/version.h"

#include <fmt/format.h>

namespace envpm::pipeline {

namespace {

constexpr int journal_version = 1;

Manifest parse_manifest(const std::string& text, const Project& project);
std::string with_additions(std::string text, const AddRequest& request,
                           const std::vector<ManifestRequirement>& additions);
void bound_by_choice(std::vector<ManifestRequirement>& additions, const Lock& lock);
void commit(const Project& project, const std::string& manifest, const Lock& lock);
std::filesystem::path journal_of(const Project& project);
std::string entry_of(const ManifestRequirement& requirement);
void append_missing_line(const std::filesystem::path& file, const std::string& line);
std::optional<std::string> python_series(const Services& services);

} // namespace

EditReport add(const AddRequest& request, Services& services) {
    const std::string text = read_file(request.project.manifest_file);
    std::vector<ManifestRequirement> additions;
    for (const std::string& typed : request.requirements) {
        additions.push_back(requirement_from_text(typed, "the command line"));
        additions.back().index = request.index;
    }
    const std::optional<Lock> previous = read_lock(request.project);
    std::string edited = with_additions(text, request, additions);
    LockRequest question{.project = request.project};
    EditReport report;
    report.lock =
        solve_manifest(parse_manifest(edited, request.project), previous, question, services);
    if (report.lock.outcome == LockReport::Outcome::impossible) {
        return report;
    }
    bound_by_choice(additions, *report.lock.lock);
    edited = with_additions(text, request, additions);
    const Manifest manifest = parse_manifest(edited, request.project);
    // The bounds are what was chosen, so the answer stands; only the manifest's digest is another.
    report.lock.lock->manifest = manifest_digest(manifest, read_requests(manifest));
    services.throw_if_stopped();
    commit(request.project, edited, *report.lock.lock);
    for (const ManifestRequirement& addition : additions) {
        report.entries.push_back(entry_of(addition));
    }
    return report;
}

EditReport remove(const RemoveRequest& request, Services& services) {
    std::string text = read_file(request.project.manifest_file);
    EditReport report;
    for (const std::string& typed : request.names) {
        const auto name = PackageName::parse(typed);
        if (!name) {
            throw Error({fmt::format("`{}` is no package name", typed), "the command line",
                         "name it as envpm.toml does"},
                        ExitCode::usage);
        }
        text = manifest::without_requirement(text, request.project.manifest_file, *name);
        report.entries.push_back(name->string());
    }
    const std::optional<Lock> previous = read_lock(request.project);
    report.lock = solve_manifest(parse_manifest(text, request.project), previous,
                                 {.project = request.project}, services);
    services.throw_if_stopped();
    if (report.lock.outcome != LockReport::Outcome::impossible) {
        commit(request.project, text, *report.lock.lock);
    }
    return report;
}

void finish_interrupted_edit(const Project& project) {
    const std::filesystem::path journal = journal_of(project);
    const auto text = read_file_if_present(journal);
    if (!text) {
        return;
    }
    const Json edit = parse_json(*text, journal.string());
    if (edit.number("version") != journal_version) {
        throw Error(
            {"another version of envpm was interrupted while it edited this project",
             journal.string(),
             "finish with that version, or delete this file to keep both files as they are"});
    }
    write_file(project.manifest_file, edit.text("manifest"));
    write_file(project.lock_file(), edit.text("lock"));
    std::filesystem::remove(journal);
}

std::filesystem::path init(const std::filesystem::path& folder,
                           const std::optional<std::string>& name, const Services& services) {
    const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
    const std::filesystem::path file = whole / "envpm.toml";
    if (std::filesystem::exists(file)) {
        throw Error({"there is a manifest already", file.string(),
                     "edit it, or use `envpm add` and `envpm remove`"});
    }
    std::string own_name = whole.filename().string();
    if (own_name.empty()) {
        own_name = whole.parent_path().filename().string();
    }
    append_missing_line(whole / ".gitignore", ".envpm/");
    append_missing_line(whole / ".gitattributes", "envpm.lock linguist-generated=true");
    write_file(file, manifest::new_manifest(name.value_or(own_name), python_series(services)));
    return file;
}

namespace {

Manifest parse_manifest(const std::string& text, const Project& project) {
    const auto machine = host::detect_target();
    return manifest::parse(text, project.manifest_file,
                           machine ? machine->platform : Platform::linux_64);
}

std::string with_additions(std::string text, const AddRequest& request,
                           const std::vector<ManifestRequirement>& additions) {
    const PackageName python = *PackageName::parse("python");
    for (const ManifestRequirement& addition : additions) {
        text = manifest::with_requirement(text, request.project.manifest_file,
                                          {addition, /*to_dependencies=*/addition.name == python});
    }
    return text;
}

/// `envpm add numpy` means "this numpy or a later one", as the lock then shows which.
void bound_by_choice(std::vector<ManifestRequirement>& additions, const Lock& lock) {
    for (ManifestRequirement& addition : additions) {
        if (!addition.specifier.empty()) {
            continue;
        }
        for (const LockedPackage& package : lock.packages) {
            const auto version = pypi::Version::parse(package.version);
            if (package.name == addition.name && version) {
                addition.specifier = ">=" + version->public_text();
                break;
            }
        }
    }
}

/// Two files cannot be renamed as one; a journal that holds both can.
void commit(const Project& project, const std::string& manifest, const Lock& lock) {
    const std::string lock_text = lockfiles::to_text(lock);
    write_file(journal_of(project),
               to_text(Json(Json::Object{
                   {"version", journal_version}, {"manifest", manifest}, {"lock", lock_text}})));
    finish_interrupted_edit(project);
}

std::filesystem::path journal_of(const Project& project) {
    return project.folder() / ".envpm/edit.json";
}

std::string entry_of(const ManifestRequirement& requirement) {
    std::string extras;
    for (const PackageName& extra : requirement.extras) {
        extras += (extras.empty() ? "" : ",") + extra.string();
    }
    return fmt::format("{}{} {}", requirement.name.string(),
                       extras.empty() ? "" : "[" + extras + "]",
                       requirement.specifier.empty() ? "*" : requirement.specifier);
}

void append_missing_line(const std::filesystem::path& file, const std::string& line) {
    std::string text = read_file_if_present(file).value_or("");
    if (("\n" + text).find("\n" + line + "\n") != std::string::npos) {
        return;
    }
    if (!text.empty() && !text.ends_with('\n')) {
        text += '\n';
    }
    write_file(file, text + line + "\n");
}

/// "3.11.*" for the Python that the user would get by `python3`.
std::optional<std::string> python_series(const Services& services) {
    const std::vector<Interpreter> found = host_interpreters(services);
    if (found.empty()) {
        return std::nullopt;
    }
    return found.front().abi.feature_version() + ".*";
}

} // namespace

} // namespace envpm::pipeline
