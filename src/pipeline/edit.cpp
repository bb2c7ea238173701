#include "pipeline/edit.h"

#include "base/error.h"
#include "base/files.h"
#include "host/this_machine.h"
#include "lockfiles/lock_file.h"
#include "manifest/edit.h"
#include "manifest/read.h"
#include "manifest/tables.h"
#include "pipeline/additions.h"
#include "pipeline/inspect.h"
#include "pipeline/new_files.h"
#include "project/edit_journal.h"
#include "pypi/version.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace envpm::pipeline {

using manifest::Addition;

namespace {

project::FileTexts begin(const project::Project& project);
std::vector<advice::ManifestChange> offered(const locking::LockReport& conflict,
                                            const RepairRequest& request);
std::string with_change(const std::string& text, const advice::ManifestChange& change,
                        const Manifest& manifest);
Manifest parse_manifest(const std::string& text, const project::Project& project);
Manifest parse_edited(const std::string& text, const Manifest& before,
                      const project::Project& project);
std::string with_additions(std::string text, const Manifest& before,
                           const std::vector<Addition>& additions);
bool is_same_entry(const ManifestRequirement& one, const ManifestRequirement& other);
bool is_same_entry(const CondaRequirement& one, const CondaRequirement& other);
void bound_by_choice(std::vector<Addition>& additions, const Lock& lock);

/// Which edit is written, in place of what, and what comes of it.
struct Commit {
    const project::Project& project;
    const project::FileTexts& before;
    const std::string& manifest;
    AfterEdit next = AfterEdit::nothing;
};

void commit(const Commit& what, FileLock alone, EditReport& report);
void note_user(const std::string& removed, const Lock& lock, project::Services& services);
std::string entry_of(const Addition& addition);
NewFile with_line(const std::filesystem::path& file, const std::string& line);
std::optional<std::string> python_series(const project::Services& services);
void refuse_beside_own(const NewProject& project);
void note_foreign(const NewProject& project, Progress& progress);

/// A file that says what to install, and what brings that into a manifest: a format for its name.
struct ForeignFile {
    std::string_view name;
    std::string_view way;
};

constexpr std::string_view imported = "`envpm init --import {}` in place of this envpm.toml takes "
                                      "it over";
constexpr std::string_view listed = "name what its `install_requires` lists to `envpm add`";

constexpr std::array<ForeignFile, 10> foreign_files{{
    {"environment.yml", imported},
    {"environment.yaml", imported},
    {"pixi.toml", imported},
    {"conda-lock.yml", imported},
    {"requirements.txt", "`envpm add -r {}` takes it over"},
    {"Pipfile", "`pipenv requirements >requirements.txt` writes what `envpm add -r "
                "requirements.txt` takes over"},
    {"poetry.lock", "`poetry export -o requirements.txt` writes what `envpm add -r "
                    "requirements.txt` takes over"},
    {"uv.lock", "`uv export -o requirements.txt` writes what `envpm add -r requirements.txt` "
                "takes over"},
    {"setup.py", listed},
    {"setup.cfg", listed},
}};

} // namespace

EditReport add(const AddRequest& request, project::Services& services) {
    project::check_may_edit(request.project);
    FileLock alone = project::edit_lock(request.project, services.progress());
    const project::FileTexts start = begin(request.project);
    const std::string& text = start.manifest;
    EditReport report;
    const Manifest before = parse_manifest(text, request.project);
    std::vector<Addition> additions = read_additions(request, before);
    std::string edited = with_additions(text, before, additions);
    report.lock = locking::solve_manifest(parse_edited(edited, before, request.project),
                                          project::read_lock(request.project),
                                          {.project = request.project}, services);
    if (report.lock.outcome == locking::LockReport::Outcome::impossible) {
        return report;
    }
    bound_by_choice(additions, *report.lock.lock);
    edited = with_additions(text, before, additions);
    const Manifest manifest = parse_manifest(edited, request.project);
    // The bounds are what was chosen, so the answer stands; only the manifest's digest is another.
    report.lock.lock->manifest =
        universe::manifest_digest(manifest, universe::read_requests(manifest));
    services.throw_if_stopped();
    commit({request.project, start, edited, request.next}, std::move(alone), report);
    locking::tell_notes(report.lock, services.progress());
    for (const Addition& addition : additions) {
        const std::optional<Addition> old = entry_before(addition, before);
        report.entries.push_back(entry_of(addition));
        report.before.push_back(old ? entry_of(*old) : "");
    }
    return report;
}

