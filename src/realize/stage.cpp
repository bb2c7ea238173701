#include "realize/stage.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "realize/environment_files.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"
#include "realize/relocate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>
#include <vector>

namespace envpm::realize {

namespace {

constexpr std::size_t files_of_a_job = 256;
constexpr std::string_view own_folder = ".envpm";

/// Entries of one folder that one task places.
struct Job {
    const std::string& folder;
    std::vector<std::size_t> entries;
};

/// What is decided before anything is written. `texts` holds, by entry, what is written or linked
/// to; nothing for an object.
struct Plan {
    std::vector<RealisedFile> files;
    std::vector<std::string> texts;
    std::map<std::string, std::vector<std::size_t>> folders; ///< parents before children
};

Plan plan_of(const Layout& layout, const Places& places);
void plan_entry(Plan& plan, const LayoutEntry& entry, const Places& places);
void plan_folders(Plan& plan, const std::string& folder);
std::vector<Job> jobs_of(const Plan& plan);
void make_folder(int root, const std::string& path);
void finish_folder(int root, const std::string& path);
void place(const Placer& placer, const LayoutEntry& entry, const std::string& text, int folder);
void place_own_files(int root, const PrefixManifest& manifest,
                     const std::optional<std::string>& bytecode_key);
void sync_file_system(int folder, const std::filesystem::path& path);

/// Ends the task of a Progress whatever happens.
class Task {
  public:
    Task(Progress& progress, std::string_view name, std::size_t total)
        : progress_(progress) {
        progress_.begin(name, total, ProgressUnit::items);
    }

    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    ~Task() { progress_.end(); }

  private:
    Progress& progress_;
};

} // namespace

LinkMode fill(const Site& site, const PrefixRequest& request, ThreadPool& pool,
              Progress& progress) {
    const Layout& layout = request.layout;
    Plan plan = plan_of(layout, places_of(site.prefix, request.interpreter));
    const Placer placer(site.store, request.link_mode, site.folder.parent_path());

    make_folder(AT_FDCWD, site.folder.string());
    const Fd root = open_file(site.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    std::vector<std::string> folders;
    for (const auto& [folder, entries] : plan.folders) {
        if (!folder.empty()) {
            make_folder(root.get(), folder);
        }
        folders.push_back(folder.empty() ? "." : folder);
    }
    {
        const Task task(progress, "linking files", layout.entries.size());
        const std::vector<Job> jobs = jobs_of(plan);
        parallel_for(pool, jobs.size(), [&](std::size_t i) {
            const Fd folder(::openat(root.get(),
                                     jobs[i].folder.empty() ? "." : jobs[i].folder.c_str(),
                                     O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
            if (!folder) {
                throw_system_error("cannot open a folder", jobs[i].folder, errno);
            }
            for (const std::size_t entry : jobs[i].entries) {
                place(placer, layout.entries[entry], plan.texts[entry], folder.get());
            }
            progress.advance(jobs[i].entries.size());
        });
    }
    PrefixManifest manifest{request.env, site.prefix, request.interpreter, request.archives,
                            std::move(plan.files)};
    std::sort(manifest.archives.begin(), manifest.archives.end());
    place_own_files(root.get(), manifest, site.bytecode_key);
    folders.emplace_back(own_folder);
    parallel_for(pool, folders.size(),
                 [&](std::size_t i) { finish_folder(root.get(), folders[i]); });
    sync_file_system(root.get(), site.folder);
    return placer.mode();
}

namespace {

Plan plan_of(const Layout& layout, const Places& places) {
    Plan plan;
    plan.files.reserve(layout.entries.size());
    plan.texts.reserve(layout.entries.size());
    plan.folders[""];
    for (std::size_t i = 0; i < layout.entries.size(); ++i) {
        const LayoutEntry& entry = layout.entries[i];
        ENVPM_ASSERT(i == 0 || layout.entries[i - 1].path.string() < entry.path.string());
        plan_entry(plan, entry, places);
        const std::string folder(entry.path.parent());
        plan_folders(plan, folder);
        plan.folders[folder].push_back(i);
    }
    return plan;
}

void plan_entry(Plan& plan, const LayoutEntry& entry, const Places& places) {
    const std::string& path = entry.path.string();
    const EntryKind kind = kind_of(entry);
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        plan.files.push_back({path, kind, object->object, object->size_bytes, {}});
        plan.texts.emplace_back();
        return;
    }
    RelocatedText relocated;
    if (const auto* link = std::get_if<SymbolicLink>(&entry.content)) {
        relocated.text = relocate_link(link->target, places);
    } else {
        relocated = relocate(std::get<GeneratedFile>(entry.content).content, places);
    }
    plan.files.push_back({path, kind, sha256_of(relocated.text), relocated.text.size(),
                          std::move(relocated.relocation)});
    plan.texts.push_back(std::move(relocated.text));
}

void plan_folders(Plan& plan, const std::string& folder) {
    std::string above = folder;
    while (plan.folders.try_emplace(above).second) {
        const std::size_t slash = above.rfind('/');
        above.resize(slash == std::string::npos ? 0 : slash);
    }
}

/// Big folders are cut, so that all cores have work.
std::vector<Job> jobs_of(const Plan& plan) {
    std::vector<Job> jobs;
    for (const auto& [folder, entries] : plan.folders) {
        for (std::size_t begin = 0; begin < entries.size(); begin += files_of_a_job) {
            const std::size_t end = std::min(begin + files_of_a_job, entries.size());
            jobs.push_back({folder,
                            {entries.begin() + static_cast<std::ptrdiff_t>(begin),
                             entries.begin() + static_cast<std::ptrdiff_t>(end)}});
        }
    }
    return jobs;
}

void make_folder(int root, const std::string& path) {
    if (::mkdirat(root, path.c_str(), 0755) != 0) {
        throw_system_error("cannot create a folder", path, errno);
    }
}

/// Mode whatever the umask or a set-group-id parent say; time after the last change.
void finish_folder(int root, const std::string& path) {
    if (::fchmodat(root, path.c_str(), 0755, 0) != 0) {
        throw_system_error("cannot set the mode of a folder", path, errno);
    }
    set_constant_time(root, path.c_str());
}

void place(const Placer& placer, const LayoutEntry& entry, const std::string& text, int folder) {
    const std::string name(entry.path.filename());
    if (std::holds_alternative<ObjectFile>(entry.content)) {
        placer.place_object(entry, folder, name);
    } else if (std::holds_alternative<GeneratedFile>(entry.content)) {
        Placer::place_text(text, entry, folder, name);
    } else {
        Placer::place_link(text, folder, name);
    }
}

void place_own_files(int root, const PrefixManifest& manifest,
                     const std::optional<std::string>& bytecode_key) {
    make_folder(root, std::string(own_folder));
    const Fd folder(
        ::openat(root, std::string(own_folder).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
        throw_system_error("cannot open a folder", std::string(own_folder), errno);
    }
    const RelativePath path = RelativePath::parse(".envpm/manifest.json");
    Placer::place_text(to_text(manifest), {path, GeneratedFile{}, false, {}}, folder.get(),
                       std::string(path.filename()));
    if (bytecode_key) {
        Placer::place_link(*bytecode_key, folder.get(), std::string(realize::bytecode_key));
    }
}

void sync_file_system(int folder, const std::filesystem::path& path) {
    if (::syncfs(folder) != 0) {
        throw_system_error("cannot write an environment to disk", path.string(), errno);
    }
}

} // namespace

} // namespace envpm::realize
