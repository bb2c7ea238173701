#include "realize/stage.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "realize/environment_files.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"
#include "realize/relocate.h"
#include "realize/relocated_file.h"
#include "realize/task.h"

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
    bool is_told_when_placed = false; ///< some files have their digests from being placed
};

/// What the jobs share; of `files` each changes its own entries' alone.
struct Work {
    const PrefixRequest& request;
    const Plan& plan;
    const Places& places;
    std::vector<RealisedFile>& files;
};

Plan plan_of(const Layout& layout, const Places& places);
bool is_sorted(const Layout& layout);
void plan_entry(Plan& plan, const LayoutEntry& entry, const Places& places);
void plan_folders(Plan& plan, const std::string& folder);
std::vector<Job> jobs_of(const Plan& plan);
std::vector<std::string> make_folders(int root, const Plan& plan);
void make_folder(int root, const std::string& path);
void finish_folder(int root, const std::string& path);
void place_all(const Job& job, const Placer& placer, const Work& work, int root);
Fd open_folder(int root, const std::string& path);
void place(const Placer& placer, const LayoutEntry& entry, const std::string& text, int folder);
void note(RealisedFile& file, PlacedFile placed);
void place_own_files(int root, const PrefixManifest& manifest, const std::string& text);
void sync_file_system(int folder, const std::filesystem::path& path);

} // namespace

LinkMode fill(const Site& site, const PrefixRequest& request, ThreadPool& pool,
              Progress& progress) {
    const Places places = places_of(site.prefix, request.interpreter);
    Plan plan = plan_of(request.layout, places);
    const Placer placer(site.store, request.link_mode, request.object_check,
                        site.folder.parent_path());
    PrefixManifest manifest{request.env, site.prefix, request.interpreter, request.archives,
                            std::move(plan.files)};
    std::sort(manifest.archives.begin(), manifest.archives.end());
    std::string manifest_text;
    TaskGroup beside(pool);
    if (!plan.is_told_when_placed) {
        beside.run([&] { manifest_text = to_text(manifest); });
    }

    make_folder(AT_FDCWD, site.folder.string());
    const Fd root = open_file(site.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    std::vector<std::string> folders = make_folders(root.get(), plan);
    const std::vector<Job> jobs = jobs_of(plan);
    {
        Task task(progress, "linking files", request.layout.entries.size());
        parallel_for(pool, jobs.size(), [&](std::size_t i) {
            place_all(jobs[i], placer, {request, plan, places, manifest.files}, root.get());
            task.advance(jobs[i].entries.size());
        });
    }
    beside.wait();
    if (plan.is_told_when_placed) {
        manifest_text = to_text(manifest);
    }
    place_own_files(root.get(), manifest, manifest_text);
    folders.emplace_back(own_folder);
    parallel_for(pool, folders.size(),
                 [&](std::size_t i) { finish_folder(root.get(), folders[i]); });
    sync_file_system(root.get(), site.folder);
    return placer.mode();
}

namespace {

Plan plan_of(const Layout& layout, const Places& places) {
    ENVPM_ASSERT(is_sorted(layout));
    Plan plan;
    plan.files.reserve(layout.entries.size());
    plan.texts.reserve(layout.entries.size());
    plan.folders[""];
    for (std::size_t i = 0; i < layout.entries.size(); ++i) {
        const LayoutEntry& entry = layout.entries[i];
        plan_entry(plan, entry, places);
        if (std::holds_alternative<EmptyFolder>(entry.content)) {
            plan_folders(plan, entry.path.string());
            continue;
        }
        const std::string folder(entry.path.parent());
        plan_folders(plan, folder);
        plan.folders[folder].push_back(i);
    }
    return plan;
}

bool is_sorted(const Layout& layout) {
    return std::is_sorted(layout.entries.begin(), layout.entries.end(),
                          [](const LayoutEntry& a, const LayoutEntry& b) {
                              return a.path.string() < b.path.string();
                          });
}

void plan_entry(Plan& plan, const LayoutEntry& entry, const Places& places) {
    const std::string& path = entry.path.string();
    const EntryKind kind = kind_of(entry);
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        plan.files.push_back({path, kind, object->object, object->size_bytes, {}});
        plan.texts.emplace_back();
        return;
    }
    if (const auto* file = std::get_if<RelocatedFile>(&entry.content)) {
        // Digest and size are those of the object until it is placed.
        plan.files.push_back({path, kind, file->object.object, file->object.size_bytes, {}});
        plan.texts.emplace_back();
        plan.is_told_when_placed = true;
        return;
    }
    if (std::holds_alternative<EmptyFolder>(entry.content)) {
        plan.files.push_back({path, kind, digest_of(entry), 0, {}});
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

/// The paths of all, relative to `root`, itself among them.
std::vector<std::string> make_folders(int root, const Plan& plan) {
    std::vector<std::string> folders = {"."};
    for (const auto& [folder, entries] : plan.folders) {
        if (!folder.empty()) {
            make_folder(root, folder);
            folders.push_back(folder);
        }
    }
    return folders;
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

void place_all(const Job& job, const Placer& placer, const Work& work, int root) {
    const Fd folder = open_folder(root, job.folder.empty() ? "." : job.folder);
    for (const std::size_t i : job.entries) {
        const LayoutEntry& entry = work.request.layout.entries[i];
        if (std::holds_alternative<RelocatedFile>(entry.content)) {
            note(work.files[i], place_relocated(placer, entry, folder.get(), work.places.prefix));
        } else {
            place(placer, entry, work.plan.texts[i], folder.get());
        }
    }
}

void note(RealisedFile& file, PlacedFile placed) {
    file.sha256 = placed.sha256;
    file.size_bytes = placed.size_bytes;
    if (!placed.use.is_none()) {
        file.relocation.placeholder = std::move(placed.use);
    }
}

Fd open_folder(int root, const std::string& path) {
    Fd folder(::openat(root, path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        throw_system_error("cannot open a folder", path, errno);
    }
    return folder;
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

void place_own_files(int root, const PrefixManifest& manifest, const std::string& text) {
    make_folder(root, std::string(own_folder));
    const Fd folder = open_folder(root, std::string(own_folder));
    const RelativePath path = RelativePath::parse(".envpm/manifest.json");
    Placer::place_text(text, {path, GeneratedFile{}, false, {}}, folder.get(),
                       std::string(path.filename()));
    Placer::place_link(short_name(manifest.env), folder.get(), std::string(bytecode_key));
}

void sync_file_system(int folder, const std::filesystem::path& path) {
    if (::syncfs(folder) != 0) {
        throw_system_error("cannot write an environment to disk", path.string(), errno);
    }
}

} // namespace

} // namespace envpm::realize