EditReport remove(const RemoveRequest& request, project::Services& services) {
    project::check_may_edit(request.project);
    FileLock alone = project::edit_lock(request.project, services.progress());
    const project::FileTexts start = begin(request.project);
    std::string text = start.manifest;
    EditReport report;
    const Manifest before = parse_manifest(text, request.project);
    for (const std::string& typed : request.names) {
        const auto name = PackageName::parse_either(typed);
        if (!name) {
            throw Error({fmt::format("`{}` is no package name", typed), "the command line",
                         "name it as envpm.toml does"},
                        ExitCode::usage);
        }
        const std::vector<std::string>& gone = report.entries;
        if (std::find(gone.begin(), gone.end(), name->string()) != gone.end()) {
            continue; // typed twice
        }
        text = manifest::without_requirement(text, request.project.manifest_file, *name);
        report.entries.push_back(name->string());
    }
    report.lock = locking::solve_manifest(parse_edited(text, before, request.project),
                                          project::read_lock(request.project),
                                          {.project = request.project}, services);
    services.throw_if_stopped();
    if (report.lock.outcome != locking::LockReport::Outcome::impossible) {
        commit({request.project, start, text, request.next}, std::move(alone), report);
        locking::tell_notes(report.lock, services.progress());
        for (const std::string& name : report.entries) {
            note_user(name, *report.lock.lock, services);
        }
    }
    return report;
}

EditReport repair(const RepairRequest& request, project::Services& services) {
    const project::Project& project = request.lock.project;
    project::check_may_edit(project);
    FileLock alone = project::edit_lock(project, services.progress());
    const project::FileTexts start = begin(project);
    const Manifest manifest = parse_manifest(start.manifest, project);
    EditReport report;
    const std::optional<Lock> previous = project::read_lock(project);
    const locking::LockReport conflict =
        locking::solve_manifest(manifest, previous, request.lock, services);
    std::string text = start.manifest;
    for (const advice::ManifestChange& change : offered(conflict, request)) {
        text = with_change(text, change, manifest);
        report.entries.push_back(change.text);
    }
    report.lock =
        locking::solve_manifest(parse_manifest(text, project), previous, request.lock, services);
    services.throw_if_stopped();
    if (report.lock.outcome != locking::LockReport::Outcome::impossible) {
        commit({project, start, text}, std::move(alone), report);
        locking::tell_notes(report.lock, services.progress());
    }
    return report;
}

EditReport update(const locking::LockRequest& request, AfterEdit next,
                  project::Services& services) {
    if (next == AfterEdit::nothing) {
        return {.entries = {}, .lock = locking::lock(request, services)};
    }
    EditReport report;
    report.lock = locking::lock(request, services, [&](FileLock alone, const Lock& made) {
        const project::FileTexts before = begin(request.project);
        const std::filesystem::path file = request.project.lock_file();
        report.open.emplace(
            std::move(alone), request.project, before,
            project::FileTexts{before.manifest, lockfiles::readable_text(made, file)});
    });
    return report;
}

NewProject new_project(const std::filesystem::path& folder,
                       const std::optional<std::string>& name) {
    if (name && !manifest::is_workspace_name(*name)) {
        throw Error({fmt::format("`{}` cannot name a workspace", *name), "--name",
                     "1 to 100 printable characters, and not only blanks"},
                    ExitCode::usage);
    }
    const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
    if (std::filesystem::exists(whole) && !std::filesystem::is_directory(whole)) {
        throw Error({"a project is a folder, and this is a file", whole.string(),
                     "name a folder, or none to take the one that you are in"});
    }
    NewProject project{whole, whole / "envpm.toml", name.value_or(whole.filename().string())};
    std::error_code failure;
    if (std::filesystem::is_symlink(project.manifest, failure) &&
        !std::filesystem::exists(project.manifest, failure)) {
        throw Error({"there is a link already, and it leads to no file", project.manifest.string(),
                     "remove the link, or put the manifest where it leads"});
    }
    if (std::filesystem::exists(project.manifest)) {
        throw Error({"there is a manifest already", project.manifest.string(),
                     "edit it, or use `envpm add` and `envpm remove`"});
    }
    refuse_beside_own(project);
    if (project.name.empty()) {
        project.name = whole.parent_path().filename().string();
    }
    return project;
}

void write_project(const NewProject& project, const std::string& text) {
    // A folder may be called what no workspace can be; that is said now and not by every command.
    universe::read_requests(parse_manifest(text, {project.manifest}));
    write_all_or_none(
        {with_line(project.folder / ".gitignore", ".envpm/"),
         with_line(project.folder / ".gitattributes", "envpm.lock linguist-generated=true"),
         {project.manifest, text}});
}

NewManifest init(const std::filesystem::path& folder, const std::optional<std::string>& name,
                 const project::Services& services) {
    const NewProject project = new_project(folder, name);
    if (!manifest::is_workspace_name(project.name)) {
        throw Error({"a workspace cannot be called what this folder is called",
                     project.folder.string(), "name it: `--name NAME`"});
    }
    const std::optional<std::string> python = python_series(services);
    write_project(project, manifest::new_manifest(project.name, python));
    note_foreign(project, services.progress());
    return {project.manifest, python};
}

