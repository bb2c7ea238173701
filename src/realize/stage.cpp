#include "realize/stage.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "base/free_space.h"
#include "realize/environment_files.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"
#include "realize/relocate.h"
#include "realize/relocated_file.h"
#include "realize/task.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace envpm::realize {

namespace {

constexpr std::size_t least_files_of_a_job = 256;
constexpr std::string_view own_folder = ".envpm";

/// Entries of one folder that one task places.
struct Job {
    std::string_view folder; ///< its path, empty for the prefix itself
    std::span<const std::size_t> entries;
};

/// What is decided before anything is written.
struct Plan {
    std::map<std::size_t, RelocatedText> texts; ///< by entry, where it is not the layout's own text
    std::map<std::string, std::vector<std::size_t>> folders; ///< parents before children
    /// By entry, what is only known when it is placed: the relocated files of packages.
    std::map<std::size_t, std::optional<PlacedFile>> placed;
};

/// What the jobs share; each sets what its own entries came to be.
struct Work {
    const Placer& placer;
    const Layout& layout;
    const Places& places;
    Plan& plan;
};

LinkMode fill_folder(const Site& site, const PrefixRequest& request, ThreadPool& pool,
                     Progress& progress);
Plan plan_of(const Layout& layout, const Places& places);
bool is_sorted(const Layout& layout);
void plan_entry(Plan& plan, std::size_t index, const LayoutEntry& entry, const Places& places);
std::vector<std::size_t>& plan_folders(Plan& plan, const std::string& folder);
const std::string& text_of(const Layout& layout, const Plan& plan, std::size_t index);
RealisedFile realised_file(const Layout& layout, const Plan& plan, std::size_t index);
std::vector<Job> jobs_of(const Plan& plan, std::size_t threads);
std::vector<std::string> make_folders(int root, const Plan& plan, ThreadPool& pool);
void make_level(int root, const std::vector<std::string>& level, ThreadPool& pool);
std::string_view parent_of(std::string_view path);
void make_folder(int parent, const std::string& name, const std::string& path);
void finish_folder(int root, const std::string& path);
void place_all(const Job& job, const Work& work, int root);
Fd open_folder(int root, const std::string& path);
void place(const Work& work, std::size_t index, int folder);
void place_own_files(int root, const PrefixManifest& head, const Layout& layout, const Plan& plan);
void place_manifest(int folder, const PrefixManifest& head, const Layout& layout, const Plan& plan);
Space space_for(const Layout& layout, const Plan& plan, LinkMode mode);
Space space_of(const LayoutEntry& entry, LinkMode mode);
void make_durable(int root, const std::filesystem::path& folder, Syncing syncing, ThreadPool& pool);
void sync_each(const std::filesystem::path& folder, ThreadPool& pool);

} // namespace

LinkMode fill(const Site& site, const PrefixRequest& request, ThreadPool& pool,
              Progress& progress) {
    try {
        return fill_folder(site, request, pool, progress);
    } catch (Error& failure) {
        if (!failure.text().subject.starts_with('/')) { // then which disk it is shows here
            failure.add_context(fmt::format("while making `{}`", site.prefix.string()));
        }
        throw;
    }
}

namespace {

LinkMode fill_folder(const Site& site, const PrefixRequest& request, ThreadPool& pool,
                     Progress& progress) {
    const Places places = places_of(site.prefix, request.interpreter);
    Plan plan = plan_of(request.layout, places);
    const Placer placer(site.store, request.link_mode, request.object_check,
                        site.folder.parent_path());
    require_space(space_for(request.layout, plan, placer.mode()),
                  space_left(site.folder.parent_path()), site.folder.parent_path());
    PrefixManifest head{request.env, site.prefix, request.interpreter, request.archives, {}};
    std::sort(head.archives.begin(), head.archives.end());
    make_folder(AT_FDCWD, site.folder.string(), site.folder.string());
    const Fd root = open_file(site.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    TaskGroup beside(pool);
    if (plan.placed.empty()) {
        beside.run([&] { place_own_files(root.get(), head, request.layout, plan); });
    }
    std::vector<std::string> folders = make_folders(root.get(), plan, pool);
    const std::vector<Job> jobs = jobs_of(plan, pool.size());
    {
        Task task(progress, "linking files", request.layout.entries.size());
        parallel_for(pool, jobs.size(), [&](std::size_t i) {
            place_all(jobs[i], {placer, request.layout, places, plan}, root.get());
            task.advance(jobs[i].entries.size());
        });
    }
    beside.wait();
    if (!plan.placed.empty()) {
        place_own_files(root.get(), head, request.layout, plan);
    }
    folders.emplace_back(own_folder);
    parallel_for(pool, folders.size(),
                 [&](std::size_t i) { finish_folder(root.get(), folders[i]); });
    make_durable(root.get(), site.folder, request.syncing, pool);
    return placer.mode();
}

Plan plan_of(const Layout& layout, const Places& places) {
    ENVPM_ASSERT(is_sorted(layout));
    Plan plan;
    std::string_view folder;
    std::vector<std::size_t>* in_folder = &plan.folders[""];
    for (std::size_t i = 0; i < layout.entries.size(); ++i) {
        const LayoutEntry& entry = layout.entries[i];
        plan_entry(plan, i, entry, places);
        if (std::holds_alternative<EmptyFolder>(entry.content)) {
            plan_folders(plan, entry.path.string());
            continue;
        }
        if (entry.path.parent() != folder) {
            folder = entry.path.parent();
            in_folder = &plan_folders(plan, std::string(folder));
        }
        in_folder->push_back(i);
    }
    return plan;
}

bool is_sorted(const Layout& layout) {
    return std::is_sorted(layout.entries.begin(), layout.entries.end(),
                          [](const LayoutEntry& a, const LayoutEntry& b) {
                              return a.path.string() < b.path.string();
                          });
}

void plan_entry(Plan& plan, std::size_t index, const LayoutEntry& entry, const Places& places) {
    if (const auto* link = std::get_if<SymbolicLink>(&entry.content)) {
        plan.texts[index] = {relocate_link(link->target, places), {}};
    } else if (const auto* generated = std::get_if<GeneratedFile>(&entry.content)) {
        RelocatedText relocated = relocate(generated->content, places);
        if (relocated.text != generated->content) {
            plan.texts[index] = std::move(relocated);
        }
    } else if (std::holds_alternative<RelocatedFile>(entry.content)) {
        plan.placed[index] = std::nullopt;
    }
}

/// What is in the folder; those above it are planned too.
std::vector<std::size_t>& plan_folders(Plan& plan, const std::string& folder) {
    std::string above = folder;
    while (plan.folders.try_emplace(above).second) {
        const std::size_t slash = above.rfind('/');
        above.resize(slash == std::string::npos ? 0 : slash);
    }
    return plan.folders[folder];
}

/// What is written, or linked to.
const std::string& text_of(const Layout& layout, const Plan& plan, std::size_t index) {
    const auto found = plan.texts.find(index);
    return found != plan.texts.end()
               ? found->second.text
               : std::get<GeneratedFile>(layout.entries[index].content).content;
}

RealisedFile realised_file(const Layout& layout, const Plan& plan, std::size_t index) {
    const LayoutEntry& entry = layout.entries[index];
    const std::string& path = entry.path.string();
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        return {path, kind_of(entry), object->object, object->size_bytes, {}};
    }
    if (std::holds_alternative<EmptyFolder>(entry.content)) {
        return {path, kind_of(entry), digest_of(entry), 0, {}};
    }
    if (std::holds_alternative<RelocatedFile>(entry.content)) {
        const PlacedFile& placed = plan.placed.at(index).value();
        RealisedFile file{path, kind_of(entry), placed.sha256, placed.size_bytes, {}};
        if (!placed.use.is_none()) {
            file.relocation.placeholder = placed.use;
        }
        return file;
    }
    const std::string& text = text_of(layout, plan, index);
    const auto found = plan.texts.find(index);
    return {path, kind_of(entry), sha256_of(text), text.size(),
            found != plan.texts.end() ? found->second.relocation : Relocation()};
}

/// The system lets one thread at a time change a folder, so a folder is one job, and the largest go
/// first. Cut is only what one core would be busy with when the others are done.
std::vector<Job> jobs_of(const Plan& plan, std::size_t threads) {
    std::size_t files = 0;
    for (const auto& [folder, entries] : plan.folders) {
        files += entries.size();
    }
    const std::size_t most = std::max(least_files_of_a_job, files / threads);
    std::vector<Job> jobs;
    for (const auto& [folder, entries] : plan.folders) {
        std::span<const std::size_t> rest = entries;
        while (!rest.empty()) {
            const auto part = rest.first(std::min(most, rest.size()));
            jobs.push_back({folder, part});
            rest = rest.subspan(part.size());
        }
    }
    std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) {
        return a.entries.size() > b.entries.size();
    });
    return jobs;
}

/// The paths of all, relative to `root`, itself among them. Made level by level, because a folder
/// needs the one above it.
std::vector<std::string> make_folders(int root, const Plan& plan, ThreadPool& pool) {
    std::vector<std::string> folders = {"."};
    std::vector<std::vector<std::string>> levels;
    for (const auto& [folder, entries] : plan.folders) {
        const auto depth = static_cast<std::size_t>(std::count(folder.begin(), folder.end(), '/'));
        levels.resize(std::max(levels.size(), depth + 1));
        if (!folder.empty()) {
            levels[depth].push_back(folder);
        }
    }
    for (std::vector<std::string>& level : levels) {
        make_level(root, level, pool);
        folders.insert(folders.end(), std::make_move_iterator(level.begin()),
                       std::make_move_iterator(level.end()));
    }
    return folders;
}