namespace {

/// With the files as they are, before anything is made of them.
project::FileTexts begin(const project::Project& project) {
    return {read_file(project.manifest_file), read_file_if_present(project.lock_file())};
}

std::vector<advice::ManifestChange> offered(const locking::LockReport& conflict,
                                            const RepairRequest& request) {
    const std::string file = request.lock.project.manifest_file.string();
    if (!conflict.explanation) {
        throw Error(
            {"there is nothing to repair: the manifest has a solution", file, "run `envpm lock`"},
            ExitCode::usage);
    }
    const std::vector<advice::NearestSolution>& nearest = conflict.explanation->nearest;
    if (request.number < 1 || request.number > nearest.size()) {
        throw Error({nearest.empty() ? std::string("no change was found that would solve it")
                                     : fmt::format("there is no change number {}; there are {}",
                                                   request.number, nearest.size()),
                     file, "run `envpm lock` to see the conflict"},
                    ExitCode::usage);
    }
    return nearest[request.number - 1].changes;
}

std::string with_change(const std::string& text, const advice::ManifestChange& change,
                        const Manifest& manifest) {
    const std::filesystem::path& file = manifest.file;
    const bool is_wheel = change.table == advice::ManifestChange::Table::wheels;
    if (change.table == advice::ManifestChange::Table::gpu) {
        return manifest::with_gpu_value(text, file, change.name, change.value);
    }
    if (change.table == advice::ManifestChange::Table::drivers) {
        return manifest::with_driver(text, file, change.name, change.value);
    }
    const PackageName name = PackageName::parse_either(change.name).value();
    ManifestRequirement requirement{name, change.value, {}, {}, std::nullopt, {}};
    if (change.table == advice::ManifestChange::Table::constraints) {
        return manifest::with_constraint(text, file, requirement);
    }
    if (change.table == advice::ManifestChange::Table::overrides) {
        return manifest::with_override(text, file, requirement);
    }
    if (change.value.empty()) {
        return manifest::without_requirement(text, file, name);
    }
    if (is_wheel) {
        keep_parts(requirement, manifest);
    }
    for (const CondaRequirement& there : manifest.dependencies) {
        if (!is_wheel && there.name == name) {
            requirement.index = there.channel;
        }
    }
    return manifest::with_requirement(text, file, {std::move(requirement), !is_wheel, !is_wheel});
}

Manifest parse_manifest(const std::string& text, const project::Project& project) {
    const auto machine = host::detect_target();
    return manifest::parse(text, project.manifest_file,
                           machine ? machine->platform : Platform::linux_64);
}

/// With the places that the file has as it is, which is what a complaint leaves behind: only
/// entries are edited, and what is new or other stands on the command line.
Manifest parse_edited(const std::string& text, const Manifest& before,
                      const project::Project& project) {
    const auto place = [](auto& entries, const auto& known) {
        for (auto& entry : entries) {
            const auto same = std::find_if(known.begin(), known.end(), [&](const auto& other) {
                return is_same_entry(other, entry);
            });
            entry.location =
                same == known.end() ? SourceLocation{"the command line", 0, 0} : same->location;
        }
    };
    Manifest edited = parse_manifest(text, project);
    Manifest placed = before;
    placed.dependencies = std::move(edited.dependencies);
    placed.pypi_dependencies = std::move(edited.pypi_dependencies);
    place(placed.dependencies, before.dependencies);
    place(placed.pypi_dependencies, before.pypi_dependencies);
    return placed;
}

/// What is there already stays as it was written.
std::string with_additions(std::string text, const Manifest& before,
                           const std::vector<Addition>& additions) {
    for (const Addition& addition : additions) {
        const std::optional<Addition> old = entry_before(addition, before);
        if (!old || !says_the_same(*old, addition)) {
            text = manifest::with_requirement(text, before.file, addition);
        }
    }
    return text;
}

bool is_same_entry(const ManifestRequirement& one, const ManifestRequirement& other) {
    return one.name == other.name && one.specifier == other.specifier &&
           one.extras == other.extras && one.marker == other.marker && one.index == other.index;
}

bool is_same_entry(const CondaRequirement& one, const CondaRequirement& other) {
    return one.name == other.name && one.specifier == other.specifier && one.build == other.build &&
           one.channel == other.channel;
}

/// `envpm add numpy` means "this numpy or a later one", as the lock then shows which.
void bound_by_choice(std::vector<Addition>& additions, const Lock& lock) {
    for (Addition& addition : additions) {
        ManifestRequirement& requirement = addition.requirement;
        if (!requirement.specifier.empty()) {
            continue;
        }
        for (const LockedPackage& package : lock.packages) {
            const auto version = pypi::Version::parse(package.version);
            const bool is_it =
                package.name == requirement.name && package.is_conda() == addition.is_conda;
            if (is_it && (version || package.is_conda())) {
                requirement.specifier =
                    ">=" + (package.is_conda() ? package.version : version->public_text());
                break;
            }
        }
    }
}

void commit(const Commit& what, FileLock alone, EditReport& report) {
    const project::Project& project = what.project;
    const auto refuse = [](const char* which, const std::filesystem::path& file) {
        throw Error(
            {fmt::format("the {} was changed while envpm worked, so nothing was written", which),
             file.string(), "run the command again"});
    };
    if (read_file(project.manifest_file) != what.before.manifest) {
        refuse("manifest", project.manifest_file);
    }
    if (read_file_if_present(project.lock_file()) != what.before.lock) {
        refuse("lock", project.lock_file()); // by a `git pull`: what it brought is not solved
    }
    const std::string lock = lockfiles::readable_text(*report.lock.lock, project.lock_file());
    if (what.next == AfterEdit::install) {
        report.open.emplace(std::move(alone), project, what.before,
                            project::FileTexts{what.manifest, lock});
    } else {
        project::write_both(project, what.manifest, lock);
    }
}

/// Who removes what others need still has it, and may wonder.
void note_user(const std::string& removed, const Lock& lock, project::Services& services) {
    const auto is_it = [&](const PackageName& name) {
        return name.string() == removed ||
               PackageName::parse(name.string()) == PackageName::parse(removed);
    };
    const bool stays = std::any_of(lock.packages.begin(), lock.packages.end(),
                                   [&](const auto& package) { return is_it(package.name); });
    for (const LockedPackage& package : lock.packages) {
        const auto& needs = package.dependencies;
        const bool is_user = std::any_of(needs.begin(), needs.end(), [&](const auto& text) {
            return is_it(name_of_dependency(text));
        });
        if (stays && is_user) {
            services.progress().note(fmt::format("`{}` stays installed, because `{}` needs it "
                                                 "(`envpm why {}`)",
                                                 removed, package.name.string(), removed));
            return;
        }
    }
}

std::string entry_of(const Addition& addition) {
    const ManifestRequirement& requirement = addition.requirement;
    std::string extras;
    for (const PackageName& extra : requirement.extras) {
        extras += (extras.empty() ? "" : ",") + extra.string();
    }
    return fmt::format("{}{} {}{}{}{}", requirement.name.string(),
                       extras.empty() ? "" : "[" + extras + "]",
                       requirement.specifier.empty() ? "*" : requirement.specifier,
                       addition.build.empty() ? "" : " " + addition.build,
                       requirement.marker.empty() ? "" : "; " + requirement.marker,
                       requirement.index ? fmt::format(" from {}", *requirement.index) : "");
}

NewFile with_line(const std::filesystem::path& file, const std::string& line) {
    std::string text = read_file_if_present(file).value_or("");
    if (("\n" + text).find("\n" + line + "\n") != std::string::npos) {
        return {file, text};
    }
    if (!text.empty() && !text.ends_with('\n')) {
        text += '\n';
    }
    return {file, text + line + "\n"};
}

/// "3.11.*" for the Python that the user would get by `python3`.
std::optional<std::string> python_series(const project::Services& services) {
    const std::vector<Interpreter> found = project::host_interpreters(services).found;
    if (found.empty()) {
        return std::nullopt;
    }
    return found.front().abi.feature_version() + ".*";
}

/// An envpm.toml would hide it, and with it what is locked and installed.
void refuse_beside_own(const NewProject& project) {
    const std::filesystem::path other = project.folder / "pyproject.toml";
    if (std::filesystem::exists(other) && manifest::find(project.folder) == other) {
        throw Error({"there is a manifest already: this file has `[tool.envpm]`", other.string(),
                     "edit it, or use `envpm add` and `envpm remove`"});
    }
}

/// Files that say what to install, and that the new manifest does not read.
void note_foreign(const NewProject& project, Progress& progress) {
    if (std::filesystem::exists(project.folder / "pyproject.toml")) {
        progress.note("envpm.toml does not use the `[project]` of pyproject.toml; to use it, "
                      "give pyproject.toml a `[tool.envpm]` table in place of envpm.toml");
    }
    for (const ForeignFile& file : foreign_files) {
        if (std::filesystem::exists(project.folder / file.name)) {
            progress.note(fmt::format("envpm.toml does not use {0}; {1}", file.name,
                                      fmt::format(fmt::runtime(file.way), file.name)));
        }
    }
}

} // namespace

} // namespace envpm::pipeline