/// Those of one parent by one thread, as with files. `level` is sorted, so they stand together.
void make_level(int root, const std::vector<std::string>& level, ThreadPool& pool) {
    std::vector<std::span<const std::string>> families;
    std::span<const std::string> rest = level;
    while (!rest.empty()) {
        const std::string_view parent = parent_of(rest.front());
        const auto other = std::find_if(rest.begin(), rest.end(), [parent](const auto& folder) {
            return parent_of(folder) != parent;
        });
        families.push_back(rest.first(static_cast<std::size_t>(other - rest.begin())));
        rest = rest.subspan(families.back().size());
    }
    parallel_for(pool, families.size(), [&](std::size_t i) {
        const std::string_view above = parent_of(families[i].front());
        const Fd parent = open_folder(root, above.empty() ? "." : std::string(above));
        for (const std::string& folder : families[i]) {
            make_folder(parent.get(), folder.substr(folder.rfind('/') + 1), folder);
        }
    });
}

/// Empty for what lies at the root.
std::string_view parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return path.substr(0, slash == std::string_view::npos ? 0 : slash);
}

/// `path` is within the prefix, for the error.
void make_folder(int parent, const std::string& name, const std::string& path) {
    if (::mkdirat(parent, name.c_str(), 0755) != 0) {
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

void place_all(const Job& job, const Work& work, int root) {
    const Fd folder = open_folder(root, job.folder.empty() ? "." : std::string(job.folder));
    for (const std::size_t entry : job.entries) {
        place(work, entry, folder.get());
    }
}

Fd open_folder(int root, const std::string& path) {
    Fd folder(::openat(root, path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        throw_system_error("cannot open a folder", path, errno);
    }
    return folder;
}

void place(const Work& work, std::size_t index, int folder) {
    const LayoutEntry& entry = work.layout.entries[index];
    const std::string name(entry.path.filename());
    if (std::holds_alternative<ObjectFile>(entry.content)) {
        work.placer.place_object(entry, folder, name);
    } else if (std::holds_alternative<RelocatedFile>(entry.content)) {
        work.plan.placed.at(index) =
            place_relocated(work.placer, entry, folder, work.places.prefix);
    } else if (std::holds_alternative<GeneratedFile>(entry.content)) {
        Placer::place_text(text_of(work.layout, work.plan, index), entry, folder, name);
    } else {
        Placer::place_link(text_of(work.layout, work.plan, index), folder, name);
    }
}

void place_own_files(int root, const PrefixManifest& head, const Layout& layout, const Plan& plan) {
    make_folder(root, std::string(own_folder), std::string(own_folder));
    const Fd folder = open_folder(root, std::string(own_folder));
    place_manifest(folder.get(), head, layout, plan);
    Placer::place_link(short_name(head.env), folder.get(), std::string(bytecode_key));
}

void place_manifest(int folder, const PrefixManifest& head, const Layout& layout,
                    const Plan& plan) {
    constexpr std::size_t part_bytes = 64U << 10U;
    const RelativePath path = RelativePath::parse(".envpm/manifest.json");
    ManifestText text(head);
    std::size_t next = 0;
    const auto next_part = [&] {
        const std::size_t last = layout.entries.size();
        for (; next < last && text.size_bytes() < part_bytes; ++next) {
            text.add(realised_file(layout, plan, next));
        }
        if (next == last) {
            text.end();
            ++next;
        }
        return text.take();
    };
    Placer::place_text(next_part, {path, GeneratedFile{}, false, {}}, folder,
                       std::string(path.filename()));
}

/// Of copies all, of links nothing, of clones the inode.
Space space_for(const Layout& layout, const Plan& plan, LinkMode mode) {
    Space space{0, plan.folders.size()};
    for (const LayoutEntry& entry : layout.entries) {
        const Space more = space_of(entry, mode);
        space.bytes += more.bytes;
        space.files += more.files;
    }
    return space;
}

Space space_of(const LayoutEntry& entry, LinkMode mode) {
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        if (mode == LinkMode::copy || object->becomes_executable || object->is_always_copied) {
            return space_of_file(object->size_bytes);
        }
        return {0, mode == LinkMode::reflink ? 1U : 0U};
    }
    if (const auto* relocated = std::get_if<RelocatedFile>(&entry.content)) {
        return space_of_file(relocated->object.size_bytes);
    }
    if (const auto* generated = std::get_if<GeneratedFile>(&entry.content)) {
        return space_of_file(generated->content.size());
    }
    return {0, 1};
}

void make_durable(int root, const std::filesystem::path& folder, Syncing syncing,
                  ThreadPool& pool) {
    if (syncing == Syncing::file) {
        sync_each(folder, pool);
    } else if (syncing == Syncing::batch) {
        sync_file_system(root, folder);
    }
}

/// Links need none: they are in their folders.
void sync_each(const std::filesystem::path& folder, ThreadPool& pool) {
    std::vector<std::filesystem::path> paths = {folder};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_symlink()) {
            paths.push_back(entry.path());
        }
    }
    parallel_for(pool, paths.size(), [&paths](std::size_t i) {
        const Fd file = open_file(paths[i], O_RDONLY | O_NOFOLLOW);
        if (::fsync(file.get()) != 0) {
            throw_system_error("cannot write an environment to disk", paths[i].string(), errno);
        }
    });
}

} // namespace

} // namespace envpm::realize
